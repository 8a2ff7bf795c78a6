package io.winnow.serving;

import io.winnow.core.Seed;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import io.winnow.lifecycle.rollout.TrialRecorder;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the release in shadow what was asked of the champion, after the champion answered, and the
 * champion once more in the same way, so that both are measured alike. Nothing of it is logged or
 * shown.
 *
 * <p>One thread waits for one that computes, both of low priority; at most {@value #WAITING_MAX}
 * requests wait, and more are dropped and counted. So the champion's requests never wait for the
 * shadow, and it takes one core at most. Thread-safe.
 */
final class ShadowRequests implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShadowRequests.class);

  /** Most requests that wait. */
  static final int WAITING_MAX = 64;

  private final ThreadPoolExecutor asking = pool("shadow", WAITING_MAX);
  private final ExecutorService computing = pool("shadow-stage", WAITING_MAX);

  private static ThreadPoolExecutor pool(String name, int queued) {
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(queued),
            Thread.ofPlatform()
                .daemon()
                .priority(Thread.MIN_PRIORITY)
                .name("winnow-" + name + "-", 0)
                .factory());
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  /** Makes the slate of one release. */
  @FunctionalInterface
  interface Maker {
    List<Shown> make(Route.Lane lane, StageRunner stages);
  }

  /** Whether a request is one of the share that is asked; a function of its id. */
  static boolean isAsked(RecommendationRequest request, double share) {
    long draw = new Seed(0).derive("shadow").derive(request.requestId()).value();
    return (draw >>> 11) * 0x1p-53 < share;
  }

  /** Asks, some time, if not too many wait. */
  void ask(ServedPlan.Trial.Shadow trial, RecommendationRequest request, Maker maker) {
    try {
      asking.execute(() -> compare(trial, request, maker));
    } catch (RejectedExecutionException full) {
      trial.recorder().dropped();
    }
  }

  private void compare(ServedPlan.Trial.Shadow trial, RecommendationRequest request, Maker maker) {
    // Who comes second finds caches warm: they take turns.
    boolean shadowFirst = (request.requestId().hashCode() & 1) == 0;
    TrialRecorder recorder = trial.recorder();
    List<Shown> first =
        shadowFirst
            ? one(Side.SHADOW, trial.shadow(), recorder, request, maker)
            : one(Side.TWIN, trial.twin(), recorder, request, maker);
    List<Shown> second =
        shadowFirst
            ? one(Side.TWIN, trial.twin(), recorder, request, maker)
            : one(Side.SHADOW, trial.shadow(), recorder, request, maker);
    Set<Integer> items = new HashSet<>();
    first.forEach(shown -> items.add(shown.index()));
    long both = second.stream().filter(shown -> items.contains(shown.index())).count();
    recorder.compared((double) both / request.n());
  }

  private List<Shown> one(
      Side side,
      RequestStages release,
      TrialRecorder recorder,
      RecommendationRequest request,
      Maker maker) {
    long began = System.nanoTime();
    StageRunner stages = new StageRunner(computing, began, request.deadline().toNanos());
    List<Shown> shown = List.of();
    boolean failed = false;
    try {
      shown = maker.make(new Route.Lane(Route.DEFAULT_ARM, release), stages);
    } catch (RuntimeException e) {
      LOG.warn("{} {} failed", side.label(), release.version(), e);
      failed = true;
    } catch (OutOfMemoryError | StackOverflowError | LinkageError e) {
      LOG.error("{} {} failed", side.label(), release.version(), e);
      failed = true;
    }
    recorder.answered(
        side,
        Answers.judge(
            System.nanoTime() - began, failed, stages.degraded(), shown.size() < request.n()));
    return shown;
  }

  /**
   * Waits until nothing is asked any more.
   *
   * @throws TimeoutException if it takes longer than half a minute
   */
  void await() throws InterruptedException, TimeoutException {
    // One thread takes them in their order: behind this one nothing is left of those before.
    CountDownLatch last = new CountDownLatch(1);
    asking.execute(last::countDown);
    if (!last.await(30, TimeUnit.SECONDS)) {
      throw new TimeoutException("requests of the shadow are still waiting");
    }
  }

  @Override
  public void close() {
    asking.shutdownNow();
    computing.shutdownNow();
  }
}
