package io.winnow.models.linear;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import java.util.ArrayList;
import java.util.List;

/** Collects every problem of a config record before refusing it, and refuses bad input. */
final class Checks {
  private final List<Problem> problems = new ArrayList<>();

  /** Notes a problem unless the value is within the range; NaN never is. */
  Checks range(String field, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      problems.add(new Problem(field, String.valueOf(value), plain(least) + " to " + plain(most)));
    }
    return this;
  }

  /** Refuses interactions that name an item outside of the catalogue. */
  static void items(Interactions interactions) {
    for (int item : interactions.items()) {
      if (item < 0 || item >= interactions.itemCount()) {
        throw WinnowException.invalid("items", item, "0 to " + (interactions.itemCount() - 1));
      }
    }
  }

  /** Throws if there were any. */
  void done() {
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.valueOf((long) value)
        : String.valueOf(value);
  }
}
