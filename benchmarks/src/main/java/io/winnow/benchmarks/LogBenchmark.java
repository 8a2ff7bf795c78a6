package io.winnow.benchmarks;

import io.winnow.benchmarks.Figures.Peer;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Schema;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.events.LogFold;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How fast the event log takes events (each call returns when they are on disk), replays them and
 * opens. Its peer is RocksDB with synced writes of records of the same size, in the same run and on
 * the same disk.
 */
public final class LogBenchmark {
  private static final long NOW_MS = 1_800_000_000_000L;
  private static final long START_MS = 1_700_000_000_000L;
  private static final int WRITERS = 32;
  private static final int BATCH = 1000;
  private static final int BATCH_WRITERS = 4;
  private static final String UNIT = "events/s";

  private final Config config;
  private final AtomicLong nextEvent = new AtomicLong();
  private final Figures.Builder figures = new Figures.Builder("log");

  /**
   * What to run.
   *
   * @param length of each measurement
   * @param folder takes the logs; must be empty or missing
   */
  public record Config(Duration length, Path folder) {
    /** Checks the length. */
    public Config {
      if (length.isNegative() || length.isZero() || length.toHours() >= 1) {
        throw WinnowException.invalid("seconds", length.toSeconds(), "1 or more, below an hour");
      }
    }
  }

  /** Appends some events, counted by the caller. */
  interface Appender {
    void append(long firstEvent, int events);
  }

  private LogBenchmark(Config config) {
    this.config = config;
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    return new LogBenchmark(config).run();
  }

  private Figures run() {
    try (EventLog log = open();
        SyncedPuts peer = new SyncedPuts(config.folder().resolve("peer"))) {
      Appender toLog = (first, events) -> append(log, first, events);
      measure("append.one_writer.events_per_second", 1, 1, toLog, peer);
      measure("append.32_writers.events_per_second", WRITERS, 1, toLog, peer);
      measure("append.batches_of_1000.events_per_second", 1, BATCH, toLog, peer);
      measure(
          "append.4_writers.batches_of_1000.events_per_second", BATCH_WRITERS, BATCH, toLog, peer);
      replay(log);
    }
    processorTime();
    long start = System.nanoTime();
    open().close();
    figures.add("open.ms", (System.nanoTime() - start) / 1e6, "ms");
    return figures.build();
  }

  /**
   * What an event takes of all cores from the call to the acknowledgement, with a fold that does
   * nothing; without what it takes to make the event.
   */
  private void processorTime() {
    try (EventLog log = open("folded", List.of(new NoFold()))) {
      Appender toLog = (first, events) -> append(log, first, events);
      Appender nowhere = LogBenchmark::make;
      rate(BATCH_WRITERS, BATCH, nowhere, config.length().dividedBy(4));
      double making = processorNanos(nowhere);
      rate(BATCH_WRITERS, BATCH, toLog, config.length().dividedBy(4));
      figures.add("append.processor_ns_per_event", processorNanos(toLog) - making, "ns");
    }
  }

  private double processorNanos(Appender appender) {
    long eventsBefore = nextEvent.get();
    Duration before = processorTimeSoFar();
    rate(BATCH_WRITERS, BATCH, appender, config.length());
    return processorTimeSoFar().minus(before).toNanos() / (double) (nextEvent.get() - eventsBefore);
  }

  private static Duration processorTimeSoFar() {
    return ProcessHandle.current()
        .info()
        .totalCpuDuration()
        .orElseThrow(() -> new IllegalStateException("the system tells no processor time"));
  }

  /** A fold that only knows how far it is. */
  private static final class NoFold implements LogFold {
    private long applied;

    @Override
    public long appliedOffset() {
      return applied;
    }

    @Override
    public void apply(long[] offsets, List<LogRecord> records) {
      applied = offsets[offsets.length - 1] + 1;
    }
  }

  private EventLog open() {
    return open("log", List.of());
  }

  private EventLog open(String name, List<LogFold> folds) {
    Schema schema =
        new Schema(Map.of(), Map.of(), Map.of("click", new Schema.EventType("", false)), false);
    return EventLogs.open(
        EventLogConfig.in(config.folder().resolve(name)), schema, () -> NOW_MS, folds);
  }

  private void measure(String name, int writers, int batch, Appender log, Appender peer) {
    rate(writers, batch, log, config.length().dividedBy(4));
    double ours = rate(writers, batch, log, config.length());
    double theirs = rate(writers, batch, peer, config.length());
    figures.add(name, ours, UNIT, new Peer("RocksDB, synced puts", theirs));
  }

  /** Events a second over all writers. */
  private double rate(int writers, int batch, Appender appender, Duration length) {
    AtomicLong appended = new AtomicLong();
    long start = System.nanoTime();
    List<Future<?>> running = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
      for (int writer = 0; writer < writers; writer++) {
        running.add(
            threads.submit(() -> {
              do {
                appender.append(nextEvent.getAndAdd(batch), batch);
                appended.addAndGet(batch);
              } while (System.nanoTime() - start < length.toNanos());
            }));
      }
      for (Future<?> writer : running) {
        writer.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a writer failed", e.getCause());
    }
    return appended.get() * 1e9 / (System.nanoTime() - start);
  }

  private static List<LogRecord> records(long first, int events) {
    List<LogRecord> records = new ArrayList<>(events);
    for (long number = first; number < first + events; number++) {
      records.add(new LogRecord.Happened(event(number)));
    }
    return records;
  }

  private static void make(long first, int events) {
    if (records(first, events).size() != events) {
      throw new IllegalStateException("expected " + events + " events");
    }
  }

  private static void append(EventLog log, long first, int events) {
    for (EventLog.Verdict verdict : log.append(records(first, events))) {
      if (verdict.status() != EventLog.Verdict.Status.ACCEPTED) {
        throw new IllegalStateException("not accepted: " + verdict);
      }
    }
  }

  static Event event(long number) {
    long hash = Seed.mix(number);
    return new Event(
        "event-" + number,
        "click",
        new UserId("user" + Long.remainderUnsigned(hash, 10_000)),
        new ItemId("item" + Long.remainderUnsigned(hash >>> 32, 5_000)),
        START_MS + number,
        Double.NaN);
  }

  private void replay(EventLog log) {
    double best = 0;
    for (int round = 0; round < 3; round++) {
      long[] seen = {0};
      long start = System.nanoTime();
      log.replay((offset, logRecord) -> seen[0]++);
      best = Math.max(best, seen[0] * 1e9 / (System.nanoTime() - start));
    }
    figures
        .add("replay.events_per_second", best, UNIT)
        .count("log.events", log.endOffset(), "events");
  }
}
