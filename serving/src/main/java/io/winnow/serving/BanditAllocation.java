package io.winnow.serving;

import io.winnow.core.Exposure;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiment.Design;
import io.winnow.core.application.Metric;
import io.winnow.events.RecordSource;
import io.winnow.experiments.assignment.ArmShares;
import io.winnow.experiments.assignment.Assigner;
import io.winnow.experiments.bandit.ArmSums;
import io.winnow.experiments.bandit.Likelihood;
import io.winnow.experiments.bandit.ThompsonSampling;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shares of bandits' arms, computed from the log for each period and then fixed for all of it.
 *
 * <p><b>The same on every server and after every restart.</b> The shares of a period follow from a
 * prefix of the log and from nothing else: the records before the first impression or exposure that
 * was made at or after the period's <em>cut</em>, a tenth of a period but at most ten minutes
 * before it begins. Impressions carry the time of the server that made them, and the log is in one
 * order, so whoever looks finds the same prefix, whenever it looks. Events of before that arrive
 * later count in the next period. Where nothing was shown since the cut, as where arms are used in
 * other services only, a marker is appended half-way from the cut to the period: an exposure of
 * {@value #CLOCK}, which no experiment is called. Several servers may append one; the first record
 * counts. Until there are shares, nobody is in the experiment and nobody counts, rather than
 * drawing units with other shares than the rest of their period.
 *
 * <p>In the periods before anybody was in the experiment, the weights of the application file hold.
 *
 * <p>Thread-safe; computes on one thread of its own, one bandit after another. Bounded: three
 * periods of each bandit of the file are kept: this one, the next one, and the one before as long
 * as what was decided in it may be exposed.
 */
public final class BanditAllocation implements ArmShares, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BanditAllocation.class);
  private static final String CLOCK = "winnow:clock";
  private static final Duration LEAD_MAX = Duration.ofMinutes(10);
  private static final int LEAD_PART = 10;
  private static final int SCAN_RECORDS = 100_000;
  private static final long RETRY_NANOS = Duration.ofMinutes(1).toNanos();

  private final RecordSource log;
  private final Consumer<LogRecord> markers;
  private final Results results;
  private final TimeSource clock;
  private final Duration pause;
  private final Thread thread;
  private final Map<Key, double[]> shares = new ConcurrentHashMap<>();

  // Used by the thread alone.
  private final Map<Key, Long> scanned = new HashMap<>();
  private final Map<Key, Long> failedNanos = new HashMap<>();
  private final Set<Key> marked = new HashSet<>();

  private volatile boolean closed;

  // Guarded by this.
  private @Nullable ApplicationDefinition application;
  private boolean changed;

  /** What came of the arms so far. */
  @FunctionalInterface
  public interface Results {
    /**
     * The units of all periods so far with the bandit's metric.
     *
     * @param records the log; reading it fails when the allocation is closed
     * @param toOffset what is known is the log below it
     * @param nowMs what time it is then
     * @return in the order of the arms; empty if nobody was in the experiment yet
     */
    List<ArmSums> before(
        ApplicationDefinition application,
        Experiment experiment,
        RecordSource records,
        long toOffset,
        long nowMs);
  }

  private record Key(String name, int run, long period) {}

  /**
   * Starts computing.
   *
   * @param markers appends a marker to the log and returns when it is there
   * @param clock of requests
   * @param pause between two looks at the clock and the log
   */
  public BanditAllocation(
      RecordSource log,
      Consumer<LogRecord> markers,
      Results results,
      TimeSource clock,
      Duration pause) {
    this.log = RecordSource.checked(log, this::checkOpen);
    this.markers = markers;
    this.results = results;
    this.clock = clock;
    this.pause = pause;
    this.thread = Thread.ofPlatform().name("winnow-bandits").daemon().start(this::run);
  }

  /** Follows the bandits of an application file from now on. */
  public synchronized void follow(ApplicationDefinition next) {
    application = next;
    changed = true;
    notifyAll();
  }

  @Override
  public double @Nullable [] of(Experiment experiment, long period) {
    return shares.get(new Key(experiment.name(), experiment.run(), period));
  }

  private void checkOpen() {
    if (closed) {
      throw new CancellationException("closed");
    }
  }

  private void run() {
    try {
      ApplicationDefinition following = next();
      while (following != null) {
        step(following);
        following = next();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean hasBandits(ApplicationDefinition of) {
    return of.operations().experiments().list().stream()
        .anyMatch(experiment -> experiment.design() instanceof Design.Bandit);
  }

  /** Waits for another file, or for a while; null when it is closed. */
  private synchronized @Nullable ApplicationDefinition next() throws InterruptedException {
    long endNanos = System.nanoTime() + pause.toNanos();
    boolean idle = application == null || !hasBandits(application);
    while (!closed && !changed && (idle || System.nanoTime() < endNanos)) {
      wait(idle ? 0 : Math.max(1, (endNanos - System.nanoTime()) / 1_000_000));
    }
    changed = false;
    return closed ? null : application;
  }

  /** Computes what can be computed now and is not there yet. */
  private void step(ApplicationDefinition of) {
    Set<Key> wanted = new HashSet<>();
    long nowMs = clock.nowMs();
    for (Experiment experiment : of.operations().experiments().list()) {
      if (experiment.design() instanceof Design.Bandit bandit) {
        for (long period : periods(experiment, bandit, nowMs)) {
          Key key = new Key(experiment.name(), experiment.run(), period);
          wanted.add(key);
          Long failed = failedNanos.get(key);
          boolean again = failed == null || System.nanoTime() - failed > RETRY_NANOS;
          if (!shares.containsKey(key) && again) {
            attempt(of, experiment, bandit, key, nowMs);
          }
        }
      }
    }
    shares.keySet().retainAll(wanted);
    failedNanos.keySet().retainAll(wanted);
    marked.retainAll(wanted);
    scanned
        .keySet()
        .removeIf(key ->
            !wanted.contains(key) && !wanted.contains(new Key(key.name, key.run, key.period - 1)));
  }

  /** The periods whose shares are needed, the most urgent first. */
  private static Set<Long> periods(Experiment experiment, Design.Bandit bandit, long nowMs) {
    long current = Assigner.period(experiment, bandit, nowMs);
    long oldestMs = nowMs - ExperimentAssignments.DECIDED_AGE_MAX.toMillis();
    Set<Long> periods = new LinkedHashSet<>();
    periods.add(current);
    periods.add(Assigner.period(experiment, bandit, nowMs + leadMs(bandit)));
    periods.add(Math.max(current - 1, Assigner.period(experiment, bandit, oldestMs)));
    return periods;
  }

  private void attempt(
      ApplicationDefinition of, Experiment experiment, Design.Bandit bandit, Key key, long nowMs) {
    try {
      double[] computed = compute(of, experiment, bandit, key, nowMs);
      if (computed != null) {
        shares.put(key, computed);
        LOG.info(
            "bandit {}, run {}: shares of period {} are {}",
            key.name,
            key.run,
            key.period,
            computed);
      }
    } catch (CancellationException e) {
      LOG.debug("bandit {}: stopped", key.name);
    } catch (RuntimeException | Error e) {
      // The other bandits go on, whatever is wrong with this one.
      failedNanos.put(key, System.nanoTime());
      marked.remove(key);
      LOG.error("bandit {}: the shares of period {} cannot be computed", key.name, key.period, e);
    }
  }

  private static long leadMs(Design.Bandit bandit) {
    return Math.min(LEAD_MAX.toMillis(), bandit.period().toMillis() / LEAD_PART);
  }

  /** The shares of a period, or null if what they follow from is not known yet. */
  private double @Nullable [] compute(
      ApplicationDefinition of, Experiment experiment, Design.Bandit bandit, Key key, long nowMs) {
    long period = key.period;
    Instant from = experiment.population().from();
    if (from != null && period <= 0) {
      return Assigner.sharesOfTheFile(experiment);
    }
    long originMs = from == null ? 0 : from.toEpochMilli();
    long cutMs = originMs + period * bandit.period().toMillis() - leadMs(bandit);
    long toOffset = firstShownAt(cutMs, key);
    if (toOffset < 0) {
      if (nowMs >= cutMs + leadMs(bandit) / 2 && !isOver(experiment, nowMs) && marked.add(key)) {
        markers.accept(marker(nowMs));
      }
      return null;
    }
    scanned.put(new Key(experiment.name(), experiment.run(), period + 1), toOffset);
    List<ArmSums> sums = results.before(of, experiment, log, toOffset, cutMs);
    if (sums.isEmpty()) {
      return Assigner.sharesOfTheFile(experiment);
    }
    Metric metric = of.operations().experiments().metric(bandit.metric()).orElseThrow();
    boolean conversion = metric.definition() instanceof Metric.Definition.Conversion;
    return ThompsonSampling.shares(
            upward(sums, metric.better(), conversion),
            conversion ? Likelihood.BERNOULLI : Likelihood.NORMAL,
            bandit.floor())
        .stream()
        .mapToDouble(Double::doubleValue)
        .toArray();
  }

  private static boolean isOver(Experiment experiment, long nowMs) {
    Instant until = experiment.population().until();
    return until != null && nowMs >= until.toEpochMilli();
  }

  private static LogRecord marker(long nowMs) {
    return new LogRecord.Exposed(
        new Exposure(CLOCK, new UserId(CLOCK), CLOCK, CLOCK, 1, CLOCK, 1, Map.of()), nowMs);
  }

  /**
   * The offset of the first record that a server made at or after a time; -1 if there is none. What
   * was looked at for the key before is not looked at again.
   */
  private long firstShownAt(long timeMs, Key key) {
    long[] first = {-1};
    long end = log.endOffset();
    long from = scanned.getOrDefault(key, 0L);
    while (from < end && first[0] < 0) {
      long to = Math.min(end, from + SCAN_RECORDS);
      log.replay(
          from,
          to,
          (offset, record) -> {
            if (first[0] < 0 && isMadeHere(record) && record.timeMs() >= timeMs) {
              first[0] = offset;
            }
          });
      from = to;
    }
    scanned.put(key, first[0] < 0 ? from : first[0]);
    return first[0];
  }

  /** Whether a server of this application set its time. */
  private static boolean isMadeHere(LogRecord record) {
    return switch (record) {
      case LogRecord.Exposed _ -> true;
      case LogRecord.Happened(var event) -> event.impression() != null;
      case LogRecord.ItemPut _, LogRecord.ItemRemoved _, LogRecord.UserPut _ -> false;
    };
  }

  /** The same sums where more is better: of what should be less, the negative or the opposite. */
  private static List<ArmSums> upward(
      List<ArmSums> sums, Metric.Better better, boolean conversion) {
    if (better == Metric.Better.HIGHER) {
      return sums;
    }
    List<ArmSums> turned = new ArrayList<>();
    for (ArmSums arm : sums) {
      turned.add(
          conversion
              ? new ArmSums(
                  arm.n(), arm.n() - arm.sum(), arm.n() - 2 * arm.sum() + arm.sumOfSquares())
              : new ArmSums(arm.n(), -arm.sum(), arm.sumOfSquares()));
    }
    return turned;
  }

  /** Stops and waits until nothing is computed any more. May be called again. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
