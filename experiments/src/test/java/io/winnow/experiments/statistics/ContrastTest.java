package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Numbers without another source are from numpy and scipy, by the formula that is given. */
final class ContrastTest {
  private static final double Z = Contrast.critical(0.05);
  private static final double[] A = {5, 6, 7, 5, 8, 6, 7, 9, 6, 5};
  private static final double[] B = {7, 9, 6, 8, 10, 7, 9, 8, 11};

  private static Contrast ofMeans(double[] control, double[] treatment) {
    return new Contrast(Estimate.ratio(Arms.means(control)), Estimate.ratio(Arms.means(treatment)));
  }

  @Test
  void ratio_twoArms_hasTheDeltaMethodsError() {
    // r = y.mean() / z.mean(); e = (y - r * z) / z.mean(); e.std(ddof=1) / sqrt(len(e))
    Estimate control = Estimate.ratio(Arms.ratio(Arms.CONTROL));
    assertEquals(0.2972972972972973, control.value(), 1e-15);
    assertEquals(0.03482650690223949, control.standardError(), 1e-15);
    Estimate treatment = Estimate.ratio(Arms.ratio(Arms.TREATMENT));
    assertEquals(0.3333333333333333, treatment.value(), 1e-15);
    assertEquals(0.055408388262451536, treatment.standardError(), 1e-15);
  }

  @Test
  void pValue_fewUnits_isWelchs() {
    Contrast contrast = ofMeans(A, B);
    // scipy.stats.ttest_ind(b, a, equal_var=False)
    assertEquals(0.011639965869473592, contrast.pValue(), 1e-12);
    assertEquals(15.868612312709274, contrast.degreesOfFreedom(), 1e-10);
    // norm.isf(p / 2)
    assertEquals(2.5228753324368527, contrast.z(), 1e-10);
    Interval interval = contrast.differenceInterval(Z);
    assertEquals(0.49457548836912446, interval.low(), 1e-9);
    assertEquals(3.3720911781975427, interval.high(), 1e-9);
  }

  @Test
  void liftInterval_clearControl_isFiellers() {
    // The roots of (T - r*C)**2 - t**2 * (st2 + r*r * sc2) by scipy.optimize.brentq, less 1
    Interval interval = ofMeans(A, B).liftInterval(Z);
    assertEquals(0.0708378530560716, interval.low(), 1e-9);
    assertEquals(0.5865286659907258, interval.high(), 1e-9);
  }

  @Test
  void liftInterval_anyArms_containsZeroWhereTheDifferencesDoes() {
    RandomGenerator random = new Seed(3).generator("fieller");
    int excluded = 0;
    for (int i = 0; i < 2000; i++) {
      Contrast contrast =
          new Contrast(
              new Estimate(1, 0.05 + 0.3 * random.nextDouble(), 2 + random.nextInt(50)),
              new Estimate(
                  3 * random.nextDouble(),
                  0.05 + 0.3 * random.nextDouble(),
                  2 + random.nextInt(50)));
      Interval lift = contrast.liftInterval(Z);
      if (lift.isFinite()) {
        assertEquals(contrast.differenceInterval(Z).contains(0), lift.contains(0));
        assertTrue(lift.contains(contrast.lift().orElseThrow()));
        excluded += lift.contains(0) ? 0 : 1;
      }
    }
    assertTrue(excluded > 100, "excluded " + excluded);
  }

  @Test
  void liftInterval_controlNearZero_isEverything() {
    Contrast contrast = new Contrast(new Estimate(1, 0.6, 1000), new Estimate(5, 0.5, 1000));
    assertEquals(Interval.EVERYTHING, contrast.liftInterval(Z));
    assertFalse(contrast.differenceInterval(Z).contains(0));
    Contrast negative = new Contrast(new Estimate(-1, 0.1, 1000), new Estimate(5, 0.5, 1000));
    assertTrue(negative.lift().isEmpty());
    assertEquals(Interval.EVERYTHING, negative.liftInterval(Z));
  }

  @Test
  void everything_fewerThanTwoUnitsOrNoVariation_isUnknownAndNeverNaN() {
    Estimate good = Estimate.ratio(Arms.means(A));
    Estimate[] unknown = {
      Estimate.undefined(), Estimate.ratio(Arms.means()), Estimate.ratio(Arms.means(7))
    };
    for (Estimate estimate : unknown) {
      for (Contrast contrast :
          new Contrast[] {new Contrast(good, estimate), new Contrast(estimate, good)}) {
        assertUnknown(contrast);
      }
    }
    assertUnknown(ofMeans(new double[] {0, 0, 0}, new double[] {1, 1, 1}));
    UnitMoments withoutDenominator = new UnitMoments();
    withoutDenominator.add(UnitTotals.ratio(0, 0));
    withoutDenominator.add(UnitTotals.ratio(0, 0));
    assertFalse(Estimate.ratio(withoutDenominator.snapshot()).isDefined());
  }

