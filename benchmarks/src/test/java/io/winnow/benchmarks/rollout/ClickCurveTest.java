package io.winnow.benchmarks.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ClickCurveTest {
  private static final long HOUR_MS = 3_600_000L;

  @Test
  void points_meansByBucket_withIntervals() {
    ClickCurve curve = new ClickCurve(1_000, 6 * HOUR_MS);
    curve.add(1_000, 1);
    curve.add(1_000 + 6 * HOUR_MS - 1, 3);
    curve.add(1_000 + 6 * HOUR_MS, 5);
    List<ClickCurve.Point> points = curve.points();
    assertEquals(2, points.size());
    assertEquals(0.125, points.getFirst().day());
    assertEquals(2, points.getFirst().clicks());
    // Deviation 1 of two slates.
    assertEquals(1.96 / Math.sqrt(2), points.getFirst().halfWidth(), 1e-9);
    assertEquals(5, points.getLast().clicks());
  }

  @Test
  void between_takesWholeBuckets() {
    ClickCurve curve = new ClickCurve(0, 6 * HOUR_MS);
    for (int hour = 0; hour < 48; hour++) {
      curve.add(hour * HOUR_MS, hour < 24 ? 1 : 2);
    }
    assertEquals(24, curve.between(0, 1).slates());
    assertEquals(1, curve.between(0, 1).clicks());
    assertEquals(2, curve.between(1, 2).clicks());
    assertTrue(Double.isNaN(curve.between(2, 3).clicks()));
  }
}
