package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class PlannedLooksTest {
  private static final PlannedLooks OBRIEN_FLEMING = PlannedLooks.of(0.05);
  private static final PlannedLooks POCOCK = new PlannedLooks(0.05, new Spending.Pocock());

  private static double[] even(int looks) {
    return IntStream.rangeClosed(1, looks).mapToDouble(i -> (double) i / looks).toArray();
  }

  private static List<Look> looks(double[] fractions, double... z) {
    List<Look> looks = new ArrayList<>();
    for (int i = 0; i < z.length; i++) {
      looks.add(new Look(40 * fractions[i], fractions[i], z[i], fractions[i] == 1));
    }
    return looks;
  }

  @Test
  void criticals_fiveLooksOBrienFleming_areLanAndDeMets() {
    // Lan, DeMets 1983, and ldbounds (R): bounds(1:5 / 5, iuse = c(1, 1), alpha = c(.025, .025))
    assertArrayEquals(
        new double[] {4.877, 3.357, 2.680, 2.290, 2.031}, OBRIEN_FLEMING.criticals(even(5)), 5e-4);
  }

  @Test
  void criticals_fiveLooksPocock_areLanAndDeMets() {
    assertArrayEquals(
        new double[] {2.438, 2.427, 2.410, 2.397, 2.386}, POCOCK.criticals(even(5)), 5e-4);
  }

  /**
   * Against numpy: the same recursion by Simpson's rule on 4,001 points that end at the boundary.
   * The multivariate normal distribution (Genz's mvndst in scipy) agrees to its own error of 3e-6.
   */
  @Test
  void criticals_unevenLooks_equalAnotherIntegration() {
    double[] fractions = {0.1, 0.35, 0.6, 1};
    assertArrayEquals(
        new double[] {2.655110047968, 2.386621368169, 2.369668669168, 2.277951668935},
        POCOCK.criticals(fractions),
        1e-9);
    assertArrayEquals(
        new double[] {3.50371998124, 3.030143380419, 2.672252769392, 1.993166260589},
        new PlannedLooks(0.05, new Spending.HwangShihDeCani(-4)).criticals(fractions),
        1e-9);
    assertArrayEquals(
        new double[] {
          4.876884948791, 3.357011921575, 2.680280064545, 2.289816767712, 2.03103204331
        },
        OBRIEN_FLEMING.criticals(even(5)),
        1e-9);
  }

  /** From the same source: (drift of the looks / drift of one look)**2 for power .8. */
  @Test
  void inflation_fewLooks_equalsAnotherIntegrations() {
    assertEquals(1.1731146098808845, POCOCK.inflation(0.8, 0.1, 0.35, 0.6, 1), 1e-8);
    assertEquals(1.2124173172052526, POCOCK.inflation(0.8, even(5)), 1e-8);
    assertEquals(1.0247181308627962, OBRIEN_FLEMING.inflation(0.8, even(5)), 1e-8);
    assertEquals(1, OBRIEN_FLEMING.inflation(0.8, 0.7), 1e-9);
  }

  @Test
  void power_oneLook_isTheNormals() {
    double z = Contrast.critical(0.05);
    assertEquals(0.05, OBRIEN_FLEMING.power(0, 1), 1e-10);
    assertEquals(
        Normal.survival(z - 2.8) + Normal.survival(z + 2.8), OBRIEN_FLEMING.power(2.8, 1), 1e-10);
    assertEquals(0.05, OBRIEN_FLEMING.power(0, even(30)), 1e-9);
    assertEquals(0.05, POCOCK.power(0, 0.01, 0.011, 0.5, 0.99, 1), 1e-9);
  }

  /** 200,000 walks: the error is 0.0005 for alpha and 0.0009 for power. */
  @Test
  void criticals_thirtyLooks_areCrossedAsOftenAsComputed() {
    RandomGenerator random = new Seed(11).generator("walks");
    double[] criticals = OBRIEN_FLEMING.criticals(even(30));
    for (double drift : new double[] {0, 2.8}) {
      int crossed = 0;
      for (int walk = 0; walk < 200_000; walk++) {
        double b = 0;
        boolean beyond = false;
        for (int k = 0; k < 30 && !beyond; k++) {
          b += drift / 30 + random.nextGaussian() / Math.sqrt(30);
          beyond = Math.abs(b) / Math.sqrt((k + 1) / 30.0) >= criticals[k];
        }
        crossed += beyond ? 1 : 0;
      }
      assertEquals(
          OBRIEN_FLEMING.power(drift, even(30)), crossed / 200_000.0, drift == 0 ? 0.002 : 0.004);
    }
    assertTrue(OBRIEN_FLEMING.inflation(0.8, even(30)) < 1.05);
  }

  @Test
  void judge_prefixOfLooks_saysTheSameOfThem() {
    double[] fractions = {0.2, 0.5, 0.9, 1};
    List<Look> all = looks(fractions, 1, -2, 2.5, 3);
    List<Judgement> judged = OBRIEN_FLEMING.judge(all);
    assertEquals(4, judged.size());
    for (int k = 1; k < 4; k++) {
      List<Judgement> prefix = OBRIEN_FLEMING.judge(all.subList(0, k));
      for (int i = 0; i < k; i++) {
        assertEquals(judged.get(i).critical(), prefix.get(i).critical(), 1e-9);
      }
    }
    assertTrue(judged.get(3).crossed());
  }

  @Test
  void judge_lastLookEarly_spendsAllThatIsLeft() {
    List<Look> looks = List.of(new Look(10, 0.3, 0, false), new Look(20, 0.6, 0, true));
    List<Judgement> judged = POCOCK.judge(looks);
    assertEquals(POCOCK.criticals(0.3, 1)[0], judged.get(0).critical(), 1e-9);
    assertTrue(judged.get(1).critical() < POCOCK.criticals(0.3, 0.6, 1)[1]);
  }

  @Test
  void judge_informationFallsOrStays_testsNothingAndKeepsTheAlpha() {
    List<Look> looks =
        List.of(
            new Look(10, 0.5, 0, false),
            new Look(9, 0.45, 9, false),
            new Look(10, 0.6, 9, false),
            new Look(20, 1, 0, true));
    List<Judgement> judged = POCOCK.judge(looks);
    assertEquals(Double.POSITIVE_INFINITY, judged.get(1).critical());
    assertEquals(Double.POSITIVE_INFINITY, judged.get(2).critical());
    assertEquals(POCOCK.criticals(0.5, 1)[1], judged.get(3).critical(), 1e-9);
  }

  @Test
  void judge_pastThePlan_spendsNoMoreThanAlpha() {
    List<Look> looks =
        List.of(
            new Look(10, 0.5, 0, false), new Look(21, 1.05, 0, false), new Look(30, 1.5, 9, false));
    List<Judgement> judged = POCOCK.judge(looks);
    assertTrue(judged.get(1).critical() < 2.5);
    assertEquals(Double.POSITIVE_INFINITY, judged.get(2).critical());
  }

  @Test
  void judge_noInformation_saysNothing() {
    List<Look> looks = List.of(new Look(0, 0, 0, false), new Look(0, 0, 0, true));
    for (Judgement judgement : OBRIEN_FLEMING.judge(looks)) {
      assertEquals(Double.POSITIVE_INFINITY, judgement.critical());
    }
    assertEquals(1, OBRIEN_FLEMING.pValue(looks));
    assertEquals(1, OBRIEN_FLEMING.pValue(List.of()));
  }

  @Test
  void pValue_anyLooks_isAtMostAlphaWhereTheRuleRejects() {
    double[] fractions = even(5);
    double[] criticals = OBRIEN_FLEMING.criticals(fractions);
    for (int k = 2; k < 5; k++) {
      double[] z = new double[k + 1];
      z[k] = criticals[k];
      assertEquals(0.05, OBRIEN_FLEMING.pValue(looks(fractions, z)), 1e-5);
      z[k] = -criticals[k] - 1;
      assertTrue(OBRIEN_FLEMING.pValue(looks(fractions, z)) < 0.01);
    }
    assertEquals(1, OBRIEN_FLEMING.pValue(looks(fractions, 0, 0, 0)));
    double z = 2.2;
    assertEquals(Normal.twoSided(z), OBRIEN_FLEMING.pValue(List.of(new Look(4, 1, z, true))), 1e-6);
  }

  @Test
  void judge_aThousandLooks_isBoundedAndBeyondIsRefused() {
    double[] criticals = OBRIEN_FLEMING.criticals(even(MonitoringRule.LOOKS_MAX));
    // More looks cost more than thirty do; a constant boundary of |B| watched without a break,
    // which
    // the spending comes near to, would be 2.2414.
    double last = criticals[criticals.length - 1];
    assertTrue(last > OBRIEN_FLEMING.criticals(even(30))[29] && last < 2.2414, "last " + last);
    List<Look> tooMany = new ArrayList<>();
    for (int i = 0; i <= MonitoringRule.LOOKS_MAX; i++) {
      tooMany.add(new Look(i, 0, 0, false));
    }
    assertThrows(WinnowException.class, () -> OBRIEN_FLEMING.judge(tooMany));
    assertThrows(
        WinnowException.class,
        () -> OBRIEN_FLEMING.judge(List.of(new Look(1, 1, 0, true), new Look(2, 1, 0, true))));
  }

  @Test
  void spent_everySpending_risesFromNothingToAlpha() {
    for (Spending spending :
        List.of(
            new Spending.OBrienFleming(),
            new Spending.Pocock(),
            new Spending.HwangShihDeCani(-4),
            new Spending.HwangShihDeCani(0),
            new Spending.HwangShihDeCani(1))) {
      assertEquals(0, spending.spent(0.05, 0), 1e-15);
      assertEquals(0.05, spending.spent(0.05, 1), 1e-15);
      for (double f = 0.1; f < 0.95; f += 0.1) {
        assertTrue(spending.spent(0.05, f) < spending.spent(0.05, f + 0.1), spending + " " + f);
      }
    }
  }
}
