package io.winnow.experiments.statistics;

/** Arms of tests. */
final class Arms {
  /**
   * Two small arms of a ratio metric with a time before: numerator, denominator, and both before.
   */
  static final double[][] CONTROL = {
    {3, 0, 1, 7, 2, 5, 0, 4},
    {10, 2, 5, 20, 9, 11, 1, 16},
    {2, 1, 0, 9, 1, 6, 0, 3},
    {8, 3, 0, 25, 5, 14, 0, 12}
  };

  static final double[][] TREATMENT = {
    {1, 2, 0, 6, 3, 1, 8},
    {4, 9, 3, 14, 10, 6, 17},
    {0, 2, 1, 5, 4, 0, 9},
    {2, 7, 4, 12, 11, 0, 20}
  };

  private Arms() {}

  static Moments ratio(double[][] columns) {
    UnitMoments moments = new UnitMoments();
    for (int i = 0; i < columns[0].length; i++) {
      moments.add(new UnitTotals(columns[0][i], columns[1][i], columns[2][i], columns[3][i]));
    }
    return moments.snapshot();
  }

  /** The same units with denominators 1. */
  static Moments mean(double[][] columns) {
    UnitMoments moments = new UnitMoments();
    for (int i = 0; i < columns[0].length; i++) {
      moments.add(new UnitTotals(columns[0][i], 1, columns[2][i], 1));
    }
    return moments.snapshot();
  }

  static Moments means(double... values) {
    UnitMoments moments = new UnitMoments();
    for (double value : values) {
      moments.add(UnitTotals.mean(value));
    }
    return moments.snapshot();
  }
}
