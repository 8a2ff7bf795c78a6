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
 * @param startMs declared, or the first exposure
 * @param endMs when the plan ends
 * @param nowMs as of when
 * @param status where it is
 * @param looks how many looks are planned; 0 where one may look at any time
 * @param due when the primary metric is written down: at each planned look, and each day for the
 *     plot; oldest first
 */
record Course(
    long startMs, long endMs, long nowMs, Status status, int looks, List<OutcomePass.Due> due) {
  private static final int POINTS_MAX = 60;
  private static final long DAY_MS = TimeUnit.DAYS.toMillis(1);

  Course {
    due = List.copyOf(due);
  }

  /** The course of an experiment whose units came at these times. */
  static Course of(Experiment experiment, Units units, long nowMs) {
    Instant from = experiment.population().from();
    long startMs = from == null ? firstMs(units, nowMs) : from.toEpochMilli();
    long durationMs = experiment.plan().duration().toMillis();
    long endMs = startMs + durationMs;
    Instant until = experiment.population().until();
    Status status =
        units.size() == 0
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
      case Experiment.Looks.Always _ -> {}
    }
    List<OutcomePass.Due> due = new ArrayList<>();
    times.forEach((t, look) -> due.add(new OutcomePass.Due(t, look)));
    return new Course(startMs, endMs, nowMs, status, looks, due);
  }

  private static long firstMs(Units units, long nowMs) {
    long first = nowMs;
    for (int unit = 0; unit < units.size(); unit++) {
      first = Math.min(first, units.firstMs(unit));
    }
    return first;
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
