package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines;
import io.winnow.events.EventLog.Verdict;
import io.winnow.events.EventLog.Verdict.Status;
import io.winnow.events.Samples.Recorder;
import io.winnow.harness.KafkaBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A broker that is killed with SIGKILL while servers write to it. */
@Timeout(300)
final class KafkaOutageTest {
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(2);

  private static KafkaBroker broker;

  @TempDir Path folder;

  @BeforeAll
  static void startBroker() {
    broker = KafkaBroker.start();
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  private EventLog open(String topic, String server, Duration answerWithin, LogFold... folds) {
    return EventLogs.openKafka(
        new KafkaLogConfig(
            new Engines.LogEngine.Kafka(broker.bootstrapServers(), topic),
            folder.resolve(server),
            EventLogConfig.Limits.DEFAULT,
            answerWithin),
        Samples.SCHEMA,
        Samples.CLOCK,
        List.of(folds));
  }

  @Test
  void append_brokerDown_isUnavailableAndWorksAgainAfterTheRestart() {
    Recorder fold = new Recorder();
    try (EventLog log = open("down", "a", ANSWER_WITHIN, fold)) {
      log.append(List.of(Samples.click("before", "u", "i")));
      assertEquals(Optional.empty(), log.trouble());
      broker.kill();
      for (int attempt = 0; attempt < 2; attempt++) {
        WinnowException refused =
            assertThrows(
                WinnowException.class,
                () -> log.append(List.of(Samples.click("during", "u", "i"))));
        assertEquals(ErrorCode.UNAVAILABLE, refused.code());
        assertTrue(log.trouble().orElse("none").contains(broker.bootstrapServers()));
      }
      assertThrows(WinnowException.class, () -> open("down", "b", ANSWER_WITHIN).close());
      assertEquals(1, log.endOffset());
      assertEquals(1, fold.records.size());
      // What is known needs no broker.
      assertEquals(
          new Verdict(Status.DUPLICATE, 0, null),
          log.append(List.of(Samples.click("before", "u", "i"))).getFirst());
      broker.restart();
      appendUntilAnswered(log, "during");
      assertEquals(
          List.of("before", "during"), ids(Samples.replayed(log)).stream().distinct().toList());
      assertEquals(2, fold.records.size());
      assertEquals(
          Status.DUPLICATE,
          log.append(List.of(Samples.click("during", "u", "i"))).getFirst().status());
      assertEquals(Optional.empty(), log.trouble());
    }
  }

  /** The first attempts may still wait for the next connection. */
  private static void appendUntilAnswered(EventLog log, String id) {
    while (true) {
      try {
        log.append(List.of(Samples.click(id, "u", "i")));
        return;
      } catch (WinnowException e) {
        assertEquals(ErrorCode.UNAVAILABLE, e.code());
      }
    }
  }

  private static List<String> ids(List<LogRecord> records) {
    return records.stream()
        .map(r -> r instanceof LogRecord.Happened happened ? happened.event().id() : "none")
        .toList();
  }

  @Test
  void kill_whileTwoServersAppend_losesNothingAcknowledgedAndDoublesNothing() throws Exception {
    int threads = 6;
    int each = 5;
    int kills = 2;
    Map<String, Long> acknowledged = new ConcurrentHashMap<>();
    Set<String> sent = ConcurrentHashMap.newKeySet();
    Set<String> failed = ConcurrentHashMap.newKeySet();
    AtomicBoolean stop = new AtomicBoolean();
    Recorder foldA = new Recorder();
    Recorder foldB = new Recorder();
    List<Long> ends = new ArrayList<>();
    try (EventLog a = open("killed", "a", ANSWER_WITHIN, foldA);
        EventLog b = open("killed", "b", ANSWER_WITHIN, foldB);
        ExecutorService pool = Executors.newCachedThreadPool()) {
      List<CountDownLatch> rounds = new ArrayList<>();
      for (int round = 0; round <= kills; round++) {
        rounds.add(new CountDownLatch(300 * (round + 1)));
      }
      List<Future<?>> appenders = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int thread = t;
        EventLog log = t % 2 == 0 ? a : b;
        appenders.add(
            pool.submit(() -> {
              for (int call = 0; !stop.get(); call++) {
                List<LogRecord> records = new ArrayList<>();
                for (int n = 0; n < each; n++) {
                  // Neighbouring threads, on different servers, send the same events.
                  String id = thread / 2 + "-" + call + "-" + n;
                  records.add(Samples.click(id, "u" + thread, "i"));
                  sent.add(id);
                }
                try {
                  record(log.append(records), records, acknowledged);
                  rounds.forEach(CountDownLatch::countDown);
                } catch (WinnowException e) {
                  assertEquals(ErrorCode.UNAVAILABLE, e.code());
                  failed.addAll(ids(records));
                }
              }
              return null;
            }));
      }
      for (int kill = 0; kill < kills; kill++) {
        rounds.get(kill).await();
        broker.kill();
        broker.restart();
      }
      rounds.get(kills).await();
      stop.set(true);
      for (Future<?> appender : appenders) {
        appender.get();
      }
      appendUntilAnswered(a, "last");
      appendUntilAnswered(b, "last");
      ends.add(a.endOffset());
      ends.add(b.endOffset());
    }
    assertEquals(foldA.offsets, foldB.offsets);
    Recorder fresh = new Recorder();
    try (EventLog c = open("killed", "c", Duration.ofSeconds(20), fresh)) {
      assertTrue(c.endOffset() >= ends.getFirst());
      List<String> ids = ids(Samples.replayed(c));
      assertEquals(ids.size(), new HashSet<>(ids).size(), "an event is there twice");
      assertEquals(foldA.offsets, fresh.offsets);
      assertEquals(ids(foldA.records), ids);
      assertEquals(ids(foldB.records), ids);
      Map<String, Long> found = new HashMap<>();
      for (int i = 0; i < ids.size(); i++) {
        found.put(ids.get(i), fresh.offsets.get(i));
      }
      acknowledged.forEach((id, offset) -> assertEquals(offset, found.get(id), id));
      sent.add("last");
      assertTrue(sent.containsAll(found.keySet()), "an event that nobody sent");
    }
    assertTrue(acknowledged.size() > 1000, "acknowledged " + acknowledged.size());
    assertTrue(!failed.isEmpty(), "no append met the outage");
  }

  /** Both servers give one event one offset. */
  private static void record(
      List<Verdict> verdicts, List<LogRecord> records, Map<String, Long> acknowledged) {
    List<String> ids = ids(records);
    for (int i = 0; i < verdicts.size(); i++) {
      long offset = verdicts.get(i).offset();
      if (verdicts.get(i).status() != Status.REJECTED) {
        Long other = acknowledged.putIfAbsent(ids.get(i), offset);
        assertTrue(other == null || other == offset, ids.get(i));
      }
    }
  }
}
