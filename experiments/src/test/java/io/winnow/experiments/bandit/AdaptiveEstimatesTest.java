package io.winnow.experiments.bandit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.bandit.AdaptiveEstimates.Weighting;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class AdaptiveEstimatesTest {
  private static final List<Period> PERIODS =
      List.of(
          new Period(List.of(0.5, 0.5), List.of(ArmSums.of(1, 2, 3, 2), ArmSums.of(2, 4, 3))),
          new Period(List.of(0.7, 0.3), List.of(ArmSums.of(2, 1, 2, 3, 2), ArmSums.of(5, 3))),
          new Period(List.of(0.9, 0.1), List.of(ArmSums.of(1, 2, 2, 3, 1, 2), ArmSums.of(4))));

  /** The expected numbers are numpy's, from scores of single units. */
  @Test
  void mean_threePeriods_agreesWithNumpy() {
    Adaptive uniform = AdaptiveEstimates.mean(PERIODS, 0, 0.95);
    assertEquals(1.947089947089947, uniform.estimate(), 1e-12);
    assertEquals(0.18884148176718257, uniform.standardError(), 1e-12);
    assertEquals(uniform.estimate() + 1.959963984540054 * uniform.standardError(), uniform.high());
    Adaptive stabilised = AdaptiveEstimates.mean(PERIODS, 0, Weighting.STABILISED, 0.95);
    assertEquals(1.9395836850914137, stabilised.estimate(), 1e-12);
    assertEquals(0.18236292555253744, stabilised.standardError(), 1e-12);
    Adaptive other = AdaptiveEstimates.mean(PERIODS, 1, Weighting.STABILISED, 0.95);
    assertEquals(3.5850735822910327, other.estimate(), 1e-12);
    assertEquals(0.40981225065735644, other.standardError(), 1e-12);
  }

  @Test
  void difference_threePeriods_agreesWithNumpy() {
    Adaptive uniform = AdaptiveEstimates.difference(PERIODS, 1, 0, 0.95);
    assertEquals(1.7894179894179896, uniform.estimate(), 1e-12);
    assertEquals(0.4712887567749354, uniform.standardError(), 1e-12);
    Adaptive stabilised = AdaptiveEstimates.difference(PERIODS, 1, 0, Weighting.STABILISED, 0.95);
    assertEquals(1.684436721154899, stabilised.estimate(), 1e-12);
    assertEquals(0.4687071547864205, stabilised.standardError(), 1e-12);
    assertEquals(
        -uniform.estimate(), AdaptiveEstimates.difference(PERIODS, 0, 1, 0.95).estimate(), 1e-12);
  }

  @Test
  void difference_armsWithoutVariance_isNotSure() {
    List<Period> periods =
        List.of(
            new Period(List.of(0.5, 0.5), List.of(ArmSums.of(0, 0, 0, 0), ArmSums.of(1, 1, 1, 1))));
    Adaptive numbers = AdaptiveEstimates.difference(periods, 1, 0, 0.95);
    assertEquals(1, numbers.estimate());
    assertEquals(Double.POSITIVE_INFINITY, numbers.standardError());
    assertEquals(1, numbers.p());
    assertEquals(
        Double.POSITIVE_INFINITY, AdaptiveEstimates.mean(periods, 0, 0.95).standardError());
    Adaptive conversions =
        AdaptiveEstimates.difference(
            periods, 1, 0, Weighting.UNIFORM, AdaptiveEstimates.Values.CONVERSIONS, 0.95);
    // One more of each: 1/6 · 5/6 for every unit, over the square of the share.
    assertEquals(Math.sqrt(8 * (1 / 6.0 * (5 / 6.0)) * 4) / 8, conversions.standardError(), 1e-12);
  }

  @Test
  void mean_sharesFollowTheData_isUnbiasedWhereThePlainMeanIsNot() {
    double truth = 1;
    int experiments = 1_500;
    double[] errors = new double[experiments];
    double[] plain = new double[experiments];
    int covered = 0;
    int differenceCovered = 0;
    for (int experiment = 0; experiment < experiments; experiment++) {
      List<Period> periods = experiment(new Seed(experiment).generator("bandit"), truth);
      Adaptive mean = AdaptiveEstimates.mean(periods, 0, 0.95);
      errors[experiment] = mean.estimate() - truth;
      plain[experiment] = AdaptiveEstimates.pooledMean(periods, 0) - truth;
      covered += mean.low() <= truth && truth <= mean.high() ? 1 : 0;
      Adaptive difference = AdaptiveEstimates.difference(periods, 0, 1, 0.95);
      differenceCovered += difference.low() <= 0 && 0 <= difference.high() ? 1 : 0;
    }
    assertTrue(Math.abs(inDeviations(errors)) < 4, "bias " + inDeviations(errors));
    assertTrue(inDeviations(plain) < -4, "the plain mean's bias " + inDeviations(plain));
    assertEquals(0.95, (double) covered / experiments, 0.02);
    assertEquals(0.95, (double) differenceCovered / experiments, 0.02);
  }

  /** Two equal arms, ten periods of 100 units. */
  private static List<Period> experiment(RandomGenerator random, double truth) {
    List<Period> periods = new ArrayList<>();
    List<ArmSums> totals = new ArrayList<>(Collections.nCopies(2, ArmSums.NONE));
    for (int t = 0; t < 10; t++) {
      List<Double> shares = ThompsonSampling.shares(totals, Likelihood.NORMAL, 0.1);
      List<ArmSums> arms = new ArrayList<>(Collections.nCopies(2, ArmSums.NONE));
      for (int u = 0; u < 100; u++) {
        int arm = random.nextDouble() < shares.get(0) ? 0 : 1;
        arms.set(arm, arms.get(arm).plus(ArmSums.of(truth + random.nextGaussian())));
      }
      for (int arm = 0; arm < 2; arm++) {
        totals.set(arm, totals.get(arm).plus(arms.get(arm)));
      }
      periods.add(new Period(shares, arms));
    }
    return periods;
  }

  private static double inDeviations(double[] errors) {
    ArmSums sums = ArmSums.of(errors);
    double variance = sums.deviations(sums.mean()) / (sums.n() - 1);
    return sums.mean() / Math.sqrt(variance / sums.n());
  }

  @Test
  void mean_badInput_namesField() {
    assertEquals("periods", field(List.of(), 0, 0.95));
    assertEquals("arm", field(PERIODS, 2, 0.95));
    assertEquals("confidence", field(PERIODS, 0, 0));
    Period empty = new Period(List.of(0.5, 0.5), List.of(ArmSums.NONE, ArmSums.of(1)));
    assertEquals("periods[0].arms[0].n", field(List.of(empty), 0, 0.95));
    assertEquals(
        "shares",
        assertThrows(
                WinnowException.class,
                () -> new Period(List.of(0.5, 0.4), List.of(ArmSums.NONE, ArmSums.NONE)))
            .problems()
            .getFirst()
            .field());
  }

  private static String field(List<Period> periods, int arm, double confidence) {
    return assertThrows(
            WinnowException.class, () -> AdaptiveEstimates.mean(periods, arm, confidence))
        .problems()
        .getFirst()
        .field();
  }
}
