package io.winnow.experiments.statistics;

import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Student's t beside the normal distribution: a t is turned into the z with the same tail, so that
 * every test and boundary of this package is written for z and still holds for few units (Jennison,
 * Turnbull, Group Sequential Methods, 2000, 3.8: the significance-level approach).
 */
final class Student {
  /** From here the two differ by less than 1e-6 within ±5. */
  private static final double AS_GOOD_AS_NORMAL = 1e8;

  private Student() {}

  /** The z with the same tail probability as t. */
  static double normalScore(double t, double degreesOfFreedom) {
    if (degreesOfFreedom > AS_GOOD_AS_NORMAL || t == 0) {
      return t;
    }
    double tail = TDistribution.of(degreesOfFreedom).survivalProbability(Math.abs(t));
    return Math.copySign(Normal.inverseSurvival(Math.max(tail, Double.MIN_NORMAL)), t);
  }

  /** The t with the same tail probability as z; infinite for an infinite z. */
  static double critical(double z, double degreesOfFreedom) {
    if (degreesOfFreedom > AS_GOOD_AS_NORMAL || Double.isInfinite(z)) {
      return z;
    }
    double tail = Normal.survival(z);
    return tail < Double.MIN_NORMAL
        ? Double.POSITIVE_INFINITY
        : TDistribution.of(degreesOfFreedom).inverseSurvivalProbability(tail);
  }
}
