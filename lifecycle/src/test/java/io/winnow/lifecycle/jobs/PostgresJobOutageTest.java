package io.winnow.lifecycle.jobs;

import static io.winnow.lifecycle.registry.TestDatabase.untilItAnswers;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.TestDatabase;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A database that goes away while work is under way, and comes back. */
@Timeout(120)
final class PostgresJobOutageTest {
  /** So many beats after the outage, more than a server may miss. */
  private static final int BEATS = 20;

  @TempDir private Path folder;

  @Test
  void outage_longerThanAServerMayBeSilent_leavesItsRunToIt() throws Exception {
    int port = TestDatabase.freePort();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    AtomicInteger attempts = new AtomicInteger();
    Job job =
        context -> {
          attempts.incrementAndGet();
          begun.countDown();
          context.onStop(end::countDown);
          end.await();
          context.confirm();
          return JobRun.Outcome.of("Done.", Map.of());
        };
    try (Registry ofA = registry(port);
        Registry ofB = registry(port)) {
      String run;
      EmbeddedPostgres database = TestDatabase.start(port, folder);
      JobRunner a = runner(ofA, "a", job);
      run =
          untilItAnswers(() ->
                  a.queue()
                      .request(
                          new JobQueue.Request(
                              JobKind.TRAIN, "k", "because", "person:me", 3, Map.of())))
              .id();
      begun.await();
      JobRunner b = runner(ofB, "b", job);
      database.close();
      // A call that fails took longer than the four heartbeats of 200 ms that may be missed.
      WinnowException away = assertThrows(WinnowException.class, () -> a.queue().beats());
      assertEquals(ErrorCode.UNAVAILABLE, away.code());
      try (EmbeddedPostgres _ = TestDatabase.start(port, folder)) {
        long before = untilItAnswers(a.queue()::beats).getFirst().beats();
        while (untilItAnswers(a.queue()::beats).getFirst().beats() < before + BEATS) {
          Thread.onSpinWait();
        }
        end.countDown();
        JobRun done = a.queue().awaitEnd(run, _ -> {}, JobRunnerConformance.POLL);
        assertEquals(JobState.SUCCEEDED, done.state(), done.toString());
        assertEquals("a", done.progress().server());
        assertEquals(1, done.progress().attempts());
        assertEquals(1, attempts.get());
        List<String> lines =
            a.queue().lines(run, 0, 100).stream().map(JobQueue.Line::text).toList();
        assertEquals(List.of("attempt 1 of 3 on a: because", "Done."), lines);
        b.close();
        a.close();
      }
    }
  }

  @Test
  void outage_whileWorkEnds_isWrittenDownWhenTheDatabaseIsBack() throws Exception {
    int port = TestDatabase.freePort();
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    Job job =
        context -> {
          begun.countDown();
          end.await();
          context.log("said while it is away");
          ended.countDown();
          return JobRun.Outcome.of("Done.", Map.of("release", "r-1"));
        };
    try (Registry registry = registry(port)) {
      EmbeddedPostgres database = TestDatabase.start(port, folder);
      JobRunner runner = runner(registry, "a", job);
      String run =
          untilItAnswers(() ->
                  runner
                      .queue()
                      .request(
                          new JobQueue.Request(
                              JobKind.TRAIN, "k", "because", "person:me", 3, Map.of())))
              .id();
      begun.await();
      database.close();
      end.countDown();
      ended.await();
      try (EmbeddedPostgres _ = TestDatabase.start(port, folder)) {
        JobRun done =
            untilItAnswers(() -> {
              JobRun now = runner.queue().get(run);
              if (!now.state().isEnd()) {
                throw new WinnowException(ErrorCode.UNAVAILABLE, "not yet");
              }
              return now;
            });
        assertEquals(JobState.SUCCEEDED, done.state(), done.toString());
        assertEquals(1, done.progress().attempts());
        assertEquals("r-1", done.outcome().results().get("release"));
        assertTrue(
            runner.queue().lines(run, 0, 100).stream()
                .anyMatch(line -> line.text().equals("said while it is away")));
        runner.close();
      }
    }
  }

  private static JobRunner runner(Registry registry, String server, Job job) {
    return JobRunner.start(
        registry.dataSource(),
        Map.of(JobKind.TRAIN, job),
        List.of(),
        JobRunnerConformance.config(server),
        TimeSource.system());
  }

  private Registry registry(int port) {
    return Registries.open(TestDatabase.engine(port, TestDatabase.DEFAULT), folder, () -> 7);
  }
}
