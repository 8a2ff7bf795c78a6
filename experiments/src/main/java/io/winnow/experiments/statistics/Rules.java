package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.List;

/** What all monitoring rules ask of their input. */
final class Rules {
  private Rules() {}

  static void requireAlpha(double alpha) {
    if (!(alpha > 0 && alpha < 1)) {
      throw WinnowException.invalid("alpha", alpha, "above 0 and below 1");
    }
  }

  static void requireLooks(List<Look> looks) {
    if (looks.size() > MonitoringRule.LOOKS_MAX) {
      throw WinnowException.invalid("looks", looks.size(), "<= " + MonitoringRule.LOOKS_MAX);
    }
    for (int i = 0; i < looks.size() - 1; i++) {
      if (looks.get(i).last()) {
        throw WinnowException.invalid(
            "looks[" + i + "].last", true, "only the last of " + looks.size() + " looks is it");
      }
    }
  }
}
