package io.winnow.core.application;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;

/** Gathers what is wrong with a file, so that all of it is told at once. */
final class Problems {
  private static final int MAX = 200;

  private final List<Problem> list = new ArrayList<>();

  /**
   * Notes a problem, once; beyond {@value #MAX} they are dropped, which no reader will miss.
   * Passwords in addresses are taken out.
   */
  void add(String field, String value, String expectation, String location) {
    Problem problem =
        new Problem(Credentials.mask(field), Credentials.mask(value), expectation, location);
    if (list.size() < MAX && !list.contains(problem)) {
      list.add(problem);
    }
  }

  /** Throws if there is any. */
  void throwIfAny() {
    if (!list.isEmpty()) {
      throw WinnowException.invalid(list);
    }
  }
}
