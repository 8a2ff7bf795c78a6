package io.winnow.models.ranker;

import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;

/**
 * How a ranker sees what the user did: by relations between a candidate and each event of the
 * history. Relations, not the vectors themselves: the encoder that makes the vectors goes on
 * learning after the ranker has learnt, which moves coordinates but hardly cosines.
 *
 * <p>R relations, each of the order of 1: {@code present} (1; 0 is padding), {@code same_item},
 * {@code cosine} of the two items' vectors, {@code overlap} of their attributes (Jaccard), {@code
 * age} = (ln(1 + seconds) − 9) / 3 (a minute −1.6, a day 0.8, a year 2.8), {@code distance} = ln(1
 * + how many events came after) − 1.5, {@code value} = ±ln(1 + |value|) of the event (0 if it has
 * none), and 1 for the event's type.
 *
 * @param eventTypes names, in the order of the last columns
 * @param length how many of the newest events are looked at, 1 to {@value #MAX_LENGTH}
 */
public record HistorySpec(List<String> eventTypes, int length) {
  /** The most events that a ranker looks at. */
  public static final int MAX_LENGTH = 200;

  static final int PRESENT = 0;
  static final int SAME_ITEM = 1;
  static final int COSINE = 2;
  static final int OVERLAP = 3;
  static final int AGE = 4;
  static final int DISTANCE = 5;
  static final int VALUE = 6;
  static final int TYPES = 7;

  /** Checks the length. */
  public HistorySpec {
    eventTypes = List.copyOf(eventTypes);
    if (length < 1 || length > MAX_LENGTH) {
      throw WinnowException.invalid("history.length", length, "1 to " + MAX_LENGTH);
    }
  }

  /** R, how many columns a relation has. */
  public int columns() {
    return TYPES + eventTypes.size();
  }

  /** The columns' names. */
  public List<String> names() {
    List<String> names =
        new ArrayList<>(
            List.of("present", "same_item", "cosine", "overlap", "age", "distance", "value"));
    eventTypes.forEach(type -> names.add("type=" + type));
    return names;
  }
}
