package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;

/**
 * What one unit of an experiment (mostly a user) did so far, for one metric.
 *
 * <p>A metric is the ratio of two sums over units. A mean by unit is the ratio whose denominator is
 * 1 for each unit; a conversion is a mean of zeros and ones.
 *
 * @param numerator such as the unit's clicks since it met the experiment
 * @param denominator such as its slates; 1 for a mean by unit; >= 0
 * @param preNumerator the same as {@code numerator} in the window before the unit met the
 *     experiment; 0 for a unit that was not there
 * @param preDenominator the same as {@code denominator} in that window; 1 for a mean by unit,
 *     whether or not it was there; >= 0
 */
public record UnitTotals(
    double numerator, double denominator, double preNumerator, double preDenominator) {
  /** Checks that every total is finite and no denominator negative. */
  public UnitTotals {
    requireFinite("numerator", numerator);
    requireDenominator("denominator", denominator);
    requireFinite("preNumerator", preNumerator);
    requireDenominator("preDenominator", preDenominator);
  }

  /** Totals of a metric that is a mean by unit, without a time before. */
  public static UnitTotals mean(double value) {
    return new UnitTotals(value, 1, 0, 1);
  }

  /** Totals of a metric that is a ratio of sums, without a time before. */
  public static UnitTotals ratio(double numerator, double denominator) {
    return new UnitTotals(numerator, denominator, 0, 0);
  }

  private static void requireFinite(String field, double value) {
    if (!Double.isFinite(value)) {
      throw WinnowException.invalid(field, value, "a finite number");
    }
  }

  private static void requireDenominator(String field, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw WinnowException.invalid(field, value, "a finite number >= 0");
    }
  }
}
