package io.winnow.experiments.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.Seed;
import io.winnow.experiments.statistics.Concentration;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class ThinnedTest {
  private static final long[] COUNTS = {0, 1, 1, 3, 8, 20, 20, 147, 400, 1400};
  private static final long[] TARGET = {1, 1, 1, 1, 1, 2, 2, 3, 3, 5};

  @Test
  void gini_everythingKept_isThatOfTheCounts() {
    long all = Arrays.stream(COUNTS).sum();
    assertEquals(Concentration.gini(COUNTS), Thinned.gini(COUNTS, all), 1e-12);
    assertEquals(
        Concentration.totalVariation(COUNTS, TARGET), Thinned.distance(COUNTS, TARGET, all), 1e-12);
  }

  @Test
  void giniAndDistance_fewerKept_areTheMeansOfDraws() {
    RandomGenerator random = new Seed(3).generator("draws");
    long[] counts = new long[30];
    Arrays.fill(counts, 40);
    counts[0] = 400;
    long all = Arrays.stream(counts).sum();
    long[] target = new long[30];
    Arrays.fill(target, 1);
    int kept = 120;
    double gini = 0;
    double distance = 0;
    int draws = 4000;
    for (int draw = 0; draw < draws; draw++) {
      long[] left = counts.clone();
      long[] drawn = new long[counts.length];
      long rest = all;
      for (int k = 0; k < kept; k++) {
        long at = random.nextLong(rest--);
        int item = 0;
        while (at >= left[item]) {
          at -= left[item++];
        }
        left[item]--;
        drawn[item]++;
      }
      gini += Concentration.gini(drawn) / draws;
      distance += Concentration.totalVariation(drawn, target) / draws;
    }
    // Drawn without replacement and exactly so many: the difference is in the second order.
    assertEquals(gini, Thinned.gini(counts, kept), 0.01);
    assertEquals(distance, Thinned.distance(counts, target, kept), 0.01);
  }
}
