package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class AlwaysValidTest {
  private static double critical(AlwaysValid rule, double fraction) {
    return rule.judge(List.of(new Look(fraction, fraction, 0, false))).getFirst().critical();
  }

  @Test
  void maximumSurvival_anyBoundary_isTheThetaSeries() {
    // 1 - 4/pi * sum((-1)**k / (2*k+1) * exp(-pi**2 * (2*k+1)**2 / (8*c*c))), another series
    assertEquals(0.9999985819380112, AlwaysValid.maximumSurvival(0.3), 1e-14);
    assertEquals(0.6292225702004761, AlwaysValid.maximumSurvival(1.0), 1e-14);
    assertEquals(1, AlwaysValid.maximumSurvival(0));
    assertEquals(AlwaysValid.maximumSurvival(0.5 - 1e-12), AlwaysValid.maximumSurvival(0.5), 1e-10);
    assertEquals(2.2414027273321397, AlwaysValid.inverseMaximumSurvival(0.05), 1e-12);
    assertEquals(2.326347873985085, AlwaysValid.inverseMaximumSurvival(0.04), 1e-12);
  }

  @Test
  void judge_unplanned_isTheNarrowestNormalMixture() {
    // minimize_scalar over rho of sqrt((1 + rho) * log((1 + rho) / (rho * alpha**2)))
    AlwaysValid rule = AlwaysValid.unplanned(0.05);
    assertEquals(3.8232183632646333, critical(rule, 0.1), 1e-6);
    assertEquals(3.035122413028551, critical(rule, 1), 1e-12);
    assertEquals(3.130967715261317, critical(rule, 4), 1e-6);
  }

  @Test
  void judge_planned_isTheNarrowerOfBoth() {
    AlwaysValid rule = AlwaysValid.planned(0.05);
    double boundary = 2.281819483438662 * Math.sqrt(1.05);
    assertEquals(boundary, critical(rule, 1), 1e-12);
    assertEquals(boundary / Math.sqrt(0.5), critical(rule, 0.5), 1e-12);
    assertEquals(2.281819483438662, critical(rule, 1.05), 1e-12);
    assertTrue(critical(rule, 1.06) > 3.5);
    assertEquals(4.480232535198851, critical(rule, 0.1), 1e-6);
    assertEquals(3.8549991782885535, critical(rule, 4), 1e-6);
    assertEquals(Double.POSITIVE_INFINITY, critical(rule, 0));
  }

  /**
   * Looks at each of 200 steps of a plan and at 200 growing steps up to 40 times the plan: false
   * alarms are at most alpha. 50,000 walks: the error is 0.001.
   */
  @Test
  void judge_fourHundredLooksFarPastThePlan_keepsAlpha() {
    for (AlwaysValid rule : List.of(AlwaysValid.planned(0.05), AlwaysValid.unplanned(0.05))) {
      RandomGenerator random = new Seed(5).generator("walks");
      double[] times = new double[400];
      double[] criticals = new double[400];
      for (int k = 0; k < 400; k++) {
        times[k] = k < 200 ? (k + 1) / 200.0 : Math.pow(40, (k - 199) / 200.0);
        criticals[k] = critical(rule, times[k]);
      }
      int crossed = 0;
      for (int walk = 0; walk < 50_000; walk++) {
        double b = 0;
        double time = 0;
        for (int k = 0; k < 400; k++) {
          b += random.nextGaussian() * Math.sqrt(times[k] - time);
          time = times[k];
          if (Math.abs(b) / Math.sqrt(time) >= criticals[k]) {
            crossed++;
            break;
          }
        }
      }
      double rate = crossed / 50_000.0;
      // The mixture meets alpha only at infinity; a rate far below would mean wasted alpha.
      assertTrue(rate <= 0.05 && rate > 0.02, rule + ": " + rate);
    }
  }

  @Test
  void pValue_anyLooks_isAtMostAlphaExactlyWhereTheRuleRejects() {
    for (AlwaysValid rule : List.of(AlwaysValid.planned(0.05), AlwaysValid.unplanned(0.05))) {
      for (double f : new double[] {0.05, 0.3, 1, 1.1, 7}) {
        double critical = critical(rule, f);
        assertEquals(0.05, rule.pValue(List.of(new Look(f, f, critical, false))), 1e-9);
        assertTrue(rule.pValue(List.of(new Look(f, f, -critical - 0.1, false))) < 0.05);
        assertTrue(rule.pValue(List.of(new Look(f, f, critical - 0.1, false))) > 0.05);
      }
    }
  }

  @Test
  void inflation_oneLookAtThePlansEnd_givesThePower() {
    for (AlwaysValid rule : List.of(AlwaysValid.planned(0.05), AlwaysValid.unplanned(0.05))) {
      double oneLook = Normal.twoSidedCritical(0.05) + Normal.inverseSurvival(0.2);
      double drift = oneLook * Math.sqrt(rule.inflation(0.8));
      assertEquals(0.8, Normal.survival(critical(rule, 1) - drift), 1e-9);
      assertTrue(rule.inflation(0.8) > 1.2);
    }
    assertThrows(WinnowException.class, () -> AlwaysValid.planned(0.05).inflation(1));
  }

  @Test
  void pValue_moreLooks_neverRises() {
    AlwaysValid rule = AlwaysValid.planned(0.05);
    Look strong = new Look(0.5, 0.5, 4, false);
    Look weak = new Look(0.7, 0.7, 0.1, false);
    assertEquals(rule.pValue(List.of(strong)), rule.pValue(List.of(strong, weak)));
    assertEquals(1, rule.pValue(List.of()));
    assertThrows(WinnowException.class, () -> new AlwaysValid(0.05, 1));
    assertThrows(WinnowException.class, () -> AlwaysValid.planned(0));
  }
}
