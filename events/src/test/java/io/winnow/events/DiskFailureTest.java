package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog.Verdict.Status;
import io.winnow.events.Samples.Recorder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DiskFailureTest {
  @TempDir Path folder;
  private final BadDisk disk = new BadDisk();
  private final Recorder fold = new Recorder();

  /** A disk that fails or waits when told to, and writes half of what it is given before. */
  private static final class BadDisk implements LogFile.Opener {
    volatile boolean failWrites;
    volatile boolean failForce;
    volatile boolean failTruncate;
    volatile CountDownLatch forceGate = new CountDownLatch(0);
    final CountDownLatch forceReached = new CountDownLatch(1);
    final AtomicInteger openFiles = new AtomicInteger();

    @Override
    public LogFile open(Path path) throws IOException {
      LogFile file = LogFile.open(path);
      openFiles.incrementAndGet();
      return new LogFile() {
        @Override
        public void write(ByteBuffer bytes, long position) throws IOException {
          if (failWrites) {
            file.write(bytes.slice(bytes.position(), bytes.remaining() / 2), position);
            throw new IOException("No space left on device");
          }
          file.write(bytes, position);
        }

        @Override
        public void force() throws IOException {
          if (failForce) {
            throw new IOException("Input/output error");
          }
          if (forceGate.getCount() > 0) {
            forceReached.countDown();
            try {
              forceGate.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
          }
          file.force();
        }

        @Override
        public void truncate(long size) throws IOException {
          if (failTruncate) {
            throw new IOException("Input/output error");
          }
          file.truncate(size);
        }

        @Override
        public void close() throws IOException {
          openFiles.decrementAndGet();
          file.close();
        }
      };
    }
  }

  private EventLog open(EventLogConfig.Limits limits) {
    return EmbeddedEventLog.open(
        new EventLogConfig(folder, 4096, limits),
        Samples.SCHEMA,
        Samples.CLOCK,
        List.of(fold),
        disk);
  }

  private static ErrorCode refused(EventLog log, String id) {
    return assertThrows(WinnowException.class, () -> append(log, id)).code();
  }

  private static Status append(EventLog log, String id) {
    return log.append(List.of(Samples.click(id, "u", "i"))).getFirst().status();
  }

  @Test
  void open_diskFails_leavesNoFileOpen() {
    open(EventLogConfig.Limits.DEFAULT).close();
    disk.failForce = true;
    WinnowException failed =
        assertThrows(WinnowException.class, () -> open(EventLogConfig.Limits.DEFAULT));
    assertEquals(ErrorCode.UNAVAILABLE, failed.code());
    assertEquals(0, disk.openFiles.get());
    disk.failForce = false;
    open(EventLogConfig.Limits.DEFAULT).close();
    assertEquals(0, disk.openFiles.get());
  }

  @Test
  void append_diskFull_acknowledgesNothingAndGoesOnWhenThereIsSpace() {
    try (EventLog log = open(EventLogConfig.Limits.DEFAULT)) {
      assertEquals(Status.ACCEPTED, append(log, "a"));
      disk.failWrites = true;
      assertEquals(ErrorCode.UNAVAILABLE, refused(log, "b"));
      assertEquals(ErrorCode.UNAVAILABLE, refused(log, "b"));
      assertEquals(1, log.endOffset());
      disk.failWrites = false;
      assertEquals(Status.ACCEPTED, append(log, "b"));
      assertEquals(Status.DUPLICATE, append(log, "a"));
    }
    assertOnDisk(List.of("a", "b"));
  }

  @Test
  void append_forceFails_refusesUntilOpenedAnew() {
    try (EventLog log = open(EventLogConfig.Limits.DEFAULT)) {
      append(log, "a");
      disk.failForce = true;
      assertEquals(ErrorCode.UNAVAILABLE, refused(log, "b"));
      disk.failForce = false;
      assertEquals(ErrorCode.UNAVAILABLE, refused(log, "c"));
      assertEquals(1, Samples.replayed(log).size());
      assertEquals(1, fold.records.size());
    }
    try (EventLog log = open(EventLogConfig.Limits.DEFAULT)) {
      // Written but never acknowledged: whether it is there or not, sending it again is safe.
      append(log, "b");
      assertEquals(Status.DUPLICATE, append(log, "b"));
      assertEquals(Status.ACCEPTED, append(log, "c"));
    }
    assertOnDisk(List.of("a", "b", "c"));
  }

  @Test
  void append_diskFullAndCannotCutBack_refusesUntilOpenedAnew() {
    try (EventLog log = open(EventLogConfig.Limits.DEFAULT)) {
      append(log, "a");
      disk.failWrites = true;
      disk.failTruncate = true;
      assertEquals(ErrorCode.UNAVAILABLE, refused(log, "b"));
      disk.failWrites = false;
      disk.failTruncate = false;
      assertEquals(ErrorCode.UNAVAILABLE, refused(log, "b"));
    }
    try (EventLog log = open(EventLogConfig.Limits.DEFAULT)) {
      assertEquals(Status.ACCEPTED, append(log, "b"));
    }
    assertOnDisk(List.of("a", "b"));
  }

  @Test
  void append_queueFull_isOverloadedAndTheQueuedAreCommittedOnClose() throws Exception {
    EventLogConfig.Limits limits = new EventLogConfig.Limits(1, 1000, 1000, 3, 10_000, 0);
    List<Future<Status>> waiting = new ArrayList<>();
    try (ExecutorService pool = Executors.newCachedThreadPool()) {
      EventLog log = open(limits);
      disk.forceGate = new CountDownLatch(1);
      waiting.add(pool.submit(() -> append(log, "first")));
      disk.forceReached.await();
      // The committer waits for the disk; three more fit into the queue, the others do not.
      List<Future<Status>> others = new ArrayList<>();
      CountDownLatch refusals = new CountDownLatch(4);
      for (int n = 0; n < 7; n++) {
        String id = "id" + n;
        others.add(
            pool.submit(() -> {
              try {
                return append(log, id);
              } catch (WinnowException e) {
                assertEquals(ErrorCode.OVERLOADED, e.code());
                refusals.countDown();
                return Status.REJECTED;
              }
            }));
      }
      refusals.await();
      Future<?> closing = pool.submit(log::close);
      disk.forceGate.countDown();
      closing.get();
      assertEquals(Status.ACCEPTED, waiting.getFirst().get());
      int accepted = 0;
      for (Future<Status> other : others) {
        accepted += other.get() == Status.ACCEPTED ? 1 : 0;
      }
      assertEquals(3, accepted);
    }
    disk.forceGate = new CountDownLatch(0);
    try (EventLog log = open(EventLogConfig.Limits.DEFAULT)) {
      assertEquals(4, log.endOffset());
      assertTrue(fold.records.size() == 4);
    }
  }

  private void assertOnDisk(List<String> ids) {
    try (EventLog log = open(EventLogConfig.Limits.DEFAULT)) {
      List<String> found =
          Samples.replayed(log).stream()
              .map(r -> r instanceof LogRecord.Happened h ? h.event().id() : "none")
              .toList();
      assertEquals(ids, found);
    }
  }
}
