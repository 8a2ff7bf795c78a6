package io.winnow.serving;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.serving.StageRunner.Fallback;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class StageRunnerTest {
  private static final Fallback<String> FALLBACK = new Fallback<>("less", () -> "fallback");

  private final RefusingPool pool = new RefusingPool(Executors.newCachedThreadPool());

  @AfterEach
  void close() {
    pool.shutdownNow();
  }

  private StageRunner runner(Duration deadline) {
    return new StageRunner(pool, System.nanoTime(), deadline.toNanos());
  }

  @Test
  void run_inTime_givesTheResultAndItsTime() {
    StageRunner stages = runner(Duration.ofMinutes(1));
    assertEquals("a", stages.run("first", 0.5, () -> "a", FALLBACK));
    assertEquals("b", stages.run("second", 1, () -> "b", FALLBACK));
    assertEquals(List.of(), stages.degraded());
    assertEquals(List.of("first", "second"), List.copyOf(stages.stageNanos().keySet()));
  }

  @Test
  void run_late_interruptsTheWorkAndDoesNotWaitForIt() throws InterruptedException {
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    StageRunner stages = runner(Duration.ofMillis(50));
    String result =
        stages.run(
            "slow",
            0.5,
            () -> {
              try {
                never.await();
              } catch (InterruptedException e) {
                interrupted.countDown();
              }
              return "late";
            },
            FALLBACK);
    assertEquals("fallback", result);
    assertEquals(List.of(new Degradation("slow", "deadline", "less")), stages.degraded());
    interrupted.await();
  }

  @Test
  void run_timeIsUp_doesNotBegin() {
    AtomicBoolean began = new AtomicBoolean();
    StageRunner stages = runner(Duration.ofNanos(1));
    assertEquals(
        "fallback",
        stages.run(
            "second",
            1,
            () -> {
              began.set(true);
              return "a";
            },
            FALLBACK));
    assertFalse(began.get());
    assertEquals(Duration.ZERO, stages.until(1));
    assertEquals("deadline", stages.degraded().getFirst().reason());
  }

  @Test
  void run_fails_fallsBackAndTheNextStageRuns() {
    StageRunner stages = runner(Duration.ofMinutes(1));
    assertEquals(
        "fallback",
        stages.run(
            "broken",
            0.5,
            () -> {
              throw new IllegalStateException("broken on purpose");
            },
            FALLBACK));
    assertEquals("b", stages.run("second", 1, () -> "b", FALLBACK));
    assertEquals(List.of(new Degradation("broken", "error", "less")), stages.degraded());
  }

  @Test
  void run_poolIsFull_fallsBack() {
    pool.refuse(_ -> true);
    StageRunner stages = runner(Duration.ofMinutes(1));
    assertEquals("fallback", stages.run("refused", 1, () -> "a", FALLBACK));
    assertEquals(List.of(new Degradation("refused", "overloaded", "less")), stages.degraded());
  }

  @Test
  void complete_inTime_isDoneAndTimed() {
    AtomicBoolean done = new AtomicBoolean();
    StageRunner stages = runner(Duration.ofMinutes(1));
    stages.complete(pool, "write", () -> done.set(true), "may be lost");
    assertTrue(done.get());
    assertEquals(List.of(), stages.degraded());
    assertEquals(List.of("write"), List.copyOf(stages.stageNanos().keySet()));
  }

  @Test
  void complete_timeIsUp_isDoneAllTheSameAndNotInterrupted() throws Exception {
    CountDownLatch said = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    StageRunner stages = runner(Duration.ofNanos(1));
    stages.complete(
        pool,
        "write",
        () -> {
          try {
            said.await();
            interrupted.complete(Thread.interrupted());
          } catch (InterruptedException e) {
            interrupted.complete(true);
          }
        },
        "may be lost");
    assertEquals(List.of(new Degradation("write", "deadline", "may be lost")), stages.degraded());
    said.countDown();
    assertFalse(interrupted.get());
  }

  @Test
  void complete_failsOrIsRefused_saysSo() {
    StageRunner stages = runner(Duration.ofMinutes(1));
    stages.complete(
        pool,
        "write",
        () -> {
          throw new IllegalStateException("broken on purpose");
        },
        "may be lost");
    pool.refuse(_ -> true);
    stages.complete(pool, "again", () -> {}, "may be lost");
    assertEquals(
        List.of(
            new Degradation("write", "error", "may be lost"),
            new Degradation("again", "overloaded", "may be lost")),
        stages.degraded());
  }

  @Test
  void run_onAnotherExecutor_usesThat() {
    pool.refuse(_ -> true);
    try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
      assertTrue(
          runner(Duration.ofMinutes(1))
              .run(
                  other,
                  "disk",
                  1,
                  () -> Thread.currentThread().isVirtual(),
                  new Fallback<>("", () -> false)));
    }
  }

  @Test
  void run_callerInterrupted_fallsBackAndStaysInterrupted() {
    StageRunner stages = runner(Duration.ofMinutes(1));
    CountDownLatch never = new CountDownLatch(1);
    Thread.currentThread().interrupt();
    assertEquals(
        "fallback",
        stages.run(
            "stage",
            1,
            () -> {
              never.await();
              return "a";
            },
            FALLBACK));
    assertTrue(Thread.interrupted(), "whoever interrupted is heard");
    assertEquals("interrupted", stages.degraded().getFirst().reason());
  }

  @Test
  void run_fallbackFails_isNotHidden() {
    StageRunner stages = runner(Duration.ofNanos(1));
    Fallback<String> broken =
        new Fallback<>(
            "less",
            () -> {
              throw new IllegalStateException("the fallback too");
            });
    assertThrows(IllegalStateException.class, () -> stages.run("stage", 1, () -> "a", broken));
  }
}
