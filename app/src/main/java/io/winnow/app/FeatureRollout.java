package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.BackfillProgress;
import io.winnow.features.FeatureReader;
import io.winnow.features.FeatureSchema;
import io.winnow.features.HeldFeatures;
import io.winnow.features.StateFolders;
import io.winnow.features.StateFolders.Contents;
import io.winnow.features.StateFolders.Opened;
import io.winnow.features.SwitchableOnlineStore;
import io.winnow.serving.http.ApplicationControl.Backfill;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings the feature store to what the application file and the releases in use ask for. Where it
 * does not hold that, a store that does is computed from the log beside it, on all cores, while it
 * serves on; then requests and events go to the new one, at once.
 *
 * <p>Thread-safe. One change at a time.
 */
final class FeatureRollout implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FeatureRollout.class);

  private final StateFolders folders;
  private final SwitchableOnlineStore store;
  private final RecordSource log;
  private final TimeSource clock;
  private final Target target;
  private final int threads;
  private volatile Opened served;
  private volatile Work work = new Work.Done();

  // Guarded by this, which is taken after the target's monitor.
  private @Nullable Thread thread;
  private boolean closed;

  /** Who asks for features and reads them. */
  interface Target {
    /** The application file to follow. */
    ApplicationFile application();

    /** What the store should hold. */
    Contents contents();

    /** What guards which store is served. */
    Object monitor();

    /**
     * Makes ready to serve from another view of the store; may take long. The answer, which is
     * quick, directs requests to it.
     */
    Runnable prepare(FeatureReader next);
  }

  /** What is being done. */
  private sealed interface Work {
    /** Nothing: the store holds what it should. */
    record Done() implements Work {}

    /** A store is computed. */
    record Running(BackfillProgress progress) implements Work {}

    /** It could not be. */
    record Failed(String reason) implements Work {}
  }

  /**
   * @param store serves {@code first}, which it owns
   * @param threads how many compute at once
   */
  FeatureRollout(
      StateFolders folders,
      SwitchableOnlineStore store,
      Opened first,
      RecordSource log,
      TimeSource clock,
      int threads,
      Target target) {
    this.folders = folders;
    this.store = store;
    this.served = first;
    this.log = log;
    this.clock = clock;
    this.threads = threads;
    this.target = target;
  }

  /** What the store holds now. */
  HeldFeatures held() {
    return served.contents().features();
  }

  /** Whether a store is being computed. */
  boolean isRunning() {
    return work instanceof Work.Running;
  }

  Backfill status() {
    return switch (work) {
      case Work.Done _ -> Backfill.IDLE;
      case Work.Running(BackfillProgress progress) -> {
        BackfillProgress.Moment now = progress.now();
        yield new Backfill(
            Backfill.State.RUNNING, now.recordsDone(), now.recordsTotal(), now.secondsLeft(), "");
      }
      case Work.Failed(String reason) ->
          new Backfill(Backfill.State.FAILED, 0, 0, Double.NaN, reason);
    };
  }

  /**
   * Follows the application file and the releases in use: at once if the store holds what they ask
   * for, else beside what serves.
   *
   * @return whether a store has to be computed
   * @throws WinnowException with {@code CONFLICT} while one is being computed
   */
  boolean start() {
    // In this order everywhere: whoever changes what is served holds its monitor and comes here.
    synchronized (target.monitor()) {
      synchronized (this) {
        return startHoldingBoth();
      }
    }
  }

  private boolean startHoldingBoth() {
    checkIdle();
    if (covers(served, wanted())) {
      store.present(schema());
      target.prepare(store.view()).run();
      work = new Work.Done();
      return false;
    }
    BackfillProgress progress = new BackfillProgress(clock);
    work = new Work.Running(progress);
    thread = Thread.ofPlatform().name("winnow-backfill").daemon().start(() -> run(progress));
    return true;
  }

  /**
   * Checks that nothing is being computed.
   *
   * @throws WinnowException with {@code CONFLICT} if it is
   */
  void checkIdle() {
    if (isRunning()) {
      Problem problem =
          new Problem(
              "backfill", "running", "none; 'winnow features status' says when it is through");
      throw new WinnowException(ErrorCode.CONFLICT, problem.toString(), List.of(problem), null);
    }
  }

  private Contents wanted() {
    return target.contents();
  }

  private FeatureSchema schema() {
    return FeatureSchema.of(target.application().definition());
  }

  private static boolean covers(Opened opened, Contents wanted) {
    return opened.contents().features().covers(wanted.features());
  }

  private void run(BackfillProgress progress) {
    try {
      boolean done = false;
      while (!done) {
        long began = clock.nowMs();
        Opened next = folders.compute(wanted(), log, threads, progress);
        LOG.info(
            "features computed over {} records in {} ms on {} threads",
            next.store().appliedOffset(),
            clock.nowMs() - began,
            threads);
        done = switchTo(next);
      }
      work = new Work.Done();
    } catch (CancellationException e) {
      work = new Work.Failed("stopped");
    } catch (RuntimeException | Error e) {
      LOG.error("the features could not be computed; the store serves on with those before", e);
      work = new Work.Failed(e.toString());
    }
  }

  /** Puts a store in place; false if what is asked for changed meanwhile, and it is thrown away. */
  private boolean switchTo(Opened next) {
    SwitchableOnlineStore.Successor successor = store.successor(next.store(), schema());
    boolean taken = false;
    try {
      successor.catchUp(log);
      synchronized (target.monitor()) {
        if (covers(next, wanted())) {
          Runnable install = target.prepare(successor.view());
          Opened old = served;
          successor.takeOver(
              log,
              () -> {
                served = next;
                install.run();
              },
              () -> folders.delete(old));
          taken = true;
        }
      }
      return taken;
    } finally {
      if (!taken) {
        successor.abandon();
        folders.delete(next);
      }
    }
  }

  /**
   * Waits until the store holds what is asked for.
   *
   * @throws WinnowException with {@code UNAVAILABLE} if it could not be computed
   */
  void await() {
    Thread running;
    synchronized (this) {
      running = thread;
    }
    try {
      if (running != null) {
        running.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, "interrupted before features were there", e);
    }
    if (work instanceof Work.Failed(String reason)) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "features: " + reason);
    }
  }

  /** Stops what is being computed, soon; the store serves on with those before. */
  void cancel() {
    if (work instanceof Work.Running(BackfillProgress progress)) {
      progress.cancel();
    }
  }

  /** Stops what is being computed and waits for its end; the store is the caller's to close. */
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      running = thread;
      if (work instanceof Work.Running(BackfillProgress progress)) {
        progress.cancel();
      }
    }
    boolean interrupted = false;
    while (running != null && running.isAlive()) {
      try {
        running.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
