package io.winnow.serving;

import io.winnow.core.Seed;
import io.winnow.lifecycle.RequestStages;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import io.winnow.lifecycle.rollout.TrialRecorder;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.RunnableFuture;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the release in shadow what was asked of the champion, after the champion answered, and the
 * champion once more in the same way, so that both are measured alike. Nothing of it is logged or
 * shown.
 *
 * <p>One thread asks, one request at a time; at most {@value #WAITING_MAX} requests wait, and more
 * are dropped and counted. So the champion's requests never wait for the shadow. Each side has
 * threads of its own: what one of them is late with never delays the other. While a side is still
 * at work on what it was late with, further requests count as late for it at once, so a release
 * that hangs is seen as what it is, and takes one core at most. A thread that ignores being
 * interrupted ends with the process only; the next rollout gets others. Thread-safe.
 */
final class ShadowRequests implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShadowRequests.class);

  /** Most requests that wait. */
  static final int WAITING_MAX = 64;

  /** Deadlines after which an answer is not waited for; its stages have ended by one. */
  private static final int PATIENCE = 2;

  private final ThreadPoolExecutor asking =
      new ThreadPoolExecutor(
          1,
          1,
          10,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING_MAX),
          Thread.ofPlatform().daemon().name("winnow-shadow-", 0).factory());

  /** Of the rollout that was asked about last; changed by the asking thread and by closing. */
  private volatile Threads threads = new Threads("");

  ShadowRequests() {
    asking.allowCoreThreadTimeOut(true);
  }

  /** Makes the slate of one release. */
  @FunctionalInterface
  interface Maker {
    List<Shown> make(Route.Lane lane, StageRunner stages);
  }

  /** One thread; refuses work while what it was cancelled at still runs. */
  private static final class OneThread extends ThreadPoolExecutor {
    private final AtomicInteger running = new AtomicInteger();

    OneThread(String name) {
      super(
          1,
          1,
          10,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING_MAX),
          Thread.ofPlatform().daemon().name("winnow-" + name + "-", 0).factory());
      allowCoreThreadTimeOut(true);
    }

    /** Whether a task is at work. It is not any more when its future is done without cancelling. */
    boolean isBusy() {
      return running.get() > 0;
    }

    @Override
    protected <T> RunnableFuture<T> newTaskFor(Callable<T> work) {
      return new FutureTask<>(() -> {
        running.incrementAndGet();
        try {
          return work.call();
        } finally {
          running.decrementAndGet();
        }
      });
    }

    @Override
    public void execute(Runnable task) {
      if (isBusy()) {
        throw new RejectedExecutionException("the task before is late and still runs");
      }
      super.execute(task);
    }
  }

  /** The threads of a side: one makes answers and waits for the one that computes their stages. */
  private record Lane(OneThread making, OneThread computing) {
    Lane(Side side) {
      this(new OneThread(side.label()), new OneThread(side.label() + "-stage"));
    }

    boolean isBusy() {
      return making.isBusy() || computing.isBusy();
    }

    void close() {
      making.shutdownNow();
      computing.shutdownNow();
    }
  }

  /** Both sides' threads, of one rollout. */
  private record Threads(String rollout, Lane shadow, Lane twin) {
    Threads(String rollout) {
      this(rollout, new Lane(Side.SHADOW), new Lane(Side.TWIN));
    }

    void close() {
      shadow.close();
      twin.close();
    }
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
    TrialRecorder recorder = trial.recorder();
    if (!threads.rollout.equals(recorder.rollout())) {
      threads.close(); // What hangs in them is another rollout's.
      threads = new Threads(recorder.rollout());
    }
    // Who comes second finds caches warm: they take turns.
    boolean shadowFirst = (request.requestId().hashCode() & 1) == 0;
    Optional<List<Shown>> first = Optional.empty();
    if (shadowFirst) {
      first = one(Side.SHADOW, trial.shadow(), recorder, request, maker);
    }
    Optional<List<Shown>> twin = one(Side.TWIN, trial.twin(), recorder, request, maker);
    Optional<List<Shown>> shadow =
        shadowFirst ? first : one(Side.SHADOW, trial.shadow(), recorder, request, maker);
    if (twin.isPresent() && shadow.isPresent()) {
      Set<Integer> items = new HashSet<>();
      twin.get().forEach(shown -> items.add(shown.index()));
      long both = shadow.get().stream().filter(shown -> items.contains(shown.index())).count();
      recorder.compared((double) both / request.n());
    }
  }

  /** Asks one side and counts; empty if it is not done in time or was not asked at all. */
  private Optional<List<Shown>> one(
      Side side,
      RequestStages release,
      TrialRecorder recorder,
      RecommendationRequest request,
      Maker maker) {
    Lane lane = side == Side.SHADOW ? threads.shadow : threads.twin;
    long deadlineNanos = request.deadline().toNanos();
    if (lane.isBusy()) {
      recorder.answered(side, late(deadlineNanos));
      return Optional.empty();
    }
    long began = System.nanoTime();
    StageRunner stages = new StageRunner(lane.computing, began, deadlineNanos);
    List<Shown> shown = List.of();
    boolean failed = false;
    Future<List<Shown>> answer = null;
    try {
      answer =
          lane.making.submit(() -> maker.make(new Route.Lane(Route.DEFAULT_ARM, release), stages));
      shown = answer.get(PATIENCE * deadlineNanos, TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      LOG.warn("{} {} failed", side.label(), release.version(), e.getCause());
      failed = true;
    } catch (TimeoutException late) {
      recorder.answered(side, late(System.nanoTime() - began));
      return Optional.empty();
    } catch (RejectedExecutionException ending) {
      return Optional.empty(); // Closed meanwhile.
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } finally {
      if (answer != null) {
        answer.cancel(true);
      }
    }
    recorder.answered(
        side,
        Answers.judge(
            System.nanoTime() - began, failed, stages.degraded(), shown.size() < request.n()));
    return Optional.of(shown);
  }

  /** There is no answer, and not by an error. */
  private static TrialRecorder.Answer late(long nanos) {
    return new TrialRecorder.Answer(nanos, false, true, true);
  }

  /**
   * Waits until nothing is asked any more, which takes at most the deadlines of all that wait.
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
    threads.close();
  }
}
