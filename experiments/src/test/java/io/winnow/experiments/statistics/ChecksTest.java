package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.statistics.Novelty.DailyEffect;
import io.winnow.experiments.statistics.Novelty.Trend;
import io.winnow.experiments.statistics.Segments.SegmentEffect;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** The checks around an effect. Numbers without another source are from numpy and scipy. */
final class ChecksTest {
  private static Contrast contrast(double difference, double error) {
    return new Contrast(
        new Estimate(1, 0, 1_000_000_000_000L),
        new Estimate(1 + difference, error, 1_000_000_000_000L));
  }

  @Test
  void benjaminiHochberg_thePapersExample_rejectsFour() {
    // Benjamini, Hochberg 1995, section 4.1: 15 comparisons, four are called at .05.
    double[] pValues = {
      .0298, .0001, .0201, .0004, .0019, .0095, .0278, .0344, .0459, .3240, .4262, .5719, .6528,
      .7590, 1
    };
    double[] adjusted = FalseDiscovery.benjaminiHochberg(pValues);
    assertEquals(4, Arrays.stream(adjusted).filter(p -> p <= 0.05).count());
    assertArrayEquals(
        new double[] {
          0.063857142857,
          0.0015,
          0.0603,
          0.003,
          0.0095,
          0.035625,
          0.063857142857,
          0.0645,
          0.0765,
          0.486,
          0.581181818182,
          0.714875,
          0.753230769231,
          0.813214285714,
          1
        },
        adjusted,
        1e-11);
    double harmonic = 0;
    for (int i = 1; i <= 15; i++) {
      harmonic += 1.0 / i;
    }
    assertEquals(0.0015 * harmonic, FalseDiscovery.benjaminiYekutieli(pValues)[1], 1e-12);
    assertEquals(1, FalseDiscovery.benjaminiYekutieli(pValues)[14]);
    assertEquals(0, FalseDiscovery.benjaminiHochberg(new double[0]).length);
    assertThrows(
        WinnowException.class, () -> FalseDiscovery.benjaminiHochberg(new double[] {Double.NaN}));
  }

  @Test
  void sampleRatio_threeArms_isPearsons() {
    // scipy.stats.chisquare([5100, 4900, 2100], [4840, 4840, 2420])
    SampleRatio ratio = SampleRatio.test(new long[] {5100, 4900, 2100}, new double[] {2, 2, 1});
    assertEquals(57.02479338842976, ratio.chiSquare(), 1e-10);
    assertEquals(4.1421273756420724e-13, ratio.pValue(), 1e-20);
    assertEquals(2, ratio.degreesOfFreedom());
    assertTrue(ratio.alarm());
    assertFalse(SampleRatio.test(new long[] {0, 0}, new double[] {1, 1}).alarm());
    assertThrows(
        WinnowException.class, () -> SampleRatio.test(new long[] {1, 1}, new double[] {1, 0}));
    assertThrows(WinnowException.class, () -> SampleRatio.test(new long[] {1}, new double[] {1}));
  }

  @Test
  void alwaysValidPValue_counts_isTheDirichletMixtures() {
    // exp(-(lnG(k) - lnG(k + n) + sum(lnG(k*t + n_i) - lnG(k*t) - n_i * ln(t)))), k = 1000
    assertEquals(
        2.198960441077932e-11,
        SampleRatio.alwaysValidPValue(new long[] {5100, 4900, 2100}, new double[] {2, 2, 1}),
        1e-16);
    assertEquals(
        3.266893995260146e-10,
        SampleRatio.alwaysValidPValue(new long[] {252_500, 247_500}, new double[] {1, 1}),
        1e-14);
    assertEquals(1, SampleRatio.alwaysValidPValue(new long[] {0, 0}, new double[] {1, 1}), 1e-12);
  }