  private static void assertUnknown(Contrast contrast) {
    assertEquals(1, contrast.pValue());
    assertEquals(0, contrast.z());
    assertEquals(0, contrast.information());
    assertEquals(Interval.EVERYTHING, contrast.differenceInterval(Z));
    assertEquals(Interval.EVERYTHING, contrast.liftInterval(Z));
    assertEquals(
        new Look(0, 0, 0, false),
        SequentialPlan.always(0.05, 0.8, 0.02).look(contrast, 1, 0.5, false));
  }

  @Test
  void differenceInterval_oneArmWithoutVariation_usesTheOthersUnits() {
    Contrast contrast = ofMeans(new double[] {1, 1, 1, 1}, A);
    assertEquals(9, contrast.degreesOfFreedom(), 1e-12);
    assertTrue(contrast.pValue() < 1e-4);
    assertEquals(Interval.EVERYTHING, contrast.differenceInterval(Double.POSITIVE_INFINITY));
  }

  @Test
  void conversion_nobodyConverted_stillHasAnError() {
    Estimate none = Estimate.conversion(Arms.means(0, 0, 0, 0, 0, 0, 0, 0));
    assertEquals(0, none.value());
    // sqrt(.1 * .9 / 7)
    assertEquals(Math.sqrt(0.09 / 7), none.standardError(), 1e-15);
    assertThrows(WinnowException.class, () -> Estimate.conversion(Arms.means(0, 5)));
  }

  /** Every outcome of two arms of 20, weighted by its probability: no simulation. */
  @Test
  void conversionInterval_smallArms_coversNearNominal() {
    for (double[] rates : new double[][] {{0.1, 0.1}, {0.1, 0.3}, {0.5, 0.5}, {0.05, 0.2}}) {
      double covered = 0;
      for (int s = 0; s <= 20; s++) {
        for (int t = 0; t <= 20; t++) {
          double probability = binomial(20, s, rates[0]) * binomial(20, t, rates[1]);
          double truth = rates[1] - rates[0];
          Contrast contrast =
              new Contrast(Estimate.conversion(ones(s, 20)), Estimate.conversion(ones(t, 20)));
          covered += contrast.differenceInterval(Z).contains(truth) ? probability : 0;
        }
      }
      assertTrue(covered > 0.935 && covered <= 1, rates[0] + ", " + rates[1] + ": " + covered);
    }
  }

  @Test
  void against_rareEvents_showsHarmThatNoRatioOfThemShows() {
    Contrast few =
        new Contrast(Estimate.conversion(ones(2, 10_000)), Estimate.conversion(ones(60, 10_000)));
    assertEquals(Interval.EVERYTHING, few.liftInterval(Z));
    assertTrue(few.against(1.02).z() > 5, "z " + few.against(1.02).z());
    Contrast none =
        new Contrast(Estimate.conversion(ones(0, 10_000)), Estimate.conversion(ones(300, 10_000)));
    assertEquals(Interval.EVERYTHING, none.liftInterval(Z));
    assertTrue(none.against(1.02).z() > 10, "z " + none.against(1.02).z());
    // The other way round: nothing is as good as something.
    Contrast lost =
        new Contrast(Estimate.conversion(ones(300, 10_000)), Estimate.conversion(ones(0, 10_000)));
    assertTrue(lost.against(0.98).z() < -10, "z " + lost.against(0.98).z());
    assertThrows(WinnowException.class, () -> lost.against(-0.1));
  }

  @Test
  void against_anyRatio_isTheTestThatTheLiftIntervalInverts() {
    Contrast contrast = new Contrast(new Estimate(10, 0.3, 1000), new Estimate(11, 0.4, 1000));
    Interval lift = contrast.liftInterval(Z);
    for (double bound : new double[] {lift.low(), lift.high()}) {
      assertEquals(Z, Math.abs(contrast.against(1 + bound).z()), 0.01);
    }
    assertEquals(Math.hypot(0.4, 0.9 * 0.3), contrast.against(0.9).standardError(), 1e-15);
  }

  private static Moments ones(int successes, int units) {
    double[] values = new double[units];
    Arrays.fill(values, 0, successes, 1);
    return Arms.means(values);
  }

  private static double binomial(int n, int k, double p) {
    double value = Math.pow(p, k) * Math.pow(1 - p, n - k);
    for (int i = 0; i < k; i++) {
      value *= (double) (n - i) / (i + 1);
    }
    return value;
  }
}
