package io.winnow.lifecycle.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.jobs.JobFailure.Remedy;
import io.winnow.lifecycle.jobs.JobQueue.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What jobs do on any database. */
@Timeout(120)
abstract class JobRunnerConformance {
  static final Duration POLL = Duration.ofMillis(50);

  private final List<JobRunner> runners = new ArrayList<>();

  /** A database with all tables, the same one for the whole test. */
  abstract DataSource database();

  @AfterEach
  void closeRunners() {
    runners.forEach(JobRunner::close);
  }

  @Test
  void request_done_hasOutcomeResultsAndLog() throws InterruptedException {
    JobRunner runner =
        runner(
            "a",
            context -> {
              context.log("epoch 1");
              return JobRun.Outcome.of("Trained.", Map.of("release", "r-1"));
            });
    JobRun run = end(runner, request(JobKind.TRAIN, "k", 3));
    assertEquals(JobState.SUCCEEDED, run.state());
    assertEquals("Trained.", run.outcome().text());
    assertEquals(Map.of("release", "r-1"), run.outcome().results());
    assertEquals(1, run.progress().attempts());
    assertEquals("a", run.progress().server());
    assertTrue(run.progress().endedMs() >= run.progress().startedMs());
    List<String> lines = queue().lines(run.id(), 0, 10).stream().map(JobQueue.Line::text).toList();
    assertEquals(List.of("attempt 1 of 3 on a: because", "epoch 1", "Trained."), lines);
  }

  @Test
  void request_keyThatSucceeded_answersTheFirstRunAndDoesNothing() throws InterruptedException {
    AtomicInteger calls = new AtomicInteger();
    JobRunner runner =
        runner(
            "a",
            Map.of(
                JobKind.BATCH,
                _ -> JobRun.Outcome.of("call " + calls.incrementAndGet(), Map.of())));
    JobRun first = end(runner, request(JobKind.BATCH, "2026-01-01", 1));
    JobRun second = end(runner, request(JobKind.BATCH, "2026-01-01", 1));
    assertEquals(first, second);
    JobRun other = end(runner, request(JobKind.BATCH, "2026-01-02", 1));
    assertNotEquals(first.id(), other.id());
    assertEquals(2, calls.get());
  }

  @Test
  void request_keyThatFailed_isTriedAgainUnderTheSameId() throws InterruptedException {
    AtomicInteger calls = new AtomicInteger();
    JobRunner runner =
        runner(
            "a",
            _ -> {
              if (calls.incrementAndGet() == 1) {
                throw new JobFailure(Remedy.PERSON, "No disk.", "Buy one.");
              }
              return JobRun.Outcome.of("Done.", Map.of());
            });
    JobRun failed = end(runner, request(JobKind.TRAIN, "k", 1));
    assertEquals(JobState.WAITING, failed.state());
    assertEquals("No disk.", failed.outcome().text());
    assertEquals("Buy one.", failed.outcome().advice());
    assertEquals(failed, queue().requestOnce(request(JobKind.TRAIN, "k", 1)));
    JobRun done = end(runner, request(JobKind.TRAIN, "k", 1));
    assertEquals(failed.id(), done.id());
    assertEquals(JobState.SUCCEEDED, done.state());
    assertEquals(2, done.progress().attempts());
  }

  @Test
  void failure_thatMayPass_isTriedAgainUntilAPersonIsNeeded() throws InterruptedException {
    AtomicInteger calls = new AtomicInteger();
    JobRunner runner =
        runner(
            "a",
            _ -> {
              calls.incrementAndGet();
              throw new WinnowException(ErrorCode.UNAVAILABLE, "the disk is full");
            });
    JobRun run = end(runner, request(JobKind.TRAIN, "k", 3));
    assertEquals(3, calls.get());
    assertEquals(JobState.WAITING, run.state());
    assertEquals(3, run.progress().attempts());
    assertEquals("the disk is full", run.outcome().text());
    assertFalse(run.outcome().advice().isEmpty());
  }

  @Test
  void failure_thatNothingHelps_failsAtOnce() throws InterruptedException {
    JobRunner runner =
        runner(
            "a",
            _ -> {
              throw new JobFailure(Remedy.NONE, "Too few events.", "More will come.");
            });
    JobRun run = end(runner, request(JobKind.TRAIN, "k", 3));
    assertEquals(JobState.FAILED, run.state());
    assertEquals(1, run.progress().attempts());
  }

