package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog.Verdict;
import io.winnow.events.EventLog.Verdict.Status;
import io.winnow.events.Samples.Recorder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every event log does, whatever it is kept in. Each test has a log of its own. */
abstract class EventLogConformance {
  /** Holds the id index in {@code index}, and whatever else the log keeps on this machine. */
  @TempDir Path folder;

  /** Opens this test's log, for the first time or again. */
  abstract EventLog open(EventLogConfig.Limits limits, List<LogFold> folds);

  final EventLog open(LogFold... folds) {
    return open(EventLogConfig.Limits.DEFAULT, List.of(folds));
  }

  static List<LogRecord> click(String id) {
    return List.of(Samples.click(id, "u", "i"));
  }

  @Test
  void append_everyKind_isReplayedEqualAndSeenByFolds() {
    List<LogRecord> records = Samples.mixed(1, 3000);
    Recorder fold = new Recorder();
    try (EventLog log = open(fold)) {
      List<Verdict> verdicts = log.append(records);
      for (int i = 0; i < verdicts.size(); i++) {
        assertEquals(new Verdict(Status.ACCEPTED, i, null), verdicts.get(i));
      }
      assertEquals(3000, log.endOffset());
      assertEquals(Samples.encoded(records), Samples.encoded(Samples.replayed(log)));
      assertEquals(Samples.encoded(records), Samples.encoded(fold.records));
    }
    Recorder fresh = new Recorder();
    Recorder late = new Recorder();
    late.applied = 1234;
    try (EventLog log = open(fresh, late, fold)) {
      assertEquals(3000, log.endOffset());
      assertEquals(Samples.encoded(records), Samples.encoded(fresh.records));
      assertEquals(Samples.encoded(records.subList(1234, 3000)), Samples.encoded(late.records));
      assertEquals(3000, fold.records.size());
    }
  }

  @Test
  void append_sameIdAgain_isDuplicateOrConflict() {
    LogRecord first = Samples.watch("a", 1000, 5);
    LogRecord other = Samples.watch("a", 1000, 6);
    try (EventLog log = open()) {
      List<Verdict> verdicts = log.append(List.of(first, first, other, Samples.watch("b", 1, 1)));
      assertEquals(
          List.of(Status.ACCEPTED, Status.DUPLICATE, Status.REJECTED, Status.ACCEPTED),
          verdicts.stream().map(Verdict::status).toList());
      assertEquals(0, verdicts.get(1).offset());
      assertEquals("id", problemField(verdicts.get(2)));
      assertEquals(1, verdicts.get(3).offset());
      assertEquals(List.of(Status.DUPLICATE), statuses(log.append(List.of(first))));
    }
    try (EventLog log = open()) {
      assertEquals(
          List.of(Status.DUPLICATE, Status.REJECTED), statuses(log.append(List.of(first, other))));
      assertEquals(2, log.endOffset());
    }
  }

  @Test
  void append_sameEventAtAnotherTime_isDuplicateOfTheFirst() {
    try (EventLog log = open()) {
      log.append(List.of(Samples.watch("a", 1000, 5)));
      Verdict again = log.append(List.of(Samples.watch("a", 2000, 5))).getFirst();
      assertEquals(new Verdict(Status.DUPLICATE, 0, null), again);
      log.replay(0, 1, (offset, first) -> assertEquals(1000, first.timeMs()));
      assertEquals(1, log.endOffset());
    }
  }

  private static String problemField(Verdict verdict) {
    Problem problem = verdict.problem();
    return problem == null ? "none" : problem.field();
  }

  private static List<Status> statuses(List<Verdict> verdicts) {
    return verdicts.stream().map(Verdict::status).toList();
  }

