package io.winnow.lifecycle.offpolicy;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.Objectives;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.OutcomeJoin;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Collects the slates of a log with their propensities and what became of them, or a sample of them
 * that depends on request ids and seed alone. A visitor of records in log order; not thread-safe.
 */
final class LoggedSlates implements RecordSource.Visitor {
  private final Objectives objectives;
  private final long fromOffset;
  private final int limit;
  private final Seed seed;
  private final OutcomeJoin outcomes;
  private final Map<String, Slate> slates = new HashMap<>();
  private final PriorityQueue<Slate> heaviest =
      new PriorityQueue<>(Comparator.comparingLong(Slate::lot).reversed());
  private long bound = Long.MAX_VALUE;
  private long newestMs = Long.MIN_VALUE;

  /**
   * @param fromOffset slates before it only decide what outcomes belong to
   * @param limit how many slates to keep
   */
  LoggedSlates(Objectives objectives, long fromOffset, int limit, Seed seed) {
    this.objectives = objectives;
    this.fromOffset = fromOffset;
    this.limit = limit;
    this.seed = seed;
    this.outcomes = new OutcomeJoin(objectives);
  }

  @Override
  public void visit(long offset, LogRecord record) {
    if (record instanceof LogRecord.Exposed) {
      newestMs = Math.max(newestMs, record.timeMs());
    }
    if (record instanceof LogRecord.Happened(Event event)) {
      Impression impression = event.impression();
      if (impression == null) {
        outcomes.outcome(event);
        return;
      }
      newestMs = Math.max(newestMs, event.timeMs());
      float[] labels = outcomes.show(event.user(), event.item(), event.timeMs());
      if (offset >= fromOffset) {
        show(offset, event, impression, labels);
      }
    }
  }

  private void show(long offset, Event event, Impression impression, float[] labels) {
    Slate slate = slates.get(impression.requestId());
    if (slate == null) {
      long lot = seed.derive(impression.requestId()).value();
      if (lot >= bound) {
        return;
      }
      boolean ranked = impression.features().length > 0;
      slate =
          new Slate(
              impression.requestId(),
              event.user(),
              event.timeMs(),
              ranked ? impression.asOfOffset() : offset,
              ranked,
              lot,
              new ArrayList<>());
      slates.put(slate.requestId(), slate);
      heaviest.add(slate);
      if (heaviest.size() > limit) {
        Slate dropped = heaviest.remove();
        slates.remove(dropped.requestId());
        bound = dropped.lot();
      }
    }
    slate
        .shown()
        .add(new Shown(event.item(), impression.position(), impression.propensity(), labels));
  }

  /**
   * The slates that can be judged, oldest first: whole, with all their outcomes in by the time of
   * the newest record that a server wrote (clients' clocks may run ahead), and ranked by a release
   * rather than by what stood in for one that was late. Logs of other systems do not say what was
   * ranked; there all are taken.
   */
  List<Slate> usable() {
    long settledMs = newestMs - objectives.within().toMillis();
    boolean own = slates.values().stream().anyMatch(Slate::ranked);
    return slates.values().stream()
        .filter(slate -> slate.timeMs() <= settledMs && slate.whole() && (slate.ranked() || !own))
        .sorted(Comparator.comparingLong(Slate::asOfOffset).thenComparing(Slate::requestId))
        .toList();
  }

  /** How many slates were collected. */
  int size() {
    return slates.size();
  }

  /**
   * A request and what was shown.
   *
   * @param ranked whether the log says by which feature values
   * @param lot decides whether the sample holds it
   */
  record Slate(
      String requestId,
      UserId user,
      long timeMs,
      long asOfOffset,
      boolean ranked,
      long lot,
      List<Shown> shown) {
    /** Whether there is one item for each place, in order. */
    boolean whole() {
      for (int place = 0; place < shown.size(); place++) {
        if (shown.get(place).position() != place) {
          return false;
        }
      }
      return true;
    }

    List<ItemId> items() {
      return shown.stream().map(Shown::item).toList();
    }
  }

  /**
   * An item at its place.
   *
   * @param labels which outcomes followed, shape (T)
   */
  record Shown(ItemId item, int position, double propensity, float[] labels) {}
}