  @Test
  void timeout_stopsTheWorkAndTriesAgainUpToTheLimit() throws InterruptedException {
    AtomicInteger stopped = new AtomicInteger();
    JobRunner runner = runner("a", untilStopped(stopped));
    Request request =
        new Request(JobKind.TRAIN, "k", "because", "person:me", 2, Map.of("timeout", "PT0.2S"));
    JobRun run = end(runner, request);
    assertEquals(JobState.TIMED_OUT, run.state());
    assertEquals(2, stopped.get());
    assertTrue(run.outcome().text().contains("PT0.2S"), run.outcome().text());
  }

  @Test
  void cancel_runningAndQueued_endsBoth() throws InterruptedException {
    AtomicInteger stopped = new AtomicInteger();
    JobRunner runner = runner("a", untilStopped(stopped));
    JobRun first = queue().request(request(JobKind.TRAIN, "first", 3));
    while (queue().get(first.id()).state() != JobState.RUNNING) {
      Thread.onSpinWait();
    }
    JobRun second = queue().request(request(JobKind.TRAIN, "second", 3));
    assertEquals(JobState.CANCELLED, queue().cancel(second.id()).state());
    queue().cancel(first.id());
    assertEquals(JobState.CANCELLED, runner.queue().awaitEnd(first.id(), _ -> {}, POLL).state());
    assertEquals(1, stopped.get());
    WinnowException refused = assertThrows(WinnowException.class, () -> queue().cancel(first.id()));
    assertEquals(ErrorCode.CONFLICT, refused.code());
  }

  @Test
  void twoServers_doEachRunOnceAndOneOfAKindAtATime() throws InterruptedException {
    Semaphore alone = new Semaphore(1);
    List<String> done = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger overlaps = new AtomicInteger();
    Job job =
        context -> {
          if (!alone.tryAcquire()) {
            overlaps.incrementAndGet();
          }
          done.add(context.run().key());
          context.check();
          alone.release();
          return JobRun.Outcome.of("Done.", Map.of());
        };
    List<JobRun> ordered = new ArrayList<>();
    // Two of the same millisecond have no order.
    JobQueue oneAMillisecond = new JobQueue(database(), new AtomicLong(1)::getAndIncrement);
    for (int i = 0; i < 30; i++) {
      ordered.add(oneAMillisecond.request(request(JobKind.TRAIN, "k" + i, 1)));
    }
    runner("a", job);
    runner("b", job);
    for (JobRun run : ordered) {
      assertEquals(JobState.SUCCEEDED, queue().awaitEnd(run.id(), _ -> {}, POLL).state());
    }
    assertEquals(0, overlaps.get());
    assertEquals(ordered.stream().map(JobRun::key).toList(), done);
  }

  @Test
  void leftBehind_byAServerThatWentAway_isTakenUpAgain() throws InterruptedException {
    JobRun left = queue().request(request(JobKind.TRAIN, "left", 3));
    var _ = queue().take(JobKind.TRAIN, "gone", _ -> true).orElseThrow();
    JobRunner runner = runner("b", _ -> JobRun.Outcome.of("Done.", Map.of()));
    JobRun run = runner.queue().awaitEnd(left.id(), _ -> {}, POLL);
    assertEquals(JobState.SUCCEEDED, run.state());
    assertEquals(2, run.progress().attempts());
    assertEquals("b", run.progress().server());
    assertTrue(queue().lines(left.id(), 0, 10).getFirst().text().contains("went away"), "says so");
  }

  @Test
  void leftBehind_asOftenAsItMayBeTried_waitsForAPerson() throws InterruptedException {
    JobRun left = queue().request(request(JobKind.TRAIN, "left", 2));
    var _ = queue().take(JobKind.TRAIN, "gone", _ -> true).orElseThrow();
    var _ = queue().take(JobKind.TRAIN, "gone too", _ -> true).orElseThrow();
    JobRunner runner = runner("b", _ -> JobRun.Outcome.of("Done.", Map.of()));
    JobRun run = runner.queue().awaitEnd(left.id(), _ -> {}, POLL);
    assertEquals(JobState.WAITING, run.state());
    assertEquals(2, run.progress().attempts());
  }