  @Test
  void append_invalidRecords_areRejectedByNameAndDoNotKeepOthersOut() {
    LogRecord good = Samples.click("good", "u", "i");
    record Case(LogRecord logRecord, String field) {}
    List<Case> cases =
        List.of(
            new Case(event("1", "buy", 0, Double.NaN), "type"),
            new Case(event("2", "click", 0, 3), "value"),
            new Case(event("3", "rate", 0, Double.NaN), "value"),
            new Case(event("4", "click", Samples.NOW + 86_400_001, Double.NaN), "time"),
            new Case(event("5", "click", -1, Double.NaN), "time"),
            new Case(event("\uD800", "click", 0, Double.NaN), "id"),
            new Case(put(Map.of("colour", new AttributeValue.Text("red"))), "attributes.colour"),
            new Case(put(Map.of("duration", new AttributeValue.Text("1"))), "attributes.duration"),
            new Case(
                put(Map.of("category", new AttributeValue.Text("x".repeat(300_000)))), "record"),
            new Case(
                new LogRecord.UserPut(
                    new UserId("u"), Map.of("country", new AttributeValue.Numeric(1)), 0),
                "attributes.country"),
            new Case(
                new LogRecord.Happened(
                    new Event(
                        "6",
                        "click",
                        new UserId("u"),
                        new ItemId("i"),
                        0,
                        Double.NaN,
                        "r".repeat(257),
                        null)),
                "request_id"));
    List<LogRecord> records = new ArrayList<>(cases.stream().map(Case::logRecord).toList());
    records.add(good);
    try (EventLog log = open()) {
      List<Verdict> verdicts = log.append(records);
      for (int i = 0; i < cases.size(); i++) {
        assertEquals(Status.REJECTED, verdicts.get(i).status());
        assertEquals(cases.get(i).field(), problemField(verdicts.get(i)));
      }
      assertEquals(new Verdict(Status.ACCEPTED, 0, null), verdicts.getLast());
      assertEquals(1, log.endOffset());
    }
  }

  private static LogRecord event(String id, String type, long timeMs, double value) {
    return new LogRecord.Happened(
        new Event(id, type, new UserId("u"), new ItemId("i"), timeMs, value));
  }

  private static LogRecord put(Map<String, AttributeValue> attributes) {
    return new LogRecord.ItemPut(new ItemId("i"), attributes, true, 0);
  }

