package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import io.winnow.experiments.analysis.ExperimentReport.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * The experiment in time.
 *
 * @param startMs declared, or the first exposure of any unit
 * @param endMs when the plan ends
 * @param nowMs as of when
 * @param status where it is
 * @param looks how many looks are planned; 0 where one may look at any time
 * @param due when the primary metric is written down: at each planned look, and each day for the
 *     plot; at any time, also in the first hours; oldest first
 */
record Course(
    long startMs, long endMs, long nowMs, Status status, int looks, List<OutcomePass.Due> due) {
  private static final int POINTS_MAX = 60;
  private static final long EARLIEST_MS = TimeUnit.MINUTES.toMillis(15);
  private static final double EARLY_GROWTH = Math.sqrt(2);
  private static final long DAY_MS = TimeUnit.DAYS.toMillis(1);

  Course {
    due = List.copyOf(due);
  }

  /**
   * The course of an experiment.
   *
   * @param firstMs of the first exposure; the largest long before any
   */
  static Course of(Experiment experiment, long firstMs, long nowMs) {
    Instant from = experiment.population().from();
    long startMs = from == null ? Math.min(firstMs, nowMs) : from.toEpochMilli();
    long durationMs = experiment.plan().duration().toMillis();
    long endMs = startMs + durationMs;
    Instant until = experiment.population().until();
    Status status =
        firstMs == Long.MAX_VALUE
            ? Status.WAITING
            : nowMs >= endMs || (until != null && nowMs >= until.toEpochMilli())
                ? Status.ENDED
                : Status.RUNNING;
    TreeMap<Long, Integer> times = new TreeMap<>();
    // Follows the plan to its end; what comes later is told by the report's own figures.
    long lastMs = Math.min(nowMs, endMs);
    long step = DAY_MS * Math.max(1, Math.ceilDiv(durationMs, DAY_MS * POINTS_MAX));
    for (long t = startMs + step; t <= lastMs; t += step) {
      times.put(t, 0);
    }
    int looks = 0;
    switch (experiment.plan().looks()) {
      case Experiment.Looks.Planned(int count) -> {
        looks = count;
        for (int k = 1; k <= count; k++) {
          long t = startMs + (long) ((double) durationMs * k / count);
          if (t <= nowMs) {
            times.put(t, k);
          }
        }
      }
      case Experiment.Looks.Always _ -> early(startMs, Math.min(step, lastMs - startMs), times);
    }
    if (nowMs >= endMs) {
      times.putIfAbsent(endMs, 0);
    }
    List<OutcomePass.Due> due = new ArrayList<>();
    times.forEach((t, look) -> due.add(new OutcomePass.Due(t, look)));
    return new Course(startMs, endMs, nowMs, status, looks, due);
  }

  /**
   * Looks at ever longer times before the first daily one: with many units a day has more
   * information than is planned, and the rule finds most up to where the plan ends.
   */
  private static void early(long startMs, long untilMs, TreeMap<Long, Integer> times) {
    for (double after = EARLIEST_MS; after < untilMs; after *= EARLY_GROWTH) {
      times.put(startMs + (long) after, 0);
    }
  }

  /** How many planned looks have come. */
  int looksDue() {
    return (int) due.stream().filter(at -> at.look() > 0).count();
  }

  /** The share of the plan's time that is over, in [0, 1]. */
  double fraction() {
    return Math.clamp((double) (nowMs - startMs) / (endMs - startMs), 0, 1);
  }
}
