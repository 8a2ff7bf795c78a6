package io.winnow.app.demo;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Clicks per slate over time by arm, in buckets of equal width. When there are too many of them,
 * each two become one, so that memory is bounded. Not thread-safe.
 */
final class Timeline {
  private static final int MAX_BUCKETS = 48;

  private final long startMs;
  private long widthMs;
  private List<long[]> buckets = new ArrayList<>();

  /**
   * @param startMs nothing is added before
   * @param widthMs of a bucket, to begin with
   */
  Timeline(long startMs, long widthMs) {
    this.startMs = startMs;
    this.widthMs = widthMs;
  }

  /**
   * One bucket.
   *
   * @param winnow clicks per slate, null without slates
   * @param popularity likewise
   */
  public record Point(long timeMs, @Nullable Double winnow, @Nullable Double popularity) {}

  /** Adds a slate. */
  void add(Arm arm, long timeMs, int clicks) {
    while ((timeMs - startMs) / widthMs >= MAX_BUCKETS) {
      halve();
    }
    int index = (int) ((timeMs - startMs) / widthMs);
    while (buckets.size() <= index) {
      buckets.add(new long[2 * Arm.values().length]);
    }
    long[] bucket = buckets.get(index);
    bucket[2 * arm.ordinal()]++;
    bucket[2 * arm.ordinal() + 1] += clicks;
  }

  private void halve() {
    List<long[]> halved = new ArrayList<>();
    for (int i = 0; i < buckets.size(); i++) {
      if (i % 2 == 0) {
        halved.add(buckets.get(i));
      } else {
        for (int k = 0; k < buckets.get(i).length; k++) {
          halved.getLast()[k] += buckets.get(i)[k];
        }
      }
    }
    buckets = halved;
    widthMs *= 2;
  }

  /** The buckets so far, each with the time in its middle. */
  List<Point> points() {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < buckets.size(); i++) {
      long[] bucket = buckets.get(i);
      points.add(
          new Point(
              startMs + i * widthMs + widthMs / 2,
              rate(bucket, Arm.WINNOW),
              rate(bucket, Arm.POPULARITY)));
    }
    return points;
  }

  private static @Nullable Double rate(long[] bucket, Arm arm) {
    long slates = bucket[2 * arm.ordinal()];
    return slates == 0 ? null : (double) bucket[2 * arm.ordinal() + 1] / slates;
  }
}
