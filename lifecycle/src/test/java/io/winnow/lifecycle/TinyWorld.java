package io.winnow.lifecycle;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.events.LogFold;
import io.winnow.models.encoder.EncoderConfig;
import io.winnow.models.ranker.RankerConfig;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

/**
 * A generated log for {@link TestApplications#clips}: 40 users, each fond of one of 3 categories,
 * click and watch 66 items, of which the last 6 appear late. An event every ten minutes.
 */
public final class TinyWorld {
  /** When the world begins: 2026-01-01. */
  public static final long BEGIN_MS = 1_767_225_600_000L;

  /** Between two visits. */
  public static final long STEP_MS = 600_000;

  private static final int USERS = 40;
  private static final int ITEMS = 60;
  private static final int LATE_ITEMS = 6;

  private TinyWorld() {}

  /** What {@code visits} visits leave in the log: each a click, every second with a watch. */
  public static List<LogRecord> records(int visits) {
    RandomGenerator random = new Seed(7).generator("tiny world");
    List<LogRecord> records = new ArrayList<>();
    for (int item = 0; item < ITEMS; item++) {
      records.add(put(item, BEGIN_MS));
    }
    List<Set<Integer>> had = new ArrayList<>();
    for (int user = 0; user < USERS; user++) {
      had.add(new HashSet<>());
    }
    int items = ITEMS;
    for (int visit = 0; visit < visits; visit++) {
      long timeMs = BEGIN_MS + (visit + 1) * STEP_MS;
      if (visit >= 400 && visit % 50 == 0 && items < ITEMS + LATE_ITEMS) {
        records.add(put(items++, timeMs));
      }
      int user = random.nextInt(USERS);
      int item = random.nextInt(items);
      if (random.nextInt(10) < 8) {
        item = item - item % 3 + user % 3;
      }
      if (item >= items || !had.get(user).add(item)) {
        continue;
      }
      records.add(event("click", visit, user, item, timeMs, Double.NaN));
      if (visit % 2 == 0) {
        records.add(
            event("watch", visit, user, item, timeMs + 1000, 10 + random.nextDouble() * 50));
      }
    }
    return records;
  }

  /** Applies records behind those that a store has. */
  public static void append(LogFold store, List<LogRecord> records) {
    long first = store.appliedOffset();
    store.apply(LongStream.range(first, first + records.size()).toArray(), records);
  }

  private static LogRecord put(int item, long timeMs) {
    return new LogRecord.ItemPut(
        new ItemId("i" + item),
        Map.of("category", new AttributeValue.Text("c" + item % 3)),
        true,
        timeMs);
  }

  private static LogRecord event(
      String type, int visit, int user, int item, long timeMs, double value) {
    return new LogRecord.Happened(
        new Event(
            type + visit, type, new UserId("u" + user), new ItemId("i" + item), timeMs, value));
  }

  /** A training of seconds. */
  public static TrainerConfig config(long seed) {
    TrainerConfig defaults = TrainerConfig.defaults(seed, 2);
    EncoderConfig encoder =
        new EncoderConfig(
            new EncoderConfig.Network(8, 1, 1, 10, 0.1),
            new EncoderConfig.Sampling(32, 0.75, 0.3, 0.1),
            new EncoderConfig.Training(256, 2, 2, 5e-3, 0.01, 0.998, 1000));
    return new TrainerConfig(
        seed,
        2,
        new TrainerConfig.Split(0.2, 100, 50, 20, 100, true, 6),
        encoder,
        encoder.withLimits(1, 1000),
        defaults.linear(),
        new RankerConfig(
            new RankerConfig.Network(8, 8, 1, 1, 0.1),
            new RankerConfig.Training(2048, 1, 2e-3, 0.01, 0.5, 0.2, 1000)));
  }
}
