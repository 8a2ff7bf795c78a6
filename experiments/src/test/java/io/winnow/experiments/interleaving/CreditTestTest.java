package io.winnow.experiments.interleaving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CreditTestTest {
  /** The expected numbers are scipy's (ttest_rel, binomtest) and numpy's, from the formulas. */
  @Test
  void of_tenUnits_agreesWithScipy() {
    double[] first = {3, 0, 1, 2, 0, 5, 1, 0, 2, 1};
    double[] second = {1, 0, 1, 0, 1, 2, 0, 0, 3, 0};

    Preference preference = CreditTest.of(first, second, 0.95);

    assertEquals(10, preference.units());
    assertEquals(5, preference.firstWins());
    assertEquals(2, preference.secondWins());
    assertEquals(3, preference.ties());
    assertEquals(0.7, preference.difference(), 1e-12);
    assertEquals(-0.2567852189374119, preference.differenceLow(), 1e-9);
    assertEquals(1.656785218937412, preference.differenceHigh(), 1e-9);
    assertEquals(0.13230296093397692, preference.p(), 1e-9);
    assertEquals(0.453125, preference.signP(), 1e-12);
    assertEquals(0.30434782608695654, preference.estimate(), 1e-12);
    assertEquals(-0.06516582207360799, preference.low(), 1e-9);
    assertEquals(0.6738614742475211, preference.high(), 1e-9);
  }

  @Test
  void of_exchangedRankings_isTheOpposite() {
    double[] first = {3, 0, 1, 2, 0, 5};
    double[] second = {1, 0, 1, 0, 1, 2};
    Preference one = CreditTest.of(first, second, 0.9);
    Preference other = CreditTest.of(second, first, 0.9);
    assertEquals(one.estimate(), -other.estimate(), 1e-12);
    assertEquals(one.low(), -other.high(), 1e-12);
    assertEquals(one.p(), other.p(), 1e-12);
    assertEquals(one.signP(), other.signP(), 1e-12);
  }

  @Test
  void of_nothingCredited_saysNothing() {
    Preference preference = CreditTest.of(new double[5], new double[5], 0.95);
    assertEquals(0, preference.estimate());
    assertEquals(-1, preference.low());
    assertEquals(1, preference.high());
    assertEquals(1, preference.p());
    assertEquals(1, preference.signP());
  }

  @Test
  void of_fewUnitsAllForOne_intervalIsWide() {
    Preference preference =
        CreditTest.of(new double[] {1, 0, 2, 0}, new double[] {0, 0, 0, 0}, 0.95);
    assertEquals(1, preference.estimate());
    assertEquals(1, preference.high());
    // Clopper and Pearson for 2 of 2: at least .158 of the units, that is a preference of -.684.
    assertEquals(2 * Math.sqrt(0.025) - 1, preference.low(), 1e-12);
  }

  @Test
  void of_equalRankers_rejectsAsOftenAsItShould() {
    int rejected = 0;
    int rejectedBySign = 0;
    int covered = 0;
    int experiments = 4_000;
    for (int experiment = 0; experiment < experiments; experiment++) {
      RandomGenerator random = new Seed(experiment).generator("credits");
      double[] first = new double[120];
      double[] second = new double[120];
      for (int u = 0; u < first.length; u++) {
        int clicks = random.nextInt(1 + random.nextInt(8));
        for (int c = 0; c < clicks; c++) {
          if (random.nextBoolean()) {
            first[u]++;
          } else {
            second[u]++;
          }
        }
      }
      Preference preference = CreditTest.of(first, second, 0.95);
      rejected += preference.p() < 0.05 ? 1 : 0;
      rejectedBySign += preference.signP() < 0.05 ? 1 : 0;
      covered += preference.low() <= 0 && 0 <= preference.high() ? 1 : 0;
    }
    assertEquals(0.05, (double) rejected / experiments, 0.012);
    assertTrue((double) rejectedBySign / experiments < 0.06);
    assertEquals(0.95, (double) covered / experiments, 0.012);
  }

  @Test
  void of_badInput_namesField() {
    assertEquals("second", field(new double[2], new double[3], 0.95));
    assertEquals("units", field(new double[1], new double[1], 0.95));
    assertEquals("confidence", field(new double[2], new double[2], 1));
    assertEquals("first[1], second", field(new double[] {0, Double.NaN}, new double[2], 0.95));
  }

  private static String field(double[] first, double[] second, double confidence) {
    return assertThrows(WinnowException.class, () -> CreditTest.of(first, second, confidence))
        .problems()
        .getFirst()
        .field();
  }
}
