package io.winnow.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.UserId;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.rollout.TrialObservations;
import io.winnow.lifecycle.rollout.TrialObservations.Counts;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import io.winnow.lifecycle.rollout.TrialRecorder;
import io.winnow.serving.StageRunner.Fallback;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ShadowRequestsTest {
  /** Enough for a stage that does nothing, however busy the machine. */
  private static final Duration DEADLINE = Duration.ofSeconds(3);

  private final OnlineStore store = OnlineStores.inMemory(Clips.APPLICATION.definition());
  private final ServingRelease shadow = release();
  private final ServingRelease twin = release();
  private final TrialRecorder recorder = new TrialRecorder("r2-1");
  private final ServedPlan.Trial.Shadow trial =
      new ServedPlan.Trial.Shadow(shadow, twin, 1, recorder);
  private final ShadowRequests requests = new ShadowRequests();

  /** Ends what hangs. */
  private final CountDownLatch end = new CountDownLatch(1);

  private ServingRelease release() {
    return new ServingRelease(
        Release.untrained(Clips.APPLICATION), store, Executors.newVirtualThreadPerTaskExecutor());
  }

  @AfterEach
  void close() {
    end.countDown();
    requests.close();
    store.close();
  }

  private static RecommendationRequest request(String id) {
    return new RecommendationRequest(
        id, new UserId("u1"), 2, "", Map.of(), Set.of(), Map.of(), DEADLINE);
  }

  /** A stage that does this for the shadow, and nothing for the twin. */
  private ShadowRequests.Maker stage(Callable<?> work) {
    return (lane, stages) -> {
      stages.run(
          "ranking",
          0.5,
          () -> lane.stages() == shadow ? work.call() : lane,
          new Fallback<Object>("nothing", () -> lane));
      return List.of();
    };
  }

  private static void hang(CountDownLatch latch) {
    while (true) {
      try {
        latch.await();
        return;
      } catch (InterruptedException ignored) {
        // That is what hangs: it does not listen.
      }
    }
  }

  private Counts seen(Side side) {
    return recorder.observations().of(side);
  }

  @Test
  void ask_twoThatAnswer_countsBothAndComparesThem() throws Exception {
    for (int i = 0; i < 10; i++) {
      requests.ask(trial, request("r" + i), stage(() -> 1));
    }
    requests.await();
    TrialObservations seen = recorder.observations();
    assertEquals(10, seen.of(Side.SHADOW).requests());
    assertEquals(10, seen.of(Side.TWIN).requests());
    assertEquals(0, seen.of(Side.SHADOW).degraded() + seen.of(Side.TWIN).degraded());
    assertEquals(10, seen.shadow().compared());
  }

  @Test
  void ask_aShadowThatHangs_degradesItAloneAndAsksItNoMore() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    ShadowRequests.Maker maker =
        stage(() -> {
          asked.incrementAndGet();
          hang(end);
          return 1;
        });
    for (int i = 0; i < 20; i++) {
      requests.ask(trial, request("r" + i), maker);
    }
    requests.await();
    assertEquals(1, asked.get(), "each would wait until its deadline");
    assertEquals(20, seen(Side.SHADOW).requests());
    assertEquals(20, seen(Side.SHADOW).degraded());
    assertEquals(20, seen(Side.TWIN).requests());
    assertEquals(0, seen(Side.TWIN).degraded());
    assertTrue(
        seen(Side.SHADOW).latency().percentileMs(0.5) >= 1_000,
        "what was not asked counts as late: " + seen(Side.SHADOW).latency().percentileMs(0.5));
  }

  @Test
  void ask_aShadowThatHangsOutsideOfItsStages_degradesItAlone() throws Exception {
    RecommendationRequest quick =
        new RecommendationRequest(
            "r1", new UserId("u1"), 2, "", Map.of(), Set.of(), Map.of(), Duration.ofSeconds(1));
    ShadowRequests.Maker maker =
        (lane, _) -> {
          if (lane.stages() == shadow) {
            hang(end);
          }
          return List.of();
        };
    for (int i = 0; i < 5; i++) {
      requests.ask(trial, quick, maker);
    }
    requests.await();
    assertEquals(5, seen(Side.SHADOW).degraded());
    assertEquals(5, seen(Side.TWIN).requests());
    assertEquals(0, seen(Side.TWIN).degraded());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "b"}) // of odd and of even hash: either side comes first
  void ask_aShadowThatIsSlow_doesNotDelayItsTwin(String id) throws Exception {
    CountDownLatch twinAnswered = new CountDownLatch(1);
    requests.ask(
        trial,
        request(id),
        (lane, stages) -> {
          stages.run(
              "ranking",
              0.5,
              () -> {
                if (lane.stages() == shadow) {
                  hang(id.equals("b") ? twinAnswered : end);
                } else {
                  twinAnswered.countDown();
                }
                return 1;
              },
              new Fallback<>("nothing", () -> 0));
          return List.of();
        });
    requests.await();
    assertEquals(1, seen(Side.SHADOW).degraded());
    assertEquals(0, seen(Side.TWIN).degraded());
  }

  @Test
  void ask_ofTheNextRollout_isNotHeldUpByWhatHangs() throws Exception {
    requests.ask(
        trial,
        request("r1"),
        stage(() -> {
          hang(end);
          return 1;
        }));
    TrialRecorder next = new TrialRecorder("r3-1");
    requests.ask(new ServedPlan.Trial.Shadow(shadow, twin, 1, next), request("r2"), stage(() -> 1));
    requests.await();
    assertEquals(1, seen(Side.SHADOW).degraded());
    assertEquals(1, next.observations().of(Side.SHADOW).requests());
    assertEquals(0, next.observations().of(Side.SHADOW).degraded());
  }

  @Test
  void ask_aShadowThatThrows_countsItsErrors() throws Exception {
    ShadowRequests.Maker maker =
        (lane, _) -> {
          if (lane.stages() == shadow) {
            throw new IllegalStateException("broken");
          }
          return List.of();
        };
    ShadowRequests.Maker worse =
        (lane, _) -> {
          if (lane.stages() == shadow) {
            throw new LinkageError("broken");
          }
          return List.of();
        };
    requests.ask(trial, request("r1"), maker);
    requests.ask(trial, request("r2"), worse);
    requests.ask(
        trial,
        request("r3"),
        stage(() -> {
          throw new IllegalStateException("a stage");
        }));
    requests.await();
    assertEquals(3, seen(Side.SHADOW).errors());
    assertEquals(3, seen(Side.TWIN).requests());
    assertEquals(0, seen(Side.TWIN).errors());
  }

  @Test
  void ask_moreThanMayWait_dropsAndCountsThem() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    ShadowRequests.Maker maker =
        (lane, _) -> {
          begun.countDown();
          hang(end);
          return List.of();
        };
    requests.ask(trial, request("r0"), maker);
    assertTrue(begun.await(30, TimeUnit.SECONDS));
    for (int i = 1; i <= ShadowRequests.WAITING_MAX + 3; i++) {
      requests.ask(trial, request("r" + i), maker);
    }
    assertEquals(3, recorder.observations().shadow().dropped());
  }
}
