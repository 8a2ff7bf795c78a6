package io.winnow.experiments.analysis;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Objectives;
import io.winnow.events.LastTouch;
import java.util.List;

/**
 * Joins outcomes with what was shown ({@link LastTouch}): the key is the item and its user (of
 * session units: the session). An outcome counts once for each showing and objective. Not
 * thread-safe.
 *
 * <p>Showings are kept three days beyond the window, as long as there is room for them, since
 * outcomes may reach the log late; the first come goes first.
 */
final class Showings {
  private final List<Objectives.Objective> objectives;
  private final long withinMs;
  private final int max;
  private final LastTouch<Long, Showing> showings;

  Showings(Objectives objectives, int max) {
    this.objectives = objectives.list();
    this.withinMs = objectives.within().toMillis();
    this.max = max;
    this.showings = new LastTouch<>(objectives.within(), LastTouch.LATE);
  }

  /** One item at one place of a slate. */
  static final class Showing {
    final long timeMs;
    final int unit;
    final int item;
    final int position;
    final int team;
    final boolean concerned;
    private final long untilMs;
    private final boolean[] counted;

    private Showing(
        long timeMs,
        long untilMs,
        int unit,
        int item,
        int position,
        int team,
        boolean concerned,
        int objectives) {
      this.untilMs = untilMs;
      this.timeMs = timeMs;
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
    showings.expire(impression.timeMs());
    while (showings.size() >= max) {
      if (showings.firstAgoMs(impression.timeMs()) <= withinMs) {
        throw new WinnowException(
            ErrorCode.TOO_LARGE,
            "showings: more than %,d wait for outcomes at once (expected: fewer; shorten"
                    .formatted(max)
                + " objectives.within, or give the analysis more memory)");
      }
      showings.forgetFirst();
    }
    showings.show(
        Hashes.pair(who, Hashes.of(impression.item().value())),
        impression.timeMs(),
        new Showing(
            impression.timeMs(),
            untilMs,
            unit,
            item,
            position,
            team,
            concerned,
            objectives.size()));
  }

  /** Takes an event in that is no impression. */
  void outcome(long who, Event event, Outcomes outcomes) {
    Showing showing =
        showings.of(Hashes.pair(who, Hashes.of(event.item().value())), event.timeMs());
    if (showing == null || event.timeMs() >= showing.untilMs) {
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