  /** As after an outage: the scheduler counts the lane's holder as gone, which it is not. */
  @Test
  void take_runThatIsBeingWorkedOn_leavesItAndTheKindAlone() throws InterruptedException {
    AtomicInteger stopped = new AtomicInteger();
    JobRunner runner = runner("a", untilStopped(stopped));
    JobRun run = queue().request(request(JobKind.TRAIN, "k", 5));
    while (queue().get(run.id()).state() != JobState.RUNNING) {
      Thread.onSpinWait();
    }
    JobRun waits = queue().request(request(JobKind.TRAIN, "waits", 5));
    Abandoned abandoned = new Abandoned(Duration.ofMillis(1_000), Duration.ofMillis(500));
    Set<Long> beats = new HashSet<>();
    while (beats.size() < 10) {
      List<JobQueue.Beat> seen = queue().beats();
      assertEquals(List.of(run.id()), seen.stream().map(JobQueue.Beat::run).toList());
      // By a clock of its own: each change of the beats is another 400 ms.
      beats.add(seen.getFirst().beats());
      abandoned.look(seen, beats.size() * 400_000_000L);
      assertTrue(queue().take(JobKind.TRAIN, "b", abandoned::test).isEmpty());
    }
    assertEquals(0, stopped.get());
    assertEquals(JobState.QUEUED, queue().get(waits.id()).state());
    runner.close();
    assertEquals(run.id(), queue().take(JobKind.TRAIN, "b", abandoned::test).orElseThrow().id());
  }

  @Test
  void finish_longResultsAndCharacterZero_areCutAndWrittenDown() throws InterruptedException {
    Map<String, String> results = new HashMap<>();
    for (int i = 0; i < 100; i++) {
      results.put("result%02d".formatted(i), "x".repeat(2_000));
    }
    JobRunner runner =
        runner(
            "a",
            context -> {
              context.log("zero \0 here");
              return JobRun.Outcome.of("Done\0.", results);
            });
    JobRun run = end(runner, request(JobKind.TRAIN, "k", 3));
    assertEquals(JobState.SUCCEEDED, run.state());
    assertEquals("Done\uFFFD.", run.outcome().text());
    assertEquals(500, run.outcome().results().get("result00").length());
    assertTrue(run.outcome().results().size() < 100);
    assertTrue(
        queue().lines(run.id(), 0, 10).stream().anyMatch(l -> l.text().equals("zero \uFFFD here")));
  }

  @Test
  void timeout_thatNoClockHolds_failsInsteadOfStayingUnderWay() throws InterruptedException {
    JobRunner runner = runner("a", _ -> JobRun.Outcome.NONE);
    JobRun run =
        end(
            runner,
            new Request(
                JobKind.TRAIN, "k", "because", "person:me", 1, Map.of("timeout", "PT9999999999H")));
    assertEquals(JobState.WAITING, run.state());
  }

  @Test
  void cancel_whileAnAttemptGoesBackIntoTheQueue_endsTheRun() {
    JobRun run = queue().request(request(JobKind.TRAIN, "k", 5));
    JobRun taken = queue().take(JobKind.TRAIN, "a", _ -> false).orElseThrow();
    assertEquals(JobState.RUNNING, queue().cancel(run.id()).state());
    assertTrue(
        queue()
            .finish(
                taken,
                new JobQueue.Attempt(
                    JobState.QUEUED, JobRun.Outcome.of("Failed.", Map.of()), 0, true)));
    assertEquals(JobState.CANCELLED, queue().get(run.id()).state());
    assertTrue(queue().get(run.id()).progress().endedMs() > 0);
  }

  @Test
  void append_twoAttemptsAtOnce_losesNoLine() throws InterruptedException {
    JobRun run = queue().request(request(JobKind.TRAIN, "k", 5));
    List<Thread> writers = new ArrayList<>();
    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
    for (int writer = 0; writer < 2; writer++) {
      writers.add(
          Thread.ofPlatform()
              .uncaughtExceptionHandler((_, e) -> failures.add(e))
              .start(() -> {
                for (int i = 0; i < 100; i++) {
                  queue().append(run.id(), List.of(queue().line("line")));
                }
              }));
    }
    for (Thread writer : writers) {
      writer.join();
    }
    assertEquals(List.of(), failures);
    assertEquals(200, queue().lines(run.id(), 0, 1_000).size());
  }

