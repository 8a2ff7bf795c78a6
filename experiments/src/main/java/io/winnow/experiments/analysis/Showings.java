package io.winnow.experiments.analysis;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Objectives;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Joins outcomes with what was shown, by event time: an outcome belongs to the newest showing of
 * its item to its user (of session units: in its session) that is not later than it, if it comes
 * within the application's window, and counts once for each showing and objective. Not thread-safe.
 *
 * <p>Showings are kept three days beyond the window, as long as there is room for them, since
 * outcomes may reach the log late; the oldest goes first. Of one item and user the newest {@value
 * #KEPT} are kept.
 */
final class Showings {
  private static final long LATE_MS = TimeUnit.DAYS.toMillis(3);

  /** So long is the walk to an outcome's showing at most. */
  private static final int KEPT = 8;

  private final List<Objectives.Objective> objectives;
  private final long withinMs;
  private final int max;
  private final Map<Long, Showing> newest = new HashMap<>();
  private final Deque<Showing> expiring = new ArrayDeque<>();

  Showings(Objectives objectives, int max) {
    this.objectives = objectives.list();
    this.withinMs = objectives.within().toMillis();
    this.max = max;
  }

  /** One item at one place of a slate. */
  static final class Showing {
    private final long key;
    final long timeMs;
    final int unit;
    final int item;
    final int position;
    final int team;
    final boolean concerned;
    private final long untilMs;
    private final boolean[] counted;
    private @Nullable Showing older;

    private Showing(
        long key,
        long timeMs,
        long untilMs,
        int unit,
        int item,
        int position,
        int team,
        boolean concerned,
        int objectives) {
      this.key = key;
      this.timeMs = timeMs;
      this.untilMs = untilMs;
      this.unit = unit;
      this.item = item;
      this.position = position;
      this.team = team;
      this.concerned = concerned;
      this.counted = new boolean[objectives];
    }
  }

  /** Receives what came of a showing. */
  @FunctionalInterface
  interface Outcomes {
    /**
     * Called for each event that belongs to a showing.
     *
     * @param worth what the event adds to the showing's worth: the weights of the objectives that
     *     it is the first to fulfil; 0 if none
     */
    void of(Showing showing, double worth);
  }

  /**
   * Begins to wait for outcomes.
   *
   * @param who hash of whom it was shown to
   * @param team the arm that gave the place, or -1
   * @param concerned whether its request was exposed to the experiment
   * @param untilMs outcomes from this time on belong to nothing if this showing is their newest
   * @throws WinnowException with {@code TOO_LARGE} beyond the bound
   */
  void show(
      long who,
      int unit,
      Event impression,
      int item,
      int position,
      int team,
      boolean concerned,
      long untilMs) {
    long horizonMs = impression.timeMs() - withinMs - LATE_MS;
    while (!expiring.isEmpty()
        && (expiring.size() >= max || expiring.peekFirst().timeMs < horizonMs)) {
      Showing oldest = expiring.removeFirst();
      if (impression.timeMs() - oldest.timeMs <= withinMs) {
        throw new WinnowException(
            ErrorCode.TOO_LARGE,
            "showings: more than %,d wait for outcomes at once (expected: fewer; shorten"
                    .formatted(max)
                + " objectives.within, or give the analysis more memory)");
      }
      unlink(oldest);
    }
    Showing showing =
        new Showing(
            Hashes.pair(who, Hashes.of(impression.item().value())),
            impression.timeMs(),
            untilMs,
            unit,
            item,
            position,
            team,
            concerned,
            objectives.size());
    link(showing);
    expiring.addLast(showing);
  }

  /** Puts a showing among those of its key, the newest first; of equal times the later come. */
  private void link(Showing showing) {
    Showing newer = null;
    Showing at = newest.get(showing.key);
    int before = 0;
    while (at != null && at.timeMs > showing.timeMs) {
      newer = at;
      at = at.older;
      before++;
    }
    showing.older = at;
    if (newer == null) {
      newest.put(showing.key, showing);
    } else {
      newer.older = showing;
    }
    Showing last = showing;
    for (int kept = before + 1; kept < KEPT && last.older != null; kept++) {
      last = last.older;
    }
    last.older = null;
  }

  private void unlink(Showing showing) {
    Showing at = newest.get(showing.key);
    if (at == showing) {
      if (showing.older == null) {
        newest.remove(showing.key);
      } else {
        newest.put(showing.key, showing.older);
      }
      return;
    }
    while (at != null && at.older != showing) {
      at = at.older;
    }
    // One that was pushed out by newer ones is no longer there.
    if (at != null) {
      at.older = showing.older;
    }
  }

  /** Takes an event in that is no impression. */
  void outcome(long who, Event event, Outcomes outcomes) {
    Showing showing = newest.get(Hashes.pair(who, Hashes.of(event.item().value())));
    while (showing != null && showing.timeMs > event.timeMs()) {
      showing = showing.older;
    }
    if (showing == null
        || event.timeMs() - showing.timeMs > withinMs
        || event.timeMs() >= showing.untilMs) {
      return;
    }
    double worth = 0;
    for (int t = 0; t < showing.counted.length; t++) {
      if (!showing.counted[t] && objectives.get(t).when().test(event)) {
        showing.counted[t] = true;
        worth += objectives.get(t).weight();
      }
    }
    outcomes.of(showing, worth);
  }
}
