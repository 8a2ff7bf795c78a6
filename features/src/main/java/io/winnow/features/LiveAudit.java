package io.winnow.features;

import io.winnow.core.Impression;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.AuditReport.Skipped;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The audit that goes on while the store serves: a fold of its own over the same log, of a sample
 * of the users, against which it compares every impression of theirs.
 *
 * <p>It begins at the log's start, in the background, and then follows its end. The state of every
 * item is needed, since all users' events count there; but of users only a sample, chosen by a hash
 * of the id. Memory: the items' states once more, {@link Config#usersMax} users, {@link
 * Config#lookAhead} records. Where there are more sampled users than that, the sample is halved.
 *
 * <p>A record is folded when it is so long on disk that no request that did not see it can still be
 * answered ({@link Config#settle}), or when more than {@link Config#lookAhead} came behind it.
 * Impressions that come later than that are counted as out of reach.
 *
 * <p>One daemon thread works for a slice and rests for {@value #REST} times as long, so that it
 * takes at most a quarter of a core. Where the features change, it begins anew. Thread-safe.
 */
public final class LiveAudit implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LiveAudit.class);
  private static final int SLICE = 4_096;
  private static final int REST = 3;
  private static final int MAX_MARKS = 1_024;

  private final RecordSource log;
  private final Supplier<ApplicationDefinition> application;
  private final Config config;
  private final TimeSource clock;
  private final AuditTally tally;
  private final ScheduledThreadPoolExecutor worker;
  private final ArrayDeque<Mark> marks = new ArrayDeque<>();
  private @Nullable ApplicationDefinition folded;
  private @Nullable AuditFold fold;
  private volatile @Nullable SampledUsers users;
  private volatile long foldedOffset;
  private volatile String problem = "";

  /** Where the log ended at a time. */
  private record Mark(long timeMs, long endOffset) {}

  /**
   * How much is audited.
   *
   * @param sample the share of users, in [0, 1]; 0 switches it off
   * @param usersMax most users whose state is kept
   * @param lookAhead most records held back
   * @param settle how long a request may take from reading features to logging impressions
   * @param interval how often to look for new records
   * @param recentImpressions how many of the newest impressions decide about a release
   */
  public record Config(
      double sample,
      int usersMax,
      int lookAhead,
      Duration settle,
      Duration interval,
      int recentImpressions) {
    /** 5,000 users, 32,768 records, 30 seconds, once a second, 20,000 impressions. */
    public static Config of(double sample) {
      return new Config(
          sample, 5_000, 32_768, Duration.ofSeconds(30), Duration.ofSeconds(1), 20_000);
    }
  }

  /**
   * How the audit stands.
   *
   * @param on whether anything is sampled
   * @param share of the users that is compared now; less than configured where these are too many
   * @param lagRecords how many records of the log are not folded yet
   * @param problem why it does not go on; empty while it does
   * @param report what it found since the process started
   */
  public record Status(
      boolean on, double share, long lagRecords, String problem, AuditReport report) {
    /** No audit. */
    public static final Status OFF = new Status(false, 0, 0, "", AuditReport.NONE);
  }

  /**
   * An audit that has not begun.
   *
   * @param log what is folded and where impressions are
   * @param application what the store serves now
   * @param clock monotonic; its zero does not matter
   */
  public LiveAudit(
      RecordSource log,
      Supplier<ApplicationDefinition> application,
      Config config,
      TimeSource clock) {
    this.log = log;
    this.application = application;
    this.config = config;
    this.clock = clock;
    this.tally = new AuditTally(config.recentImpressions());
    this.worker =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("winnow-feature-audit").factory());
    worker.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Begins; does nothing where nothing is sampled. */
  public void start() {
    if (config.sample() > 0) {
      schedule(0);
    }
  }

  private void schedule(long delayNanos) {
    try {
      var _ = worker.schedule(this::work, delayNanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException _) {
      LOG.debug("the feature audit is closed");
    }
  }

  private void work() {
    long startNanos = System.nanoTime();
    boolean more = false;
    try {
      more = step();
      problem = "";
    } catch (WinnowException e) {
      problem = String.valueOf(e.getMessage());
      LOG.warn("the feature audit waits: {}", problem);
    } catch (RuntimeException e) {
      problem = "stopped by a defect: " + e;
      LOG.error("the feature audit is stopped by a defect", e);
      return;
    }
    long spentNanos = System.nanoTime() - startNanos;
    schedule(more ? REST * spentNanos : config.interval().toNanos());
  }

  /**
   * Works on a slice of the log; called by one thread at a time.
   *
   * @return whether the log holds more that was not read
   */
  boolean step() {
    AuditFold current = fold();
    long end = log.endOffset();
    long to = Math.min(end, current.nextOffset() + SLICE);
    log.replay(current.nextOffset(), to, current::take);
    boolean more = to < end;
    if (!more) {
      current.settle(settledOffset(end));
    }
    foldedOffset = current.foldedOffset();
    return more;
  }

  private AuditFold fold() {
    ApplicationDefinition now = application.get();
    AuditFold current = fold;
    if (current != null && now.equals(folded)) {
      return current;
    }
    FeaturePlan plan = FeaturePlan.of(now);
    long hash = plan.schema().hash();
    SampledUsers sampled =
        new SampledUsers(plan, PartOfUsers.share(config.sample()), config.usersMax());
    current =
        new AuditFold(
            new FeatureState(plan, sampled),
            sampled,
            config.lookAhead(),
            (_, impression) -> wants(hash, impression),
            tally);
    folded = now;
    users = sampled;
    fold = current;
    return current;
  }

  private boolean wants(long hash, Impression impression) {
    if (impression.features().length == 0) {
      tally.skip(Skipped.NO_VALUES, 1);
      return false;
    }
    if (impression.schemaHash() != hash) {
      tally.skip(Skipped.FEATURES_UNKNOWN, 1);
      return false;
    }
    return true;
  }

  /** Where the log ended so long ago that every request that did not see more is answered. */
  private long settledOffset(long end) {
    long nowMs = clock.nowMs();
    if (marks.size() < MAX_MARKS && (marks.isEmpty() || marks.getLast().endOffset() < end)) {
      marks.addLast(new Mark(nowMs, end));
    }
    long settled = 0;
    while (!marks.isEmpty() && marks.getFirst().timeMs() <= nowMs - config.settle().toMillis()) {
      settled = marks.removeFirst().endOffset();
    }
    return settled;
  }

  /** How it stands. */
  public Status status() {
    if (config.sample() <= 0) {
      return Status.OFF;
    }
    SampledUsers sampled = users;
    return new Status(
        true,
        sampled == null ? config.sample() : sampled.share(),
        Math.max(0, log.endOffset() - foldedOffset),
        problem,
        tally.report());
  }

  /** Ends it and waits for the slice that it is at. */
  @Override
  public void close() {
    worker.shutdown();
    try {
      if (!worker.awaitTermination(10, TimeUnit.SECONDS)) {
        LOG.warn("the feature audit does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
