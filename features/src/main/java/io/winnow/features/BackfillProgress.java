package io.winnow.features;

import io.winnow.core.TimeSource;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.LongAdder;

/** How far a backfill is, and the way to stop it. Thread-safe. */
public final class BackfillProgress {
  private final TimeSource clock;
  private final LongAdder steps = new LongAdder();
  private volatile long stepsTotal;
  private volatile long records;
  private volatile long startedMs;
  private volatile boolean cancelled;

  /** Progress of work that has not begun. */
  public BackfillProgress(TimeSource clock) {
    this.clock = clock;
    this.startedMs = clock.nowMs();
  }

  /**
   * A moment of it.
   *
   * @param recordsDone how many records of the log are folded by every thread, as if all were
   *     equally fast
   * @param recordsTotal how many the log held when it began
   * @param secondsLeft at the speed up to now; NaN while nothing is done
   */
  public record Moment(long recordsDone, long recordsTotal, double secondsLeft) {}

  /** Where it is now. */
  public Moment now() {
    long total = stepsTotal;
    long done = Math.min(total, steps.sum());
    if (total == 0 || done == 0) {
      return new Moment(0, records, Double.NaN);
    }
    double elapsedSeconds = (clock.nowMs() - startedMs) / 1000.0;
    return new Moment(
        (long) ((double) done / total * records), records, elapsedSeconds * (total - done) / done);
  }

  /** Makes the work fail with a {@link CancellationException} soon. */
  public void cancel() {
    cancelled = true;
  }

  void begin(long records, int threads) {
    this.records = records;
    startedMs = clock.nowMs();
    steps.reset();
    stepsTotal = records * threads;
  }

  /** Counts steps of one thread. */
  void add(int done) {
    steps.add(done);
    check();
  }

  void check() {
    if (cancelled) {
      throw new CancellationException("the backfill was stopped");
    }
  }
}
