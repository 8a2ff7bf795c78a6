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

/**
 * Joins outcomes with what was shown, as training does: an outcome belongs to the newest showing of
 * its item to its user (of session units: in its session) if it comes within the application's
 * window, and counts once for each showing and objective. Not thread-safe.
 *
 * <p>Showings are kept beyond the window as long as there is room for them, since outcomes may reach
 * the log late; the oldest goes first.
 */
final class Showings {
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
    private final boolean[] counted;

    private Showing(
        long key, long timeMs, int unit, int item, int position, int team, int objectives) {
      this.key = key;
      this.timeMs = timeMs;
      this.unit = unit;
      this.item = item;
      this.position = position;
      this.team = team;
      this.counted = new boolean[objectives];
    }
  }

  /** Receives what came of a showing. */
  @FunctionalInterface
  interface Outcomes {
    /**
     * Called for each event that belongs to a showing.
     *
     * @param worth what the event adds to the showing's worth: the weights of the objectives that it
     *     is the first to fulfil; 0 if none
     */
    void of(Showing showing, double worth);
  }

  /**
   * Begins to wait for outcomes.
   *
   * @param who hash of whom it was shown to
   * @param team the arm that gave the place, or -1
   * @throws WinnowException with {@code TOO_LARGE} beyond the bound
   */
  void show(long who, int unit, Event impression, int item, int position, int team) {
    if (expiring.size() >= max) {
      Showing oldest = expiring.removeFirst();
      if (impression.timeMs() - oldest.timeMs <= withinMs) {
        throw new WinnowException(
            ErrorCode.TOO_LARGE,
            "showings: more than %,d wait for outcomes at once (expected: fewer; shorten"
                    .formatted(max)
                + " objectives.within, or give the analysis more memory)");
      }
      newest.remove(oldest.key, oldest);
    }
    Showing showing =
        new Showing(
            Hashes.pair(who, Hashes.of(impression.item().value())),
            impression.timeMs(),
            unit,
            item,
            position,
            team,
            objectives.size());
    newest.put(showing.key, showing);
    expiring.addLast(showing);
  }

  /** Takes an event in that is no impression. */
  void outcome(long who, Event event, Outcomes outcomes) {
    Showing showing = newest.get(Hashes.pair(who, Hashes.of(event.item().value())));
    if (showing == null) {
      return;
    }
    long delayMs = event.timeMs() - showing.timeMs;
    if (delayMs < 0 || delayMs > withinMs) {
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
