package io.winnow.lifecycle;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import io.winnow.core.application.Objectives;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Joins what was shown or chosen with what came of it, within the application's attribution window.
 *
 * <p>An outcome belongs to the newest showing of its item to its user. Labels may know what
 * happened after a request; features may not. Memory is bounded by the showings within one window.
 * Not thread-safe.
 */
public final class OutcomeJoin {
  private final Objectives objectives;
  private final Map<Pair, Showing> newest = new HashMap<>();
  private final Deque<Showing> expiring = new ArrayDeque<>();
  private long settled;

  /** A join that has seen nothing. */
  public OutcomeJoin(Objectives objectives) {
    this.objectives = objectives;
  }

  private record Pair(UserId user, ItemId item) {}

  private record Showing(Pair pair, long timeMs, float[] labels) {}

  /**
   * Begins to wait for outcomes.
   *
   * @return labels, shape (T), all 0 now; later outcomes set theirs to 1
   */
  public float[] show(UserId user, ItemId item, long timeMs) {
    long horizonMs = timeMs - objectives.within().toMillis();
    while (!expiring.isEmpty() && expiring.peekFirst().timeMs() < horizonMs) {
      Showing expired = expiring.removeFirst();
      newest.remove(expired.pair(), expired);
      settled++;
    }
    Showing showing =
        new Showing(new Pair(user, item), timeMs, new float[objectives.list().size()]);
    newest.put(showing.pair(), showing);
    expiring.addLast(showing);
    return showing.labels();
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
    Showing showing = newest.get(new Pair(event.user(), event.item()));
    if (showing == null) {
      return;
    }
    long delayMs = event.timeMs() - showing.timeMs();
    if (delayMs < 0 || delayMs > objectives.within().toMillis()) {
      return;
    }
    for (int t = 0; t < showing.labels().length; t++) {
      if (objectives.list().get(t).when().test(event)) {
        showing.labels()[t] = 1;
      }
    }
  }
}