  @Test
  void append_concurrently_givesGaplessOffsetsAndEachItsOwn() throws Exception {
    int threads = 8;
    int calls = 60;
    int each = 5;
    long all = 2400;
    Recorder fold = new Recorder();
    BitSet offsets = new BitSet();
    try (EventLog log = open(fold);
        ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Callable<List<Verdict>>> tasks = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int thread = t;
        tasks.add(() -> {
          List<Verdict> verdicts = new ArrayList<>();
          for (int c = 0; c < calls; c++) {
            List<LogRecord> records = new ArrayList<>();
            for (int r = 0; r < each; r++) {
              records.add(Samples.click(thread + "-" + c + "-" + r, "u" + thread, "i"));
            }
            long before = log.endOffset();
            verdicts.addAll(log.append(records));
            // Read your own writes, while others append.
            long[] seen = new long[1];
            log.replay(before, log.endOffset(), (offset, logRecord) -> seen[0]++);
            assertTrue(seen[0] >= each);
          }
          return verdicts;
        });
      }
      for (Future<List<Verdict>> result : pool.invokeAll(tasks)) {
        long last = -1;
        for (Verdict verdict : result.get()) {
          assertEquals(Status.ACCEPTED, verdict.status());
          assertTrue(verdict.offset() > last);
          last = verdict.offset();
          assertTrue(!offsets.get((int) last), "an offset was given twice");
          offsets.set((int) last);
        }
      }
      assertEquals(all, offsets.cardinality());
      assertEquals(all, offsets.length());
      assertEquals(all, log.endOffset());
      assertEquals(Samples.encoded(fold.records), Samples.encoded(Samples.replayed(log)));
    }
  }

  @Test
  void replay_fromAnyOffset_visitsExactlyTheRange() {
    List<LogRecord> records = Samples.mixed(7, 5000);
    try (EventLog log = open()) {
      for (int i = 0; i < records.size(); i += 250) {
        log.append(records.subList(i, i + 250));
      }
      assertRanges(log, records);
    }
    try (EventLog log = open()) {
      assertRanges(log, records);
      log.replay(5000, 9000, (offset, logRecord) -> assertEquals(-1, offset));
      log.replay(10, 10, (offset, logRecord) -> assertEquals(-1, offset));
    }
  }

  private static void assertRanges(EventLog log, List<LogRecord> records) {
    for (int from = 0; from < records.size(); from += 379) {
      int to = Math.min(records.size(), from + 700);
      List<LogRecord> seen = new ArrayList<>();
      long first = from;
      log.replay(
          from,
          to,
          (offset, logRecord) -> {
            assertEquals(first + seen.size(), offset);
            seen.add(logRecord);
          });
      assertEquals(Samples.encoded(records.subList(from, to)), Samples.encoded(seen));
    }
  }

  @Test
  void append_beyondItsBounds_isTooLarge() {
    EventLogConfig.Limits limits = new EventLogConfig.Limits(10, 2000, 1000, 10, 2000, 0);
    try (EventLog log = open(limits, List.of())) {
      List<LogRecord> many = new ArrayList<>();
      for (int i = 0; i < 11; i++) {
        many.add(Samples.click("m" + i, "u", "i"));
      }
      assertEquals(ErrorCode.TOO_LARGE, refused(log, many));
      List<LogRecord> heavy = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        heavy.add(put(Map.of("category", new AttributeValue.Text("x".repeat(800)))));
      }
      assertEquals(ErrorCode.TOO_LARGE, refused(log, heavy));
      assertEquals(0, log.endOffset());
      assertEquals(10, log.append(many.subList(0, 10)).size());
    }
  }

  private static ErrorCode refused(EventLog log, List<LogRecord> records) {
    return assertThrows(WinnowException.class, () -> log.append(records)).code();
  }

  @Test
  void open_whileOpen_isRefusedAndWorksAfterClose() {
    try (EventLog log = open()) {
      WinnowException refused = assertThrows(WinnowException.class, () -> open().close());
      assertEquals(ErrorCode.UNAVAILABLE, refused.code());
      assertTrue(String.valueOf(refused.getMessage()).contains("another log or process"));
      log.append(List.of(Samples.click("a", "u", "i")));
    }
    EventLog log = open();
    assertEquals(1, log.endOffset());
    log.close();
    log.close();
    assertEquals(ErrorCode.UNAVAILABLE, refused(log, List.of(Samples.click("b", "u", "i"))));
  }

  @Test
  void append_indexMissingDamagedOrMarked_isRebuiltAndStillDeduplicates() throws IOException {
    List<LogRecord> events = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      events.add(Samples.click("id" + i, "u", "i"));
    }
    try (EventLog log = open()) {
      log.append(events);
    }
    Path index = folder.resolve("index");
    for (Damage damage : List.<Damage>of(Files::delete, EventLogConformance::scribble)) {
      try (Stream<Path> files = Files.list(index)) {
        for (Path file : files.toList()) {
          damage.to(file);
        }
      }
      assertAllDuplicates(events);
    }
    Files.writeString(index.resolve("DAMAGED"), "a block did not match its checksum");
    assertAllDuplicates(events);
    assertTrue(Files.notExists(index.resolve("DAMAGED")));
  }

  private interface Damage {
    void to(Path file) throws IOException;
  }

  private static void scribble(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    for (int i = 0; i < bytes.length; i += 7) {
      bytes[i] ^= 0x55;
    }
    Files.write(file, bytes);
  }

  private void assertAllDuplicates(List<LogRecord> events) {
    try (EventLog log = open()) {
      assertEquals(events.size(), log.endOffset());
      assertTrue(
          log.append(events).stream().allMatch(v -> v.status() == Status.DUPLICATE), "duplicates");
    }
  }

  @Test
  void append_foldFails_refusesAndReplaysToItOnOpening() {
    Recorder fold = new Recorder();
    LogFold failing =
        new LogFold() {
          @Override
          public long appliedOffset() {
            return 0;
          }

          @Override
          public void apply(long[] offsets, List<LogRecord> records) {
            throw new IllegalStateException("a defect");
          }
        };
    try (EventLog log = open(failing, fold)) {
      assertEquals(Optional.empty(), log.trouble());
      assertEquals(ErrorCode.UNAVAILABLE, refused(log, click("a")));
      assertEquals(ErrorCode.UNAVAILABLE, refused(log, click("b")));
      assertTrue(log.trouble().orElse("none").contains("a fold failed"), log.trouble()::toString);
    }
    try (EventLog log = open(fold)) {
      assertEquals(1, fold.records.size());
      assertEquals(List.of(Status.DUPLICATE), statuses(log.append(click("a"))));
    }
  }

  @Test
  void append_moreThanMayBeOnItsWay_isOverloadedAndTheRestIsKept() throws Exception {
    EventLogConfig.Limits limits = new EventLogConfig.Limits(1, 1000, 1000, 3, 10_000, 0);
    CountDownLatch reached = new CountDownLatch(1);
    CountDownLatch gate = new CountDownLatch(1);
    Recorder fold = new Recorder();
    LogFold slow =
        new LogFold() {
          @Override
          public long appliedOffset() {
            return fold.appliedOffset();
          }

          @Override
          public void apply(long[] offsets, List<LogRecord> records) {
            reached.countDown();
            try {
              gate.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            fold.apply(offsets, records);
          }
        };
    try (EventLog log = open(limits, List.of(slow));
        ExecutorService pool = Executors.newCachedThreadPool()) {
      List<Future<Status>> results = new ArrayList<>();
      results.add(pool.submit(() -> log.append(click("first")).getFirst().status()));
      reached.await();
      // At most three more fit in, so at least four do not.
      CountDownLatch refusals = new CountDownLatch(4);
      for (int n = 0; n < 7; n++) {
        List<LogRecord> records = click("id" + n);
        results.add(
            pool.submit(() -> {
              try {
                return log.append(records).getFirst().status();
              } catch (WinnowException e) {
                assertEquals(ErrorCode.OVERLOADED, e.code());
                refusals.countDown();
                return Status.REJECTED;
              }
            }));
      }
      refusals.await();
      gate.countDown();
      int accepted = 0;
      for (Future<Status> result : results) {
        accepted += result.get() == Status.ACCEPTED ? 1 : 0;
      }
      assertTrue(accepted >= 3 && accepted <= 4, "accepted " + accepted);
      assertEquals(accepted, log.endOffset());
      assertEquals(accepted, fold.records.size());
      assertEquals(List.of(Status.ACCEPTED), statuses(log.append(click("later"))));
    }
  }

  @Test
  void append_threadInterrupted_isUnavailableAndTheLogGoesOn() {
    try (EventLog log = open()) {
      Thread.currentThread().interrupt();
      ErrorCode code = refused(log, click("a"));
      assertTrue(Thread.interrupted(), "the caller still knows that it was interrupted");
      assertEquals(ErrorCode.UNAVAILABLE, code);
      // It may have been written all the same.
      assertEquals(0, log.append(click("a")).getFirst().offset());
      assertEquals(1, log.append(click("b")).getFirst().offset());
      assertEquals(2, Samples.replayed(log).size());
    }
  }

  @Test
  void close_threadInterrupted_closesAll() {
    EventLog log = open();
    log.append(click("a"));
    Thread.currentThread().interrupt();
    log.close();
    assertTrue(Thread.interrupted(), "the caller still knows that it was interrupted");
    try (EventLog again = open()) {
      assertEquals(Status.DUPLICATE, again.append(click("a")).getFirst().status());
    }
  }
}
