package io.winnow.lifecycle.cadence;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.evaluation.ChoiceComparison;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Which windows are asked, and where the log is cut for the releases that answer. Windows end at
 * the log's end and lie apart by one of the ages where there is room, so that a training serves
 * several windows at different ages.
 */
final class CadenceWindows {
  private static final long DAY_MS = 86_400_000;

  /** Fewer choices say nothing: a closed shop's Saturday is passed over. */
  private static final int MIN_CHOICES = 30;

  /** How much of the log lies before the first cut at least. */
  private static final double MIN_HISTORY = 1.0 / 3;

  private CadenceWindows() {}

  /**
   * A window and its cuts.
   *
   * @param fromMs its begin
   * @param toMs its end
   * @param from index of its first choice
   * @param to behind its last one
   * @param cuts for the fresh release and then for each age, how many choices lie before
   */
  record Planned(long fromMs, long toMs, int from, int to, List<Integer> cuts) {}

  /**
   * Plans the windows, oldest first.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if the log is too short
   */
  static List<Planned> plan(ChoiceComparison log, CadenceOptions options) {
    if (log.choices() == 0) {
      throw WinnowException.invalid("events", "no outcome of an objective", "choices to predict");
    }
    long beginMs = log.timeMs(0);
    long endMs = log.timeMs(log.choices() - 1) + 1;
    long windowMs = options.windowDays() * DAY_MS;
    long lagMs = options.maxLagDays() * DAY_MS;
    double roomMs = (1 - MIN_HISTORY) * (endMs - beginMs) - lagMs - windowMs;
    long spacingMs = spacing(options, roomMs);
    if (roomMs < 0 || spacingMs < windowMs) {
      throw tooShort(options, beginMs, endMs);
    }
    List<Planned> planned = new ArrayList<>();
    long beforeMs = endMs;
    for (int w = 0; w < options.cuts(); w++) {
      long fromMs = Math.min(endMs - windowMs - w * spacingMs, beforeMs - windowMs);
      while (choices(log, fromMs, fromMs + windowMs) < MIN_CHOICES) {
        fromMs -= DAY_MS;
        if (fromMs - lagMs < beginMs + MIN_HISTORY * (endMs - beginMs) - windowMs) {
          throw tooShort(options, beginMs, endMs);
        }
      }
      planned.addFirst(window(log, options, fromMs, fromMs + windowMs));
      beforeMs = fromMs;
    }
    return planned;
  }

  /** The largest age that leaves room for all windows, else what divides the room evenly. */
  private static long spacing(CadenceOptions options, double roomMs) {
    if (options.cuts() == 1) {
      return options.windowDays() * DAY_MS;
    }
    int gaps = options.cuts() - 1;
    for (int lag : options.lagsDays().reversed()) {
      if (gaps * (double) lag * DAY_MS <= roomMs) {
        return lag * DAY_MS;
      }
    }
    return (long) (roomMs / gaps);
  }

  private static WinnowException tooShort(CadenceOptions options, long beginMs, long endMs) {
    String length = "%.1f days of log".formatted((endMs - beginMs) / (double) DAY_MS);
    double share = 1 - MIN_HISTORY;
    double needed = (options.maxLagDays() + (double) options.cuts() * options.windowDays()) / share;
    return WinnowException.invalid(
        List.of(
            new Problem(
                "cuts, lags",
                "%d cuts, lags up to %d days, with %s"
                    .formatted(options.cuts(), options.maxLagDays(), length),
                ("fewer or smaller ones, or at least %.0f days of choices: a third of the log lies"
                        + " before the first cut, and each window holds %d choices or more")
                    .formatted(needed, MIN_CHOICES))));
  }

  private static Planned window(
      ChoiceComparison log, CadenceOptions options, long fromMs, long toMs) {
    List<Integer> cuts = new ArrayList<>();
    cuts.add(first(log, fromMs));
    for (int lag : options.lagsDays()) {
      cuts.add(first(log, fromMs - lag * DAY_MS));
    }
    return new Planned(fromMs, toMs, first(log, fromMs), first(log, toMs), cuts);
  }

  private static int choices(ChoiceComparison log, long fromMs, long toMs) {
    return first(log, toMs) - first(log, fromMs);
  }

  /** The first choice at or behind a time, in log order: late events do not move a cut back. */
  private static int first(ChoiceComparison log, long timeMs) {
    for (int i = 0; i < log.choices(); i++) {
      if (log.timeMs(i) >= timeMs) {
        return i;
      }
    }
    return log.choices();
  }

  /** The different cuts of all windows, ascending: what has to be trained. */
  static TreeSet<Integer> cuts(List<Planned> windows) {
    TreeSet<Integer> cuts = new TreeSet<>();
    windows.forEach(window -> cuts.addAll(window.cuts()));
    return cuts;
  }
}
