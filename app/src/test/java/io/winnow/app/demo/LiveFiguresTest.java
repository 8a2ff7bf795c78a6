package io.winnow.app.demo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.UserId;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LiveFiguresTest {
  @Test
  void percentiles_areNearestRanksOfTheNewest() {
    Latencies latencies = new Latencies(100);
    latencies.add(1_000_000_000L); // falls out
    for (int ms = 100; ms >= 1; ms--) {
      latencies.add(ms * 1_000_000L);
    }
    assertEquals(new Percentiles(100, 50, 95, 99, 100), latencies.percentiles());
  }

  @Test
  void percentiles_ofNothing_areNotANumber() {
    assertTrue(Double.isNaN(new Latencies(10).percentiles().p50Ms()));
  }

  @Test
  void timeline_withMoreTimeThanBuckets_mergesThemAndLosesNothing() {
    Timeline timeline = new Timeline(1_000, 10);
    for (int i = 0; i < 1_000; i++) {
      timeline.add(Arm.WINNOW, 1_000 + i * 7L, i % 3);
    }
    List<Timeline.Point> points = timeline.points();
    assertTrue(points.size() > 20 && points.size() <= 48, points.toString());
    for (Timeline.Point point : points) {
      assertNull(point.popularity());
      assertEquals(1, Objects.requireNonNull(point.winnow()), 0.2);
    }
  }

  @Test
  void arm_ofManyUsers_isHalfAndHalfAndDoesNotChange() {
    Seed seed = new Seed(1);
    long winnow =
        IntStream.range(0, 10_000)
            .filter(i -> Arm.of(new UserId("u" + i), seed) == Arm.WINNOW)
            .count();
    assertEquals(5_000.0, (double) winnow, 200);
    assertEquals(Arm.of(new UserId("u1"), seed), Arm.of(new UserId("u1"), seed));
  }

  @Test
  void stageMs_readsServerTiming() {
    assertEquals(
        Map.of("context", 0.5, "ranking", 3.25),
        ApiClient.stageMs("context;dur=0.500, ranking;dur=3.250"));
    assertEquals(Map.of(), ApiClient.stageMs(""));
  }
}
