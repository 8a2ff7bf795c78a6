package io.winnow.models;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;

/** Checks of a configuration's numbers that collect every problem before they refuse. */
public final class Ranges {
  private final List<Problem> problems = new ArrayList<>();

  /** Notes a value outside {@code low … high}, NaN included. */
  public Ranges check(String field, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      problems.add(new Problem(field, Double.toString(value), low + " to " + high));
    }
    return this;
  }

  /** Notes a problem of another kind unless {@code holds}. */
  public Ranges require(boolean holds, String field, Object value, String expectation) {
    if (!holds) {
      problems.add(new Problem(field, String.valueOf(value), expectation));
    }
    return this;
  }

  /**
   * Ends the checks.
   *
   * @throws WinnowException INVALID_ARGUMENT with every problem, if there is one
   */
  public void refuse() {
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }
}
