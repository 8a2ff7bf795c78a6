package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class QuantileTest {
  @Test
  void estimate_oneEventAUnit_isTheOrderStatisticsInterval() {
    List<double[]> values = new ArrayList<>();
    for (int i = 1; i <= 100; i++) {
      values.add(new double[] {i});
    }
    Estimate median = Quantile.estimate(0.5, values);
    assertEquals(50, median.value());
    // Binomial ranks of the median of 100: 50 -+ 1.96 * sqrt(25 * 100/99), outwards: 40 and 60.
    assertEquals(20 / (2 * 1.959963984540054), median.standardError(), 1e-12);
    assertEquals(100, median.units());
  }

  @Test
  void estimate_tooFarOut_hasNoError() {
    List<double[]> values = new ArrayList<>();
    for (int i = 1; i <= 20; i++) {
      values.add(new double[] {i});
    }
    assertEquals(Double.POSITIVE_INFINITY, Quantile.estimate(0.99, values).standardError());
    assertFalse(Quantile.estimate(0.5, List.of()).isDefined());
    assertFalse(Quantile.estimate(0.5, List.of(new double[0], new double[0])).isDefined());
    assertEquals(
        Double.POSITIVE_INFINITY,
        Quantile.estimate(0.5, List.of(new double[] {1, 2, 3, 4})).standardError());
    assertThrows(WinnowException.class, () -> Quantile.estimate(1, values));
    assertThrows(
        WinnowException.class,
        () -> Quantile.estimate(0.5, List.of(new double[] {Double.POSITIVE_INFINITY})));
  }

  /**
   * Latencies whose users differ: 1,000 samples of 200 users with 1 to 20 events; intervals by user
   * cover, those that take events for independent do not. The error of .95 is .007.
   */
  @Test
  void estimate_eventsClusterByUser_coversTheTruth() {
    RandomGenerator random = new Seed(4).generator("latencies");
    List<Estimate> byUser = new ArrayList<>();
    List<Estimate> byEvent = new ArrayList<>();
    for (int run = 0; run < 1000; run++) {
      List<double[]> users = new ArrayList<>();
      List<double[]> events = new ArrayList<>();
      for (int user = 0; user < 200; user++) {
        double level = Math.exp(random.nextGaussian());
        double[] values = new double[1 + random.nextInt(20)];
        for (int i = 0; i < values.length; i++) {
          values[i] = level * random.nextExponential();
          events.add(new double[] {values[i]});
        }
        users.add(values);
      }
      byUser.add(Quantile.estimate(0.9, users));
      byEvent.add(Quantile.estimate(0.9, events));
    }
    double truth = byUser.stream().mapToDouble(Estimate::value).average().orElseThrow();
    assertTrue(covered(byUser, truth) > 0.92, "by user " + covered(byUser, truth));
    assertTrue(covered(byUser, truth) < 0.98, "by user " + covered(byUser, truth));
    assertTrue(covered(byEvent, truth) < 0.85, "by event " + covered(byEvent, truth));
  }

  private static double covered(List<Estimate> estimates, double truth) {
    return estimates.stream().filter(e -> e.interval(0.05).contains(truth)).count()
        / (double) estimates.size();
  }
}
