package io.winnow.experiments.bandit;

import io.winnow.core.WinnowException;

/**
 * What is known of a metric in one arm.
 *
 * @param n how many units
 * @param sum of their values
 * @param sumOfSquares of their values; at least {@code sum² / n}
 */
public record ArmSums(long n, double sum, double sumOfSquares) {
  /** Nobody. */
  public static final ArmSums NONE = new ArmSums(0, 0, 0);

  private static final double ROUNDING = 1e-9;

  /** Checks that values could have these sums. */
  public ArmSums {
    if (n < 0) {
      throw WinnowException.invalid("n", n, ">= 0");
    }
    if (!Double.isFinite(sum) || (n == 0 && sum != 0)) {
      throw WinnowException.invalid("sum", sum, "a finite number, 0 if n is 0");
    }
    double least = n == 0 ? 0 : sum * sum / n;
    if (!(sumOfSquares >= least * (1 - ROUNDING) && sumOfSquares < Double.POSITIVE_INFINITY)) {
      throw WinnowException.invalid("sumOfSquares", sumOfSquares, ">= sum² / n = " + least);
    }
  }

  /** The sums of some values. */
  public static ArmSums of(double... values) {
    double sum = 0;
    double squares = 0;
    for (double value : values) {
      sum += value;
      squares += value * value;
    }
    return new ArmSums(values.length, sum, squares);
  }

  /** Both together. */
  public ArmSums plus(ArmSums other) {
    return new ArmSums(n + other.n, sum + other.sum, sumOfSquares + other.sumOfSquares);
  }

  /** The mean; n is at least 1. */
  double mean() {
    return sum / n;
  }

  /** The sum of squared deviations from a number. */
  double deviations(double from) {
    return Math.max(0, sumOfSquares - 2 * from * sum + n * from * from);
  }
}