  /** 20,000 fair coins, looked at 100 times: the error of the bound .01 is .0007. */
  @Test
  void alwaysValidPValue_lookedAtAHundredTimes_keepsItsLevel() {
    RandomGenerator random = new Seed(9).generator("coins");
    int alarms = 0;
    int chiSquareAlarms = 0;
    for (int run = 0; run < 20_000; run++) {
      long[] units = new long[2];
      boolean alarm = false;
      boolean chiSquareAlarm = false;
      for (int look = 0; look < 100; look++) {
        int first = Long.bitCount(random.nextLong());
        units[0] += first;
        units[1] += 64 - first;
        alarm |= SampleRatio.alwaysValidPValue(units, new double[] {1, 1}) < 0.01;
        chiSquareAlarm |= SampleRatio.test(units, new double[] {1, 1}).pValue() < 0.01;
      }
      alarms += alarm ? 1 : 0;
      chiSquareAlarms += chiSquareAlarm ? 1 : 0;
    }
    assertTrue(alarms > 0 && alarms <= 200, "alarms " + alarms);
    assertTrue(chiSquareAlarms > 1000, "chi-square alarms " + chiSquareAlarms);
  }

  @Test
  void novelty_fadingEffect_isFoundWithTheRegressionsSlope() {
    double[] effects = {.9, .6, .5, .35, .2};
    double[] errors = {.1, .12, .1, .2, .15};
    int[] days = {1, 2, 3, 5, 7};
    List<DailyEffect> daily = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      daily.add(new DailyEffect(days[i], contrast(effects[i], errors[i])));
    }
    daily.add(new DailyEffect(4, new Contrast(Estimate.undefined(), Estimate.undefined())));
    Novelty novelty = Novelty.check(daily);
    // X = [1, ln(day)]; V = inv(X'WX); V @ X'W @ effects
    assertEquals(-0.35330505134174933, novelty.slopePerLogDay(), 1e-10);
    assertEquals(1.7332576205911285e-05, novelty.slopePValue(), 1e-13);
    assertEquals(Trend.FALLING, novelty.trend());
    assertEquals(0.7770491803278688, novelty.early().value(), 1e-12);
    assertEquals(0.07682212795973759, novelty.early().standardError(), 1e-12);
    assertEquals(0.3991803278688525, novelty.late().value(), 1e-12);
    assertTrue(novelty.latePValue() < 0.001);
    assertTrue(novelty.explanation(true).contains("novelty"), novelty.explanation(true));
    assertTrue(novelty.explanation(false).contains("primacy"), novelty.explanation(false));
  }

  @Test
  void novelty_fewDaysOrNoTrend_saysSo() {
    assertEquals(Trend.TOO_SHORT, Novelty.check(List.of()).trend());
    List<DailyEffect> steady = new ArrayList<>();
    for (int day = 1; day <= 3; day++) {
      steady.add(new DailyEffect(day, contrast(day, 0.1)));
    }
    assertEquals(Trend.TOO_SHORT, Novelty.check(steady).trend());
    steady.clear();
    for (int day = 1; day <= 14; day++) {
      steady.add(new DailyEffect(day, contrast(1 + 0.01 * (day % 2), 0.1)));
    }
    assertEquals(Trend.STEADY, Novelty.check(steady).trend());
  }

  @Test
  void segments_differentEffects_areFoundByCochransQ() {
    double[] effects = {.9, .6, .5, .35, .2};
    double[] errors = {.1, .12, .1, .2, .15};
    List<SegmentEffect> segments = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      segments.add(new SegmentEffect("s" + i, contrast(effects[i], errors[i])));
    }
    segments.add(
        new SegmentEffect("empty", new Contrast(Estimate.undefined(), Estimate.undefined())));
    Segments found = Segments.check(segments, 0.05);
    // q = sum(w * (d - mean)**2); chi2.sf(q, 4); 1 - 4 / q
    assertEquals(18.625739981785063, found.q(), 1e-9);
    assertEquals(4, found.degreesOfFreedom());
    assertEquals(0.0009307895421163536, found.heterogeneityPValue(), 1e-12);
    assertEquals(0.7852434317287916, found.inconsistency(), 1e-10);
    assertEquals(0.25, found.expectedFalse(), 1e-12);
    assertEquals(6, found.segments().size());
    assertEquals(1, found.segments().getLast().adjustedPValue());
    assertTrue(found.warning().startsWith("6 segments"), found.warning());
    Segments none = Segments.check(List.of(), 0.05);
    assertEquals(1, none.heterogeneityPValue());
    assertEquals(0, none.inconsistency());
  }
}
