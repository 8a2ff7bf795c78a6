package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;

/**
 * A closed interval of numbers; an end may be infinite.
 *
 * @param low the lower end
 * @param high the upper end, >= low
 */
public record Interval(double low, double high) {
  /** All numbers: nothing is known. */
  public static final Interval EVERYTHING =
      new Interval(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);

  /** Checks the order of the ends. */
  public Interval {
    if (!(low <= high)) {
      throw WinnowException.invalid("low", low, "<= high " + high);
    }
  }

  /** {@code centre ± margin}; everything where the margin is infinite or not a number. */
  static Interval around(double centre, double margin) {
    return margin < Double.POSITIVE_INFINITY
        ? new Interval(centre - margin, centre + margin)
        : EVERYTHING;
  }

  /** Whether a number lies in it, ends included. */
  public boolean contains(double value) {
    return low <= value && value <= high;
  }

  /** Whether both ends are finite. */
  public boolean isFinite() {
    return Double.isFinite(low) && Double.isFinite(high);
  }

  /** The distance of the ends. */
  public double width() {
    return high - low;
  }
}
