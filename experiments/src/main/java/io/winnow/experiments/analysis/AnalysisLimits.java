package io.winnow.experiments.analysis;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;

/**
 * What an analysis may hold in memory. Where a bound is met, the analysis goes on with a sample of
 * the units, chosen by a hash, and the report says so.
 *
 * @param units most units; some 100 bytes each, and 32 more for each metric
 * @param requests most requests of session units, 24 bytes each
 * @param values most values of events for each quantile metric, 8 bytes each
 * @param unitDays most pairs of a unit and a day on which it did something, 40 bytes each
 * @param showings most showings that wait for their outcomes, some 150 bytes each; more within one
 *     window of outcomes are refused
 * @param entities most counted pairs of an item (or group) and a part of the units, 24 bytes each;
 *     beyond it the metric is not computed
 */
public record AnalysisLimits(
    int units, int requests, int values, int unitDays, int showings, int entities) {
  /** For a process with a gigabyte to spare. */
  public static final AnalysisLimits DEFAULT =
      new AnalysisLimits(2_000_000, 10_000_000, 4_000_000, 4_000_000, 2_000_000, 8_000_000);

  /** Checks that every bound leaves room for something. */
  public AnalysisLimits {
    List<Problem> problems = new ArrayList<>();
    check(problems, "units", units);
    check(problems, "requests", requests);
    check(problems, "values", values);
    check(problems, "unit_days", unitDays);
    check(problems, "showings", showings);
    check(problems, "entities", entities);
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  private static void check(List<Problem> problems, String field, int value) {
    if (value < 2) {
      problems.add(new Problem(field, String.valueOf(value), ">= 2"));
    }
  }
}
