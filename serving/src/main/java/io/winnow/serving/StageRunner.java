package io.winnow.serving;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the stages of one request, each until its share of the deadline, and falls back where one is
 * late or fails.
 *
 * <p>The work runs on a bounded pool of platform threads; the caller (a virtual thread) waits. A
 * stage that is late is cancelled by interrupt; if it goes on computing it occupies its thread,
 * never the request. Time that a stage leaves over goes to the next.
 *
 * <p>One instance a request; not thread-safe.
 */
final class StageRunner {
  private static final Logger LOG = LoggerFactory.getLogger(StageRunner.class);

  private final ExecutorService pool;
  private final long startNanos;
  private final long deadlineNanos;
  private final List<Degradation> degraded = new ArrayList<>();
  private final Map<String, Long> stageNanos = new LinkedHashMap<>();

  /**
   * @param startNanos {@link System#nanoTime()} when the request arrived
   * @param deadlineNanos how long the whole answer may take
   */
  StageRunner(ExecutorService pool, long startNanos, long deadlineNanos) {
    this.pool = pool;
    this.startNanos = startNanos;
    this.deadlineNanos = deadlineNanos;
  }

  /**
   * What stands in for a stage.
   *
   * @param description for the answer's list of degradations
   * @param value must be quick and must not fail
   */
  record Fallback<T>(String description, Supplier<T> value) {}

  /**
   * Runs a stage.
   *
   * @param until the share of the deadline, in (0, 1], by which it has to be done
   */
  <T> T run(String stage, double until, Callable<T> work, Fallback<T> fallback) {
    return run(pool, stage, until, work, fallback);
  }

  /**
   * Runs a stage that waits for a disk or network rather than computing, on an executor of its own.
   */
  <T> T run(
      ExecutorService executor,
      String stage,
      double until,
      Callable<T> work,
      Fallback<T> fallback) {
    long began = System.nanoTime();
    try {
      return attempt(executor, until, work);
    } catch (TimeoutException late) {
      return fallBack(stage, "deadline", fallback);
    } catch (RejectedExecutionException full) {
      return fallBack(stage, "overloaded", fallback);
    } catch (ExecutionException failed) {
      LOG.warn(
          "stage {} failed; falling back to {}", stage, fallback.description(), failed.getCause());
      return fallBack(stage, "error", fallback);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return fallBack(stage, "interrupted", fallback);
    } finally {
      stageNanos.merge(stage, System.nanoTime() - began, Long::sum);
    }
  }

  /**
   * Runs work that is to be done in any case: it is begun even after the deadline and never
   * cancelled. Only the waiting for it is bounded, by the whole deadline.
   *
   * @param executor one that does not make it wait for the stages of other requests
   * @param unconfirmed what is said where it failed, or is not done when the deadline has passed
   */
  void complete(ExecutorService executor, String stage, Runnable work, String unconfirmed) {
    Fallback<Boolean> fallback = new Fallback<>(unconfirmed, () -> false);
    long began = System.nanoTime();
    try {
      Future<?> future = executor.submit(() -> logFailure(stage, work));
      future.get(until(1).toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException late) {
      fallBack(stage, "deadline", fallback);
    } catch (RejectedExecutionException full) {
      fallBack(stage, "overloaded", fallback);
    } catch (ExecutionException failed) {
      fallBack(stage, "error", fallback);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      fallBack(stage, "interrupted", fallback);
    } finally {
      stageNanos.merge(stage, System.nanoTime() - began, Long::sum);
    }
  }

  /** Logs a failure where it happens: nobody may be waiting any more. */
  private static void logFailure(String stage, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      LOG.warn("stage {} failed", stage, e);
      throw e;
    }
  }

  private <T> T attempt(ExecutorService executor, double until, Callable<T> work)
      throws TimeoutException, ExecutionException, InterruptedException {
    Duration left = until(until);
    if (left.isZero()) {
      throw new TimeoutException();
    }
    Future<T> future = executor.submit(work);
    try {
      return future.get(left.toNanos(), TimeUnit.NANOSECONDS);
    } finally {
      future.cancel(true);
    }
  }

  private <T> T fallBack(String stage, String reason, Fallback<T> fallback) {
    degraded.add(new Degradation(stage, reason, fallback.description()));
    return fallback.value().get();
  }

  /** The time until a share of the deadline has passed; zero if it has. */
  Duration until(double share) {
    long left = startNanos + (long) (share * deadlineNanos) - System.nanoTime();
    return Duration.ofNanos(Math.max(0, left));
  }

  /** A runner for work of the same request that goes on at the same time. */
  StageRunner sibling() {
    return new StageRunner(pool, startNanos, deadlineNanos);
  }

  /** Takes over what a sibling that is done noted; of each stage the longer time counts. */
  void join(StageRunner sibling) {
    for (Degradation degradation : sibling.degraded) {
      if (!degraded.contains(degradation)) {
        degraded.add(degradation);
      }
    }
    sibling.stageNanos.forEach((stage, nanos) -> stageNanos.merge(stage, nanos, Math::max));
  }

  /** Notes that a stage did its work, but not as well as it should. */
  void degrade(String stage, String reason, String fallback) {
    degraded.add(new Degradation(stage, reason, fallback));
  }

  List<Degradation> degraded() {
    return degraded;
  }

  Map<String, Long> stageNanos() {
    return stageNanos;
  }
}
