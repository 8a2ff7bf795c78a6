package io.winnow.benchmarks.crash;

import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.events.EventLog;
import io.winnow.events.EventLog.Verdict;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The process that is killed: several threads append without end, and each acknowledgement is
 * printed as a line {@code writer first count .}, the mark telling that it is whole. {@code
 * opening} is printed before the log is opened and {@code open} when it takes events.
 */
public final class CrashWorker {
  /** Small, so that a run crosses many segment boundaries. */
  static final long SEGMENT_BYTES = 256 << 10;

  /** Few, so that a run writes and merges many files of ids. */
  private static final int NEWEST_IDS = 200;

  private static final int BATCH_MAX = 40;

  private CrashWorker() {}

  /** The log that worker and checker share. */
  static EventLog open(Path folder, DerivedState state) {
    return EventLogs.open(
        new EventLogConfig(
            folder.resolve("log"), SEGMENT_BYTES, NEWEST_IDS, EventLogConfig.Limits.DEFAULT),
        CrashEvents.application().schema(),
        () -> CrashEvents.NOW_MS,
        List.of(state));
  }

  /** The folder of the derived state. */
  static Path state(Path folder) {
    return folder.resolve("state");
  }

  /**
   * Appends until it is killed. A worker's main method hands its arguments on.
   *
   * @param args folder, seed, then for each writer the number of its first event
   * @param factory the same as the checker's
   */
  public static void run(String[] args, DerivedState.Factory factory) throws InterruptedException {
    Path folder = Path.of(args[0]);
    long seed = Long.parseLong(args[1]);
    // Without a buffer: a line that the checker has read was complete when the process died.
    PrintStream out = System.out;
    print(out, "opening");
    DerivedState state = factory.open(state(folder));
    EventLog log = open(folder, state);
    print(out, "open");
    log.append(CrashEvents.items());
    List<Thread> writers = new ArrayList<>();
    for (int w = 0; w < args.length - 2; w++) {
      int writer = w;
      long first = Long.parseLong(args[w + 2]);
      RandomGenerator random = new Seed(seed).generator("writer" + w);
      writers.add(
          Thread.ofPlatform()
              .name("writer-" + w)
              .start(() -> append(log, writer, first, random, out)));
    }
    for (Thread writer : writers) {
      writer.join();
    }
    // Only a failed writer ends; the checker waits for acknowledgements and sees the end instead.
    log.close();
    state.close();
  }

  private static void append(
      EventLog log, int writer, long first, RandomGenerator random, PrintStream out) {
    long next = first;
    while (true) {
      int count = 1 + random.nextInt(BATCH_MAX);
      List<LogRecord> records = new ArrayList<>(count);
      for (int i = 0; i < count; i++) {
        records.add(CrashEvents.event(writer, next + i));
      }
      for (Verdict verdict : log.append(records)) {
        if (verdict.status() == Verdict.Status.REJECTED) {
          throw new IllegalStateException("rejected: " + verdict.problem());
        }
      }
      print(out, writer + " " + next + " " + count + " .");
      next += count;
    }
  }

  /** One write of one line, so that lines of threads do not mix. */
  private static void print(PrintStream out, String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
    out.write(bytes, 0, bytes.length);
    out.flush();
  }
}
