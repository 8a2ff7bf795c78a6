package io.winnow.serving.http;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.Objectives;
import io.winnow.core.application.Schema;
import io.winnow.events.RecordSource;
import io.winnow.experiments.analysis.AnalysisLimits;
import io.winnow.experiments.analysis.AnalysisRequest;
import io.winnow.experiments.analysis.ExperimentAnalysis;
import io.winnow.experiments.analysis.ExperimentReport;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports of experiments, computed beside what is served: one after another on a thread of their
 * own, each from the whole log, at most one at a time for an experiment. The newest of each is kept
 * and answered while a newer one is computed.
 *
 * <p>Thread-safe. At most {@value #KEPT_MAX} reports are kept, and {@value #WAITING_MAX} wait.
 */
final class ExperimentReports implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ExperimentReports.class);
  private static final int KEPT_MAX = 64;
  private static final int WAITING_MAX = 16;
  private static final Duration CLOSING = Duration.ofSeconds(5);

  /** A report is computed anew when it is this many times as old as it took to compute. */
  private static final int AGE_BY_COST = 20;

  private final RecordSource records;
  private final TimeSource clock;
  private final Function<String, Map<String, Double>> offline;
  private final long freshMs;
  private final ThreadPoolExecutor worker =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING_MAX),
          Thread.ofPlatform().daemon().name("winnow-experiments-", 0).factory());
  private volatile boolean closing;

  /** By name, the oldest use first. Guarded by itself. */
  private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * @param records the log
   * @param clock what time it is for analysis
   * @param offline a release's offline figures
   * @param fresh for how long at least a report is not computed anew
   */
  ExperimentReports(
      RecordSource records,
      TimeSource clock,
      Function<String, Map<String, Double>> offline,
      Duration fresh) {
    this.records = records;
    this.clock = clock;
    this.offline = offline;
    this.freshMs = fresh.toMillis();
  }

  /** What a report depends on but the log and the time: another file is another report. */
  private record Key(
      Experiment experiment, Experiments experiments, Objectives objectives, Schema schema) {}

  /** One experiment's newest report and the computation under way. Guarded by entries. */
  private static final class Entry {
    private final Key key;
    private @Nullable ExperimentReport report;
    private @Nullable RuntimeException failure;
    private long computedMs;
    private long costMs;
    private @Nullable CountDownLatch computing;

    Entry(Key key) {
      this.key = key;
    }
  }

  /**
   * What is known of an experiment.
   *
   * @param report the newest; empty until there is one
   * @param computing whether a newer one is on its way
   */
  record State(Optional<ExperimentReport> report, boolean computing) {}

  /**
   * The newest report; starts a newer one if this one is old. Where there is none, the call that
   * started it waits a little, and all others are told at once that it is being computed.
   *
   * @throws WinnowException with {@code OVERLOADED} if too many wait, or with what kept the last
   *     computation from a result
   */
  State get(ApplicationDefinition application, Experiment experiment, Duration patience) {
    Key key =
        new Key(
            experiment,
            application.operations().experiments(),
            application.objectives(),
            application.schema());
    CountDownLatch awaited;
    Entry entry;
    synchronized (entries) {
      entry = entry(experiment.name(), key);
      boolean starts = isDue(entry);
      if (starts) {
        start(entry, application, experiment);
      }
      awaited = entry.computing;
      // Whoever else asks must not hold a request's place while one report is computed.
      if (entry.report != null || awaited == null || !starts) {
        return state(entry);
      }
    }
    try {
      awaited.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (entries) {
      return state(entry);
    }
  }

  private Entry entry(String name, Key key) {
    Entry entry = entries.get(name);
    if (entry == null || !entry.key.equals(key)) {
      entry = new Entry(key);
      entries.put(name, entry);
      if (entries.size() > KEPT_MAX) {
        entries.remove(entries.firstEntry().getKey());
      }
    }
    return entry;
  }

  private boolean isDue(Entry entry) {
    if (entry.computing != null) {
      return false;
    }
    if (entry.report == null && entry.failure == null) {
      return true;
    }
    return clock.nowMs() - entry.computedMs >= Math.max(freshMs, AGE_BY_COST * entry.costMs);
  }

  private static State state(Entry entry) {
    if (entry.report == null && entry.failure != null && entry.computing == null) {
      throw entry.failure;
    }
    return new State(Optional.ofNullable(entry.report), entry.computing != null);
  }

  private void start(Entry entry, ApplicationDefinition application, Experiment experiment) {
    CountDownLatch done = new CountDownLatch(1);
    try {
      worker.execute(() -> compute(entry, application, experiment, done));
    } catch (RejectedExecutionException e) {
      if (entry.report == null) {
        throw new WinnowException(
            ErrorCode.OVERLOADED,
            "experiments: %d reports wait to be computed (expected: fewer; retry later)"
                .formatted(WAITING_MAX),
            e);
      }
      return;
    }
    entry.computing = done;
  }

  private void compute(
      Entry entry, ApplicationDefinition application, Experiment experiment, CountDownLatch done) {
    long startMs = clock.nowMs();
    ExperimentReport report = null;
    RuntimeException failure = null;
    try {
      report =
          ExperimentAnalysis.run(
              new AnalysisRequest(
                  application,
                  experiment,
                  RecordSource.checked(records, this::checkOpen),
                  records.endOffset(),
                  startMs,
                  AnalysisLimits.DEFAULT,
                  offline));
    } catch (WinnowException e) {
      failure = e;
    } catch (RuntimeException e) {
      LOG.error("the report of experiment {} met a defect", experiment.name(), e);
      failure = e;
    } catch (Error e) {
      LOG.error("the report of experiment {} could not be computed", experiment.name(), e);
      failure = new WinnowException(ErrorCode.INTERNAL, "the report: " + e, e);
    }
    synchronized (entries) {
      entry.report = report == null ? entry.report : report;
      entry.failure = failure;
      entry.computedMs = clock.nowMs();
      entry.costMs = entry.computedMs - startMs;
      entry.computing = null;
    }
    done.countDown();
  }

  /** Who closes the log after this must not wait for a long replay. */
  private void checkOpen() {
    if (closing) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "the server is shutting down");
    }
  }

  /** Gives up what is being computed. */
  @Override
  public void close() {
    closing = true;
    worker.shutdownNow();
    try {
      if (!worker.awaitTermination(CLOSING.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("a report of an experiment is still being computed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
