package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class ConcentrationTest {
  @Test
  void gini_counts_isHalfTheRelativeMeanDifference() {
    // abs(v[:, None] - v).sum() / (2 * 25 * v.mean())
    assertEquals(0.5, Concentration.gini(new long[] {0, 3, 1, 10, 6}), 1e-15);
    assertEquals(0, Concentration.gini(new long[] {4, 4, 4}), 1e-15);
    assertEquals(0.75, Concentration.gini(new long[] {0, 0, 9, 0}), 1e-15);
    assertEquals(0, Concentration.gini(new long[] {0, 0}));
    assertEquals(0, Concentration.gini(new long[0]));
  }

  @Test
  void expectedDistinct_counts_isHurlberts() {
    // sum(1 - comb(t - c, n) / comb(t, n)) in whole numbers
    assertEquals(
        3.213373224871078,
        Concentration.expectedDistinct(new long[] {10, 5, 1, 1, 0, 100, 3}, 20),
        1e-11);
    assertEquals(
        2.8567116856942865,
        Concentration.expectedDistinct(new long[] {300, 200, 80, 5, 1}, 10),
        1e-11);
  }

  @Test
  void expectedDistinct_allOrNothing_isDistinctOrZero() {
    long[] counts = {100, 7, 0, 1};
    assertEquals(3, Concentration.expectedDistinct(counts, 108), 1e-12);
    assertEquals(1, Concentration.expectedDistinct(counts, 1), 1e-12);
    assertEquals(0, Concentration.expectedDistinct(counts, 0), 1e-12);
    assertEquals(3, Concentration.distinct(counts));
    assertThrows(WinnowException.class, () -> Concentration.expectedDistinct(counts, 109));
    assertThrows(WinnowException.class, () -> Concentration.gini(new long[] {-1}));
  }

  @Test
  void totalVariation_distributions_isHalfTheDifferences() {
    assertEquals(0, Concentration.totalVariation(new long[] {1, 3}, new long[] {10, 30}));
    assertEquals(1, Concentration.totalVariation(new long[] {5, 0}, new long[] {0, 1}));
    assertEquals(0.25, Concentration.totalVariation(new long[] {1, 1}, new long[] {1, 3}));
    assertEquals(0, Concentration.totalVariation(new long[] {0, 0}, new long[] {1, 3}));
  }

  @Test
  void jackknife_aMeanOfGroups_isItsStandardError() {
    // For a mean the jackknife is the usual standard error: std(ddof=1) / sqrt(n).
    double[] values = {3, 5, 8, 1, 9, 4};
    double sum = Arrays.stream(values).sum();
    Estimate estimate =
        Jackknife.estimate(sum / 6, Arrays.stream(values).map(v -> (sum - v) / 5).toArray());
    Estimate mean = Estimate.ratio(Arms.means(values));
    assertEquals(mean.value(), estimate.value(), 1e-12);
    assertEquals(mean.standardError(), estimate.standardError(), 1e-12);
    assertEquals(6, estimate.units());
    assertEquals(Double.POSITIVE_INFINITY, Jackknife.estimate(1, new double[] {1}).standardError());
  }

  /** Users differ in what they look at; 1,000 repetitions: the error of .95 is .007. */
  @Test
  void jackknife_giniOfCountsByBucket_coversTheTruth() {
    RandomGenerator random = new Seed(2).generator("exposure");
    List<Estimate> estimates = new ArrayList<>();
    for (int run = 0; run < 1000; run++) {
      List<long[]> buckets = new ArrayList<>();
      for (int bucket = 0; bucket < 30; bucket++) {
        long[] counts = new long[10];
        for (int user = 0; user < 20; user++) {
          int favourite = (int) (10 * Math.pow(random.nextDouble(), 2));
          for (int event = 0; event < 5; event++) {
            counts[random.nextInt(4) == 0 ? random.nextInt(10) : favourite]++;
          }
        }
        buckets.add(counts);
      }
      estimates.add(Jackknife.ofCounts(buckets, Concentration::gini));
    }
    double truth = estimates.stream().mapToDouble(Estimate::value).average().orElseThrow();
    double covered =
        estimates.stream().filter(e -> e.interval(0.05).contains(truth)).count() / 1000.0;
    assertTrue(covered > 0.92 && covered < 0.98, "covered " + covered);
  }
}
