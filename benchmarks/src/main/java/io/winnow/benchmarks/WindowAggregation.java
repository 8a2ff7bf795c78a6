package io.winnow.benchmarks;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLog.Verdict;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.features.EmbeddedConfig;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

/**
 * How many events a second the fold takes into windows of a minute, an hour and a day, counts and
 * sums a user, with one event in twenty out of order. The whole fold runs: histories, catalogue and
 * item statistics too. Each event waits for the memory that its user's state lies in, so the number
 * of users and how evenly they act decide.
 */
final class WindowAggregation {
  private static final String APPLICATION =
      """
      application: windows
      events: { watch: { value: seconds } }
      features:
        user:
          watches: count(watch) over 1m, 1h, 1d
          seconds: sum(watch.value) over 1m, 1h, 1d
      """;

  private static final int BATCH = 1_000;
  private static final int WRITERS = 4;
  private static final int ITEMS = 20_000;
  private static final double LATE_SHARE = 0.05;
  private static final int LATE_MS_MAX = 600_000;
  private static final int GAP_MS_MAX = 20;
  private static final long START_MS = 1_772_323_200_000L;

  private final ApplicationDefinition application =
      ApplicationFile.parse(APPLICATION, "windows.yaml", Map.of()).definition();
  private final List<LogRecord> records;

  /**
   * Makes the events.
   *
   * @param events how many
   * @param users how many act
   * @param skew power of a uniform number that draws users and items: 1 for evenly, 3 so that a
   *     tenth of them has nearly half of the events
   */
  WindowAggregation(int events, int users, double skew, Seed seed) {
    RandomGenerator random = seed.generator("windows");
    records = new ArrayList<>(events);
    long nowMs = START_MS;
    for (int i = 0; i < events; i++) {
      nowMs += random.nextInt(GAP_MS_MAX);
      boolean late = random.nextDouble() < LATE_SHARE;
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + i,
                  "watch",
                  new UserId("user-" + drawn(random, users, skew)),
                  new ItemId("item-" + drawn(random, ITEMS, skew)),
                  late ? nowMs - random.nextInt(LATE_MS_MAX) : nowMs,
                  random.nextInt(3_000) / 10.0)));
    }
  }

  private static int drawn(RandomGenerator random, int bound, double skew) {
    return (int) (bound * Math.pow(random.nextDouble(), skew));
  }

  /**
   * Events a second of this thread's processor time, in memory, once the first half is taken in.
   */
  double inMemory() {
    int half = records.size() / 2 / BATCH * BATCH;
    try (OnlineStore store = OnlineStores.inMemory(application)) {
      long start = 0;
      for (int from = 0; from < records.size(); from += BATCH) {
        if (from == half) {
          start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        }
        int to = Math.min(records.size(), from + BATCH);
        store.apply(LongStream.range(from, to).toArray(), records.subList(from, to));
      }
      long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
      return (records.size() - half) * 1e9 / nanos;
    }
  }

  /**
   * Events a second through the log and the embedded store: each is on disk and in the store when
   * its append returns, and the time ends when the store has written all of its state.
   *
   * @param folder takes both; must be empty or missing
   */
  double durable(Path folder) {
    long endMs = START_MS + (long) GAP_MS_MAX * records.size();
    long start = System.nanoTime();
    try (OnlineStore store =
            OnlineStores.embedded(application, folder.resolve("features"), EmbeddedConfig.DEFAULT);
        EventLog log =
            EventLogs.open(
                EventLogConfig.in(folder.resolve("log")),
                application.schema(),
                () -> endMs,
                List.of(store))) {
      AtomicInteger next = new AtomicInteger();
      try (ExecutorService writers = Executors.newFixedThreadPool(WRITERS)) {
        for (int writer = 0; writer < WRITERS; writer++) {
          writers.execute(() -> {
            for (int from = next.getAndAdd(BATCH);
                from < records.size();
                from = next.getAndAdd(BATCH)) {
              append(log, records.subList(from, Math.min(records.size(), from + BATCH)));
            }
          });
        }
      }
      if (store.appliedOffset() != records.size()) {
        throw new IllegalStateException(
            "applied: " + store.appliedOffset() + " (expected: " + records.size() + ")");
      }
    }
    return records.size() * 1e9 / (System.nanoTime() - start);
  }

  private static void append(EventLog log, List<LogRecord> batch) {
    for (Verdict verdict : log.append(batch)) {
      if (verdict.status() != Verdict.Status.ACCEPTED) {
        throw new IllegalStateException("not accepted: " + verdict);
      }
    }
  }
}
