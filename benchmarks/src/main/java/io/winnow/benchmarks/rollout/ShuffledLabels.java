package io.winnow.benchmarks.rollout;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.events.RecordSource;
import java.util.random.RandomGenerator;

/**
 * A log in which a share of the outcomes belongs to other items than the users chose: to those that
 * the outcomes before were about, as where two tables were joined by a wrong key.
 *
 * <p>Each replay gives the same records.
 */
public final class ShuffledLabels implements RecordSource {
  /** How many outcomes back the wrong item may come from. */
  private static final int BACK = 64;

  private final RecordSource records;
  private final double share;
  private final Seed seed;

  /**
   * @param share of outcomes, in [0, 1]
   */
  public ShuffledLabels(RecordSource records, double share, Seed seed) {
    this.records = records;
    this.share = share;
    this.seed = seed;
  }

  @Override
  public long endOffset() {
    return records.endOffset();
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    ItemId[] last = new ItemId[BACK];
    int[] seen = {0};
    records.replay(
        0,
        to,
        (offset, record) -> {
          LogRecord told = record;
          if (record instanceof LogRecord.Happened(Event event) && event.impression() == null) {
            told = new LogRecord.Happened(mixUp(offset, event, last, seen[0]));
            last[seen[0]++ % BACK] = event.item();
          }
          if (offset >= from) {
            visitor.visit(offset, told);
          }
        });
  }

  private Event mixUp(long offset, Event event, ItemId[] last, int seen) {
    RandomGenerator random = seed.generator("outcome-" + offset);
    if (seen == 0 || random.nextDouble() >= share) {
      return event;
    }
    return new Event(
        event.id(),
        event.type(),
        event.user(),
        last[random.nextInt(Math.min(seen, BACK))],
        event.timeMs(),
        event.value(),
        event.requestId(),
        null);
  }
}
