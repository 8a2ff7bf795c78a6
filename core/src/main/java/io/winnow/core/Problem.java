package io.winnow.core;

/**
 * One thing that is wrong with an input: which field, what it holds, what was expected.
 *
 * @param field the path of the field, such as {@code features.user.watches_1h} or {@code n}
 * @param value what it holds, shortened if long
 * @param expectation what it should hold, such as {@code 1 to 100}
 */
public record Problem(String field, String value, String expectation) {
  private static final int MAX_VALUE_LENGTH = 120;

  /** Shortens a long value. */
  public Problem {
    if (value.length() > MAX_VALUE_LENGTH) {
      value = value.substring(0, MAX_VALUE_LENGTH) + "…";
    }
  }

  @Override
  public String toString() {
    return field + ": " + value + " (expected: " + expectation + ")";
  }
}
