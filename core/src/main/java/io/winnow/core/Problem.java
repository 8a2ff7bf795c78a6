package io.winnow.core;

/**
 * One thing that is wrong with an input: which field, what it holds, what was expected.
 *
 * @param field the path of the field, such as {@code features.user.watches_1h} or {@code n}
 * @param value what it holds, shortened if long
 * @param expectation what it should hold, such as {@code 1 to 100}
 * @param location where the input says so, such as {@code winnow.yaml:7}; empty if there is no such
 *     place
 */
public record Problem(String field, String value, String expectation, String location) {
  private static final int MAX_VALUE_LENGTH = 120;

  /** Shortens a long value. */
  public Problem {
    if (value.length() > MAX_VALUE_LENGTH) {
      value = value.substring(0, MAX_VALUE_LENGTH) + "…";
    }
  }

  /** A problem of an input without lines, such as a request. */
  public Problem(String field, String value, String expectation) {
    this(field, value, expectation, "");
  }

  @Override
  public String toString() {
    String place = location.isEmpty() ? "" : location + ": ";
    return place + field + ": " + value + " (expected: " + expectation + ")";
  }
}
