package io.winnow.benchmarks.rollout;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Clicks per slate over time, in buckets. Intervals are those of independent slates. Not
 * thread-safe.
 */
public final class ClickCurve {
  private static final double CRITICAL = 1.96;

  private final long originMs;
  private final long bucketMs;
  private final Map<Long, Sums> buckets = new TreeMap<>();

  /**
   * @param originMs the beginning of bucket 0, epoch milliseconds
   */
  public ClickCurve(long originMs, long bucketMs) {
    this.originMs = originMs;
    this.bucketMs = bucketMs;
  }

  private static final class Sums {
    private long slates;
    private double clicks;
    private double squares;
  }

  /**
   * A stretch of time.
   *
   * @param day its middle, in days from the origin on
   * @param clicks per slate; NaN without slates
   * @param halfWidth of the interval of 95 %
   */
  public record Point(double day, long slates, double clicks, double halfWidth) {}

  /** Counts a slate. */
  public void add(long timeMs, int clicks) {
    Sums sums =
        buckets.computeIfAbsent(Math.floorDiv(timeMs - originMs, bucketMs), _ -> new Sums());
    sums.slates++;
    sums.clicks += clicks;
    sums.squares += (double) clicks * clicks;
  }

  /** All buckets with slates, in order of time. */
  public List<Point> points() {
    List<Point> points = new ArrayList<>();
    buckets.forEach((bucket, sums) -> points.add(point((bucket + 0.5) * days(), List.of(sums))));
    return points;
  }

  /**
   * What lies between two times, in days from the origin on: whole buckets that begin at or after
   * the first and before the second.
   */
  public Point between(double fromDay, double toDay) {
    List<Sums> inside = new ArrayList<>();
    buckets.forEach((bucket, sums) -> {
      double begins = bucket * days();
      if (begins >= fromDay - 1e-9 && begins < toDay - 1e-9) {
        inside.add(sums);
      }
    });
    return point((fromDay + toDay) / 2, inside);
  }

  private double days() {
    return bucketMs / 86_400_000.0;
  }

  private static Point point(double day, List<Sums> all) {
    long slates = 0;
    double clicks = 0;
    double squares = 0;
    for (Sums sums : all) {
      slates += sums.slates;
      clicks += sums.clicks;
      squares += sums.squares;
    }
    double mean = clicks / slates;
    double variance = Math.max(0, squares / slates - mean * mean);
    return new Point(day, slates, mean, CRITICAL * Math.sqrt(variance / slates));
  }
}
