package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import org.apache.commons.numbers.gamma.LogGamma;
import org.apache.commons.statistics.distribution.ChiSquaredDistribution;

/**
 * Whether the arms have the units they should have. Where they do not, some units were lost or
 * counted twice in one arm, and no effect of that experiment can be trusted (Fabijan et al.,
 * Diagnosing sample ratio mismatch in online controlled experiments, KDD 2019).
 *
 * @param chiSquare Pearson's Σ (observed − expected)²/expected
 * @param degreesOfFreedom arms − 1
 * @param pValue of 'as planned'
 */
public record SampleRatio(double chiSquare, int degreesOfFreedom, double pValue) {
  /** Below this p-value there is an alarm. */
  public static final double ALARM_BELOW = 0.001;

  /**
   * Of the prior of {@link #alwaysValidPValue}, in units: shares differ from plan by some 1.5 %.
   */
  private static final double PRIOR_UNITS = 1000;

  /**
   * The chi-square test for one look. Without units there is nothing amiss. Under daily looks its
   * false alarms add up; then {@link #alwaysValidPValue} is the one to ask.
   *
   * @param units by arm, each >= 0
   * @param weights by arm, each > 0, of any sum; as many as arms, at least two
   */
  public static SampleRatio test(long[] units, double[] weights) {
    double weightSum = requireArms(units, weights);
    double total = total(units);
    double chiSquare = 0;
    for (int arm = 0; total > 0 && arm < units.length; arm++) {
      double expected = total * (weights[arm] / weightSum);
      chiSquare += (units[arm] - expected) * (units[arm] - expected) / expected;
    }
    int degrees = units.length - 1;
    return new SampleRatio(
        chiSquare, degrees, ChiSquaredDistribution.of(degrees).survivalProbability(chiSquare));
  }

  /** Whether the p-value is below {@value #ALARM_BELOW}. */
  public boolean alarm() {
    return pValue < ALARM_BELOW;
  }

  /**
   * A p-value that holds however often the counts are looked at: 1 over the likelihood ratio of the
   * counts under a Dirichlet prior around the planned shares θ and under θ itself,
   *
   * <pre>Λ = B(κθ + n)/B(κθ) / Π θ_i^{n_i},  κ = 1000</pre>
   *
   * a martingale with mean 1 while units arrive as planned (Lindon, Malek, Anytime-valid inference
   * for multinomial count data, NeurIPS 2022). It may rise again; an alarm that was raised stands.
   *
   * @param units see {@link #test}
   * @param weights see {@link #test}
   */
  public static double alwaysValidPValue(long[] units, double[] weights) {
    double weightSum = requireArms(units, weights);
    double logRatio = LogGamma.value(PRIOR_UNITS) - LogGamma.value(PRIOR_UNITS + total(units));
    for (int arm = 0; arm < units.length; arm++) {
      double share = weights[arm] / weightSum;
      double prior = PRIOR_UNITS * share;
      logRatio +=
          LogGamma.value(prior + units[arm]) - LogGamma.value(prior) - units[arm] * Math.log(share);
    }
    return Math.min(1, Math.exp(-logRatio));
  }

  private static double total(long[] units) {
    double total = 0;
    for (long count : units) {
      total += count;
    }
    return total;
  }

  private static double requireArms(long[] units, double[] weights) {
    if (units.length < 2 || weights.length != units.length) {
      throw WinnowException.invalid(
          "weights", weights.length, "as many as arms " + units.length + ", at least two");
    }
    double sum = 0;
    for (int arm = 0; arm < units.length; arm++) {
      if (units[arm] < 0) {
        throw WinnowException.invalid("units[" + arm + "]", units[arm], ">= 0");
      }
      if (!(weights[arm] > 0 && weights[arm] < Double.POSITIVE_INFINITY)) {
        throw WinnowException.invalid("weights[" + arm + "]", weights[arm], "a finite number > 0");
      }
      sum += weights[arm];
    }
    return sum;
  }
}
