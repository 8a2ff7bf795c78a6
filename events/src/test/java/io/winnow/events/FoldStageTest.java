package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog.Verdict;
import io.winnow.events.EventLog.Verdict.Status;
import io.winnow.events.Samples.Recorder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The next group goes to the disk while the folds take one in, and nobody notices but the clock.
 */
final class FoldStageTest {
  @TempDir Path folder;
  private final ExecutorService pool = Executors.newCachedThreadPool();
  private final Forces forces = new Forces();
  private final SlowFold fold = new SlowFold();

  /** A disk that counts what is forced. */
  private static final class Forces implements LogFile.Opener {
    final Semaphore done = new Semaphore(0);

    @Override
    public LogFile open(Path path) throws java.io.IOException {
      LogFile file = LogFile.open(path);
      return new LogFile() {
        @Override
        public void write(java.nio.ByteBuffer bytes, long position) throws java.io.IOException {
          file.write(bytes, position);
        }

        @Override
        public void force() throws java.io.IOException {
          file.force();
          done.release();
        }

        @Override
        public void truncate(long size) throws java.io.IOException {
          file.truncate(size);
        }

        @Override
        public void close() throws java.io.IOException {
          file.close();
        }
      };
    }
  }

  /** A fold that waits in its first call, then fails or goes on. */
  private static final class SlowFold implements LogFold {
    final Recorder recorder = new Recorder();
    final CountDownLatch reached = new CountDownLatch(1);
    final CountDownLatch gate = new CountDownLatch(1);
    volatile boolean failing;

    @Override
    public long appliedOffset() {
      return recorder.appliedOffset();
    }

    @Override
    public void apply(long[] offsets, List<LogRecord> records) {
      reached.countDown();
      Uninterruptibly.run(gate::await);
      if (failing) {
        throw new IllegalStateException("a defect");
      }
      recorder.apply(offsets, records);
    }
  }

  @AfterEach
  void closePool() {
    fold.gate.countDown();
    pool.close();
  }

  private EventLog open() {
    return EmbeddedEventLog.open(
        EventLogConfig.in(folder), Samples.SCHEMA, Samples.CLOCK, List.of(fold), forces);
  }

  private Future<List<Verdict>> append(EventLog log, String... ids) {
    List<LogRecord> records = new ArrayList<>();
    for (String id : ids) {
      records.add(Samples.click(id, "u", "i"));
    }
    return pool.submit(() -> log.append(records));
  }

  /** Appends two groups, the first of which is in the fold while the second comes to the disk. */
  private List<Future<List<Verdict>>> twoGroups(EventLog log) throws InterruptedException {
    forces.done.drainPermits();
    Future<List<Verdict>> first = append(log, "a", "b");
    fold.reached.await();
    forces.done.acquire();
    Future<List<Verdict>> second = append(log, "c", "a", "d");
    forces.done.acquire();
    return List.of(first, second);
  }

  @Test
  void append_foldIsSlow_nextGroupIsOnDiskButNeitherSeenNorAcknowledged() throws Exception {
    try (EventLog log = open()) {
      List<Future<List<Verdict>>> groups = twoGroups(log);
      assertFalse(groups.get(0).isDone());
      assertFalse(groups.get(1).isDone());
      assertEquals(0, log.endOffset());
      assertTrue(Samples.replayed(log).isEmpty());
      fold.gate.countDown();
      assertEquals(
          List.of(new Verdict(Status.ACCEPTED, 0, null), new Verdict(Status.ACCEPTED, 1, null)),
          groups.get(0).get());
      assertEquals(
          List.of(
              new Verdict(Status.ACCEPTED, 2, null),
              new Verdict(Status.DUPLICATE, 0, null),
              new Verdict(Status.ACCEPTED, 3, null)),
          groups.get(1).get());
      assertEquals(List.of(0L, 1L, 2L, 3L), fold.recorder.offsets);
      assertEquals(Samples.encoded(fold.recorder.records), Samples.encoded(Samples.replayed(log)));
    }
  }

  @Test
  void append_onlyDuplicatesOfWhatIsNotFolded_waitForTheFold() throws Exception {
    try (EventLog log = open()) {
      Future<List<Verdict>> first = append(log, "a");
      fold.reached.await();
      Future<List<Verdict>> again = append(log, "a");
      assertFalse(first.isDone());
      assertFalse(again.isDone());
      fold.gate.countDown();
      assertEquals(new Verdict(Status.DUPLICATE, 0, null), again.get().getFirst());
      // What is a duplicate of a record can be read with it.
      assertEquals(1, fold.recorder.records.size());
      assertEquals(1, log.endOffset());
    }
  }

  @Test
  void append_foldFailsWithTheNextGroupOnDisk_acknowledgesNeitherAndReplaysBoth() throws Exception {
    fold.failing = true;
    try (EventLog log = open()) {
      List<Future<List<Verdict>>> groups = twoGroups(log);
      fold.gate.countDown();
      for (Future<List<Verdict>> group : groups) {
        ExecutionException failed = assertThrows(ExecutionException.class, group::get);
        assertEquals(
            ErrorCode.UNAVAILABLE,
            assertInstanceOf(WinnowException.class, failed.getCause()).code());
      }
      assertEquals(0, log.endOffset());
      ExecutionException refused =
          assertThrows(ExecutionException.class, () -> append(log, "e").get());
      assertInstanceOf(WinnowException.class, refused.getCause());
    }
    fold.failing = false;
    try (EventLog log = open()) {
      assertEquals(List.of(0L, 1L, 2L, 3L), fold.recorder.offsets);
      for (Verdict verdict : append(log, "a", "b", "c", "d").get()) {
        assertEquals(Status.DUPLICATE, verdict.status());
      }
    }
  }

  @Test
  void close_foldIsSlow_appliesAndAcknowledgesWhatIsOnDisk() throws Exception {
    EventLog log = open();
    List<Future<List<Verdict>>> groups = twoGroups(log);
    Future<?> closing = pool.submit(log::close);
    fold.gate.countDown();
    closing.get();
    assertEquals(2, groups.get(0).get().size());
    assertEquals(3, groups.get(1).get().size());
    assertEquals(4, fold.recorder.records.size());
  }
}
