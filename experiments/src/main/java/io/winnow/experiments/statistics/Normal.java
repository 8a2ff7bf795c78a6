package io.winnow.experiments.statistics;

import org.apache.commons.statistics.distribution.NormalDistribution;

/** The standard normal distribution, and what is defined by it. */
final class Normal {
  private static final NormalDistribution STANDARD = NormalDistribution.of(0, 1);

  private Normal() {}

  /** P(Z > z). */
  static double survival(double z) {
    return STANDARD.survivalProbability(z);
  }

  /** P(Z <= z). */
  static double cumulative(double z) {
    return STANDARD.cumulativeProbability(z);
  }

  /** The z with P(Z > z) = p; infinite at 0. */
  static double inverseSurvival(double p) {
    return STANDARD.inverseSurvivalProbability(p);
  }

  /** The z with P(|Z| > z) = p. */
  static double twoSidedCritical(double p) {
    return inverseSurvival(p / 2);
  }

  /** P(|Z| > |z|). */
  static double twoSided(double z) {
    return Math.min(1, 2 * survival(Math.abs(z)));
  }

  /** P(a < Z < b), without cancellation where both lie in one tail. */
  static double between(double a, double b) {
    return a > 0 ? survival(a) - survival(b) : cumulative(b) - cumulative(a);
  }
}
