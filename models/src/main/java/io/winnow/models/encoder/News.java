package io.winnow.models.encoder;

import io.winnow.core.WinnowException;
import java.util.Arrays;

/**
 * What is new to an encoder that goes on learning: the events that its previous training did not
 * see. It learns from those, with what came before as context, and from a share of the rest, so
 * that it does not forget. Owns its array.
 *
 * @param known how many of each user's events, from the oldest on, the previous training saw, shape
 *     (users)
 * @param rehearsal the share of all other sequences that an epoch learns from as well, 0 to 1
 */
public record News(int[] known, double rehearsal) {
  /** Checks the range. */
  public News {
    if (!(rehearsal >= 0 && rehearsal <= 1)) {
      throw WinnowException.invalid("rehearsal", rehearsal, "0 to 1");
    }
  }

  /** How many events are known in all. */
  long knownEvents() {
    return Arrays.stream(known).asLongStream().sum();
  }
}
