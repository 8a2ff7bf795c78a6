package io.winnow.experiments.statistics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class RateBoundsTest {
  private static final double ALPHA = 0.05;

  @Test
  void lower_lookedAtAfterEachRequest_missesTheTruthLessOftenThanAlpha() {
    for (double rate : new double[] {0.003, 0.05, 0.5}) {
      int missed = 0;
      int runs = 300;
      for (int run = 0; run < runs; run++) {
        RandomGenerator random = new Seed(run).generator("rate " + rate);
        int k = 0;
        boolean outside = false;
        for (int n = 1; n <= 1_000 && !outside; n++) {
          if (random.nextDouble() < rate) {
            k++;
            // The bound rises here only: it falls with each request that does not fail.
            outside = RateBounds.lower(k, n, ALPHA) > rate;
          }
        }
        missed += outside ? 1 : 0;
      }
      // Three standard errors above alpha.
      assertTrue(missed <= ALPHA * runs + 3 * Math.sqrt(ALPHA * runs), rate + ": " + missed);
    }
  }

  @Test
  void bounds_ofMoreRequests_comeNearTheRate() {
    assertEquals(0, RateBounds.lower(0, 1_000, ALPHA));
    assertEquals(1, RateBounds.upper(0, 0, ALPHA), 1e-12);
    assertTrue(RateBounds.lower(6, 12, 0.001) > 0.05, "half of a dozen is told from few");
    double width = 1;
    for (int n = 10; n <= 100_000; n *= 10) {
      double lower = RateBounds.lower(n / 10, n, ALPHA);
      double upper = RateBounds.upper(n / 10, n, ALPHA);
      assertTrue(lower < 0.1 && 0.1 < upper, n + ": " + lower + " to " + upper);
      assertTrue(upper - lower < width, n + " requests");
      width = upper - lower;
    }
    assertTrue(width < 0.01, "of 100,000: " + width);
  }

  @Test
  void upper_isTheMirrorOfLower() {
    assertEquals(1 - RateBounds.lower(30, 100, ALPHA), RateBounds.upper(70, 100, ALPHA), 1e-12);
    assertTrue(RateBounds.upper(0, 1_000, 0.001) < 0.015);
  }

  @Test
  void lower_impossibleCounts_areRefused() {
    assertThrows(WinnowException.class, () -> RateBounds.lower(3, 2, ALPHA));
    assertThrows(WinnowException.class, () -> RateBounds.lower(-1, 2, ALPHA));
    assertThrows(WinnowException.class, () -> RateBounds.lower(1, 2, 0));
  }
}
