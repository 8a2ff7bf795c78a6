package io.winnow.experiments.offpolicy;

import io.winnow.core.WinnowException;
import java.util.List;

/**
 * A request whose slate was shown.
 *
 * @param unit whose it is: requests of one unit (user) are not independent
 * @param expected a model's expectation of the reward of the candidate's whole slate; 0 without a
 *     model
 * @param slots from the first place on, at least one
 */
public record LoggedRequest(long unit, double expected, List<LoggedSlot> slots) {
  /** Copies the list and checks it. */
  public LoggedRequest {
    slots = List.copyOf(slots);
    if (slots.isEmpty()) {
      throw WinnowException.invalid("slots", "none", "at least one");
    }
    if (!Double.isFinite(expected)) {
      throw WinnowException.invalid("expected", expected, "a finite number");
    }
  }
}
