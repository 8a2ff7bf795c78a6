package io.winnow.lifecycle;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import io.winnow.core.application.Objectives;
import io.winnow.events.LastTouch;

/**
 * Joins what was shown or chosen with what came of it, within the application's attribution window.
 *
 * <p>An outcome belongs to the newest showing of its item to its user that is not later than it
 * ({@link LastTouch}); one whose record comes when showings of a window later have come is not
 * waited for. Labels may know what happened after a request; features may not. Memory is bounded by
 * the showings within one window. Not thread-safe.
 */
public final class OutcomeJoin {
  private final Objectives objectives;
  private final LastTouch<Pair, float[]> showings;
  private long settled;

  /** A join that has seen nothing. */
  public OutcomeJoin(Objectives objectives) {
    this.objectives = objectives;
    this.showings = new LastTouch<>(objectives.within());
  }

  private record Pair(UserId user, ItemId item) {}

  /**
   * Begins to wait for outcomes.
   *
   * @return labels, shape (T), all 0 now; later outcomes set theirs to 1
   */
  public float[] show(UserId user, ItemId item, long timeMs) {
    settled += showings.expire(timeMs);
    float[] labels = new float[objectives.list().size()];
    showings.show(new Pair(user, item), timeMs, labels);
    return labels;
  }

  /**
   * How many showings, counted from the first, are through: whatever comes, their labels stay as
   * they are.
   */
  public long settled() {
    return settled;
  }

  /** Takes an event in that is no impression. */
  public void outcome(Event event) {
    float[] labels = showings.of(new Pair(event.user(), event.item()), event.timeMs());
    if (labels == null) {
      return;
    }
    for (int t = 0; t < labels.length; t++) {
      if (objectives.list().get(t).when().test(event)) {
        labels[t] = 1;
      }
    }
  }
}
