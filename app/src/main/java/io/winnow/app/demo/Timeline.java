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
  private List<Bucket> buckets = new ArrayList<>();

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

  /** Slates and clicks of one arm in one bucket. */
  private static final class Tally {
    private long slates;
    private long clicks;

    void add(Tally other) {
      slates += other.slates;
      clicks += other.clicks;
    }

    @Nullable Double rate() {
      return slates == 0 ? null : (double) clicks / slates;
    }
  }

  private record Bucket(Tally winnow, Tally popularity) {
    Bucket() {
      this(new Tally(), new Tally());
    }

    Tally of(Arm arm) {
      return switch (arm) {
        case WINNOW -> winnow;
        case POPULARITY -> popularity;
      };
    }
  }

  /** Adds a slate. */
  void add(Arm arm, long timeMs, int clicks) {
    while ((timeMs - startMs) / widthMs >= MAX_BUCKETS) {
      halve();
    }
    int index = (int) ((timeMs - startMs) / widthMs);
    while (buckets.size() <= index) {
      buckets.add(new Bucket());
    }
    Tally tally = buckets.get(index).of(arm);
    tally.slates++;
    tally.clicks += clicks;
  }

  private void halve() {
    List<Bucket> halved = new ArrayList<>();
    for (int i = 0; i < buckets.size(); i++) {
      if (i % 2 == 0) {
        halved.add(new Bucket());
      }
      halved.getLast().winnow().add(buckets.get(i).winnow());
      halved.getLast().popularity().add(buckets.get(i).popularity());
    }
    buckets = halved;
    widthMs *= 2;
  }

  /** The buckets so far, each with the time in its middle. */
  List<Point> points() {
    List<Point> points = new ArrayList<>();
    for (int i = 0; i < buckets.size(); i++) {
      Bucket bucket = buckets.get(i);
      points.add(
          new Point(
              startMs + i * widthMs + widthMs / 2,
              bucket.winnow().rate(),
              bucket.popularity().rate()));
    }
    return points;
  }
}