  @Test
  void lost_attempt_isStoppedAndWhatItSaysIsNotWrittenDown() throws InterruptedException {
    AtomicInteger stopped = new AtomicInteger();
    JobRunner runner = runner("a", untilStopped(stopped));
    JobRun run = queue().request(request(JobKind.TRAIN, "k", 5));
    while (queue().get(run.id()).state() != JobState.RUNNING) {
      Thread.onSpinWait();
    }
    JobRun taken = queue().take(JobKind.TRAIN, "b", _ -> true).orElseThrow();
    while (stopped.get() == 0) {
      Thread.onSpinWait();
    }
    runner.close();
    assertEquals(JobState.RUNNING, queue().get(run.id()).state());
    assertEquals("b", queue().get(run.id()).progress().server());
    assertTrue(
        queue()
            .finish(taken, new JobQueue.Attempt(JobState.SUCCEEDED, JobRun.Outcome.NONE, 0, true)));
  }

  @Test
  void close_whileItRuns_putsItBackWithoutCountingTheAttempt() throws InterruptedException {
    AtomicInteger stopped = new AtomicInteger();
    JobRunner first = runner("a", untilStopped(stopped));
    JobRun run = queue().request(request(JobKind.TRAIN, "k", 1));
    while (queue().get(run.id()).state() != JobState.RUNNING) {
      Thread.onSpinWait();
    }
    first.close();
    assertEquals(JobState.QUEUED, queue().get(run.id()).state());
    assertEquals(0, queue().get(run.id()).progress().attempts());
    JobRunner second = runner("b", _ -> JobRun.Outcome.of("Done.", Map.of()));
    assertEquals(JobState.SUCCEEDED, second.queue().awaitEnd(run.id(), _ -> {}, POLL).state());
  }

  @Test
  void tick_thatFails_isDoneAgain() throws InterruptedException {
    CountDownLatch calls = new CountDownLatch(3);
    runners.add(
        JobRunner.start(
            database(),
            Map.of(),
            List.of(
                new JobRunner.Tick(
                    "test",
                    POLL,
                    () -> {
                      calls.countDown();
                      if (calls.getCount() == 2) {
                        throw new IllegalStateException("once");
                      }
                    })),
            config("a"),
            TimeSource.system()));
    calls.await();
    assertEquals(0, calls.getCount());
  }

  @Test
  void log_beyondItsBound_keepsTheNewest() {
    JobRun run = queue().request(request(JobKind.BACKFILL, "k", 1));
    List<JobQueue.Line> lines = new ArrayList<>();
    for (int i = 1; i <= JobQueue.LINES_MAX + 10; i++) {
      lines.add(queue().line("line " + i));
    }
    queue().append(run.id(), lines);
    queue().append(run.id(), List.of(queue().line("x".repeat(5_000))));
    List<JobQueue.Line> kept = queue().lines(run.id(), 0, 2 * JobQueue.LINES_MAX);
    assertEquals(JobQueue.LINES_MAX, kept.size());
    assertEquals("line 12", kept.getFirst().text());
    assertEquals(12, kept.getFirst().number());
    assertEquals(1_000, kept.getLast().text().length());
  }

  /** Work that goes on until somebody stops it. */
  private static Job untilStopped(AtomicInteger stopped) {
    return context -> {
      CountDownLatch stop = new CountDownLatch(1);
      context.onStop(stop::countDown);
      stop.await();
      stopped.incrementAndGet();
      context.check();
      return JobRun.Outcome.NONE;
    };
  }

  final JobQueue queue() {
    return new JobQueue(database(), TimeSource.system());
  }

  static Request request(JobKind kind, String key, int attempts) {
    return new Request(kind, key, "because", "person:me", attempts, Map.of());
  }

  private static JobRun end(JobRunner runner, Request request) throws InterruptedException {
    JobRun run = runner.queue().request(request);
    runner.wake(request.kind());
    return runner.queue().awaitEnd(run.id(), _ -> {}, POLL);
  }

  static JobRunner.Config config(String server) {
    return new JobRunner.Config(
        server, 2, POLL, Duration.ofMillis(200), Duration.ofMillis(20), Duration.ofMinutes(5));
  }

  /** A server that trains, and nothing else. */
  private JobRunner runner(String server, Job train) {
    return runner(server, Map.of(JobKind.TRAIN, train));
  }

  final JobRunner runner(String server, Map<JobKind, Job> jobs) {
    JobRunner runner =
        JobRunner.start(database(), jobs, List.of(), config(server), TimeSource.system());
    runners.add(runner);
    return runner;
  }
}
