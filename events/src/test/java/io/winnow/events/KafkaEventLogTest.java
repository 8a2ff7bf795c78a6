package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
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
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** The conformance suite on a real broker, and what is about several servers and topics. */
final class KafkaEventLogTest extends EventLogConformance {
  private static KafkaBroker broker;
  private static Admin admin;

  private String topic;

  @BeforeAll
  static void startBroker() {
    broker = KafkaBroker.start();
    admin = Admin.create(settings());
  }

  @AfterAll
  static void stopBroker() {
    admin.close(Duration.ZERO);
    broker.close();
  }

  private static Map<String, Object> settings() {
    return Map.of("bootstrap.servers", broker.bootstrapServers());
  }

  @BeforeEach
  void nameTopic(TestInfo test) {
    topic = test.getTestMethod().orElseThrow().getName();
  }

  @Override
  EventLog open(EventLogConfig.Limits limits, List<LogFold> folds) {
    return open(folder, limits, folds);
  }

  private KafkaEventLog open(Path place, EventLogConfig.Limits limits, List<LogFold> folds) {
    return KafkaEventLog.open(config(place, limits), () -> Samples.SCHEMA, Samples.CLOCK, folds);
  }

  private KafkaLogConfig config(Path place, EventLogConfig.Limits limits) {
    return new KafkaLogConfig(
        new Engines.LogEngine.Kafka(broker.bootstrapServers(), topic),
        place,
        limits,
        Duration.ofSeconds(20));
  }

  private KafkaEventLog open(String server, LogFold... folds) {
    return open(folder.resolve(server), EventLogConfig.Limits.DEFAULT, List.of(folds));
  }

  @Test
  void append_sameIdsOnTwoServersAtOnce_agreeOnEveryVerdictAndOffset() throws Exception {
    int calls = 40;
    int each = 25;
    Recorder foldA = new Recorder();
    Recorder foldB = new Recorder();
    try (EventLog a = open("a", foldA);
        EventLog b = open("b", foldB);
        ExecutorService pool = Executors.newCachedThreadPool()) {
      CountDownLatch start = new CountDownLatch(1);
      List<Future<List<Verdict>>> results = new ArrayList<>();
      for (EventLog log : List.of(a, b, a, b)) {
        // A third of the events differs between the servers: one content wins, for both.
        int seconds = log.equals(a) ? 1 : 2;
        results.add(
            pool.submit(() -> {
              start.await();
              List<Verdict> verdicts = new ArrayList<>();
              for (int call = 0; call < calls; call++) {
                List<LogRecord> records = new ArrayList<>();
                for (int n = 0; n < each; n++) {
                  records.add(
                      Samples.watch("id" + (call * each + n), 1000, n % 3 == 0 ? seconds : 0));
                }
                verdicts.addAll(log.append(records));
              }
              return verdicts;
            }));
      }
      start.countDown();
      int accepted = 0;
      int rejected = 0;
      for (int id = 0; id < calls * each; id++) {
        long offset = -1;
        List<Verdict> verdicts = new ArrayList<>();
        for (Future<List<Verdict>> result : results) {
          verdicts.add(result.get().get(id));
        }
        long winners = verdicts.stream().filter(v -> v.status() == Status.ACCEPTED).count();
        assertEquals(1, winners, "id" + id + ": " + verdicts);
        for (Verdict verdict : verdicts) {
          accepted += verdict.status() == Status.ACCEPTED ? 1 : 0;
          rejected += verdict.status() == Status.REJECTED ? 1 : 0;
          if (verdict.status() != Status.REJECTED) {
            assertTrue(offset < 0 || offset == verdict.offset(), verdicts::toString);
            offset = verdict.offset();
          }
        }
      }
      assertEquals(calls * each, accepted);
      assertTrue(rejected > 0, "no conflict");
      assertAgree(a, b, calls * each);
    }
    assertEquals(Samples.encoded(foldA.records), Samples.encoded(foldB.records));
    assertEquals(foldA.offsets, foldB.offsets);
    // A third server, that has seen nothing, finds the same.
    Recorder foldC = new Recorder();
    try (EventLog c = open("c", foldC)) {
      assertEquals(foldA.offsets, foldC.offsets);
      assertEquals(foldA.offsets, offsets(c));
    }
  }

  /** Waits until both have read the topic to its end. */
  private static void assertAgree(EventLog a, EventLog b, int records) {
    // An append is answered behind everything that stands before it.
    a.append(click("last-a"));
    b.append(click("last-b"));
    a.append(click("last-b"));
    List<Long> offsets = offsets(a);
    assertEquals(offsets, offsets(b));
    assertEquals(records + 2, offsets.size());
    assertEquals(Samples.encoded(Samples.replayed(a)), Samples.encoded(Samples.replayed(b)));
  }

  private static List<Long> offsets(EventLog log) {
    List<Long> offsets = new ArrayList<>();
    log.replay((offset, logRecord) -> offsets.add(offset));
    return offsets;
  }

  @Test
  void open_doubledAndForeignRecordsInTheTopic_areLeftOut() throws Exception {
    try (EventLog log = open("a")) {
      log.append(click("one"));
    }
    byte[] one = LogCodec.encode(Samples.click("one", "u", "i"));
    byte[] other = LogCodec.encode(Samples.click("one", "u", "another"));
    byte[] two = LogCodec.encode(Samples.click("two", "u", "i"));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings(), new ByteArraySerializer(), new ByteArraySerializer())) {
      for (byte[] value : List.of(one, other, "poison".getBytes(StandardCharsets.UTF_8), two)) {
        producer.send(new ProducerRecord<>(topic, value)).get();
      }
      producer.send(new ProducerRecord<>(topic, null)).get();
    }
    Recorder fold = new Recorder();
    Recorder late = new Recorder();
    try (KafkaEventLog log = open("a", fold)) {
      assertEquals(2, log.undecodable());
      assertEquals(List.of(0L, 4L), fold.offsets);
      assertEquals(6, log.endOffset());
      assertEquals(List.of(0L, 4L), offsets(log));
      List<Long> middle = new ArrayList<>();
      log.replay(1, 5, (offset, logRecord) -> middle.add(offset));
      assertEquals(List.of(4L), middle);
      assertEquals(List.of(new Verdict(Status.DUPLICATE, 4, null)), log.append(click("two")));
    }
    // The index is up to date and the fold is not: what was dropped stays dropped.
    try (KafkaEventLog log = open("a", late)) {
      assertEquals(List.of(0L, 4L), late.offsets);
      assertEquals(0, log.undecodable());
    }
  }

  @Test
  void replay_inAdjacentRangesAndFromManyThreads_isWhatOneReplayGives() throws Exception {
    List<LogRecord> records = Samples.mixed(11, 4000);
    try (EventLog log = open()) {
      for (int i = 0; i < records.size(); i += 500) {
        log.append(records.subList(i, i + 500));
      }
      List<String> expected = Samples.encoded(records);
      List<Callable<List<String>>> tasks = new ArrayList<>();
      for (int width : new int[] {7, 100, 999, 1024, 4000, 37}) {
        tasks.add(() -> {
          List<LogRecord> seen = new ArrayList<>();
          for (int from = 0; from < records.size(); from += width) {
            log.replay(from, from + width, (offset, logRecord) -> seen.add(logRecord));
          }
          return Samples.encoded(seen);
        });
      }
      try (ExecutorService pool = Executors.newCachedThreadPool()) {
        for (Future<List<String>> result : pool.invokeAll(tasks)) {
          assertEquals(expected, result.get());
        }
      }
    }
  }

  @Test
  void replay_visitorThrows_passesItOnAndTheNextReplayIsWhole() {
    List<LogRecord> records = Samples.mixed(5, 50);
    try (EventLog log = open()) {
      log.append(records);
      assertThrows(
          ArithmeticException.class,
          () ->
              log.replay((offset, logRecord) -> {
                if (offset == 20) {
                  throw new ArithmeticException("a defect");
                }
              }));
      assertEquals(Samples.encoded(records), Samples.encoded(Samples.replayed(log)));
    }
  }

  @Test
  void replay_threadInterrupted_isUnavailableAndTheNextReplayIsWhole() {
    List<LogRecord> records = Samples.mixed(5, 50);
    try (EventLog log = open()) {
      log.append(records);
      Thread.currentThread().interrupt();
      WinnowException refused =
          assertThrows(WinnowException.class, () -> log.replay((offset, logRecord) -> {}));
      assertTrue(Thread.interrupted(), "the caller still knows that it was interrupted");
      assertEquals(ErrorCode.UNAVAILABLE, refused.code());
      assertEquals(Samples.encoded(records), Samples.encoded(Samples.replayed(log)));
    }
  }

  @Test
  void send_producerClosed_isReplacedByAnother() throws Exception {
    try (KafkaTopic opened = KafkaTopic.open(config(folder, EventLogConfig.Limits.DEFAULT));
        KafkaSender sender = new KafkaSender(opened)) {
      LogRecord click = Samples.click("a", "u", "i");
      byte[] encoded = LogCodec.encode(click);
      Producer<byte[], byte[]> first = sender.producer();
      assertEquals(0, sender.send(first, click, encoded).get().offset());
      sender.failed(first, new TimeoutException("passes"));
      assertSame(first, sender.producer());
      first.close();
      IllegalStateException closed =
          assertThrows(IllegalStateException.class, () -> sender.send(first, click, encoded));
      sender.failed(first, closed);
      Producer<byte[], byte[]> second = sender.producer();
      assertNotSame(first, second);
      // Another caller that met the first one's end does not end the second.
      sender.failed(first, closed);
      assertSame(second, sender.producer());
      assertEquals(1, sender.send(second, click, encoded).get().offset());
    }
  }

  @Test
  void config_answerOutOfRange_isRefused() {
    for (Duration within : List.of(Duration.ofMillis(999), Duration.ofMinutes(11))) {
      WinnowException refused =
          assertThrows(
              WinnowException.class,
              () ->
                  new KafkaLogConfig(
                      new Engines.LogEngine.Kafka("localhost:1", "t"),
                      folder,
                      EventLogConfig.Limits.DEFAULT,
                      within));
      assertEquals("answer_within", refused.problems().getFirst().field());
    }
    KafkaLogConfig usual = KafkaLogConfig.of(new Engines.LogEngine.Kafka("h:1", "t"), folder);
    assertEquals(10_000, usual.answerWithinMs());
  }

  @Test
  void open_topicMadeAgain_forgetsIndexAndFolds() throws Exception {
    Recorder fold = new Recorder();
    try (EventLog log = open("a", fold)) {
      log.append(List.of(Samples.click("one", "u", "i"), Samples.click("two", "u", "i")));
    }
    admin.deleteTopics(List.of(topic)).all().get();
    try (EventLog log = open("b")) {
      log.append(List.of(Samples.click("three", "u", "i"), Samples.click("four", "u", "i")));
      log.append(click("five"));
    }
    try (EventLog log = open("a", fold)) {
      assertEquals(List.of(0L, 1L, 2L), fold.offsets);
      assertEquals(Samples.encoded(Samples.replayed(log)), Samples.encoded(fold.records));
      assertEquals(new Verdict(Status.ACCEPTED, 3, null), log.append(click("one")).getFirst());
    }
  }

  @Test
  void append_topicDeletedInUse_isRefusedUntilOpenedAnew() throws Exception {
    Recorder fold = new Recorder();
    try (EventLog log = open("a", fold)) {
      log.append(click("one"));
      admin.deleteTopics(List.of(topic)).all().get();
      try (EventLog other = open("b")) {
        other.append(click("two"));
      }
      assertEquals(ErrorCode.UNAVAILABLE, refusal(log, "three").code());
      assertTrue(log.trouble().isPresent());
      assertEquals(List.of(0L), fold.offsets);
    }
    try (EventLog log = open("a", fold)) {
      assertEquals(Samples.encoded(Samples.replayed(log)), Samples.encoded(fold.records));
      assertEquals(Optional.empty(), log.trouble());
      assertEquals(Status.DUPLICATE, log.append(click("two")).getFirst().status());
    }
  }

  private static WinnowException refusal(EventLog log, String id) {
    return assertThrows(WinnowException.class, () -> log.append(click(id)));
  }

  @Test
  void open_foldAheadOfTheTopic_isRebuilt() {
    try (EventLog log = open("a")) {
      log.append(click("one"));
    }
    Recorder ahead = new Recorder();
    ahead.applied = 5;
    try (EventLog log = open("a", ahead)) {
      assertEquals(1, log.endOffset());
      assertEquals(List.of(0L), ahead.offsets);
    }
  }

  @Test
  void open_topicWithSeveralPartitions_isRefused() throws Exception {
    make(Map.of(), 2);
    assertTrue(refusedOpening(ErrorCode.INVALID_ARGUMENT).contains("one partition"));
  }

  @Test
  void open_compactedTopic_isRefused() throws Exception {
    make(Map.of("cleanup.policy", "compact"), 1);
    assertTrue(refusedOpening(ErrorCode.INVALID_ARGUMENT).contains("cleanup.policy compact"));
  }

  @Test
  void open_topicForSmallerRecords_isRefused() throws Exception {
    make(Map.of("max.message.bytes", "1000"), 1);
    assertTrue(refusedOpening(ErrorCode.INVALID_ARGUMENT).contains("max.message.bytes 1000"));
  }

  @Test
  void open_topicThatLostItsBeginning_isRefused() throws Exception {
    try (EventLog log = open("a")) {
      log.append(List.of(Samples.click("one", "u", "i"), Samples.click("two", "u", "i")));
    }
    TopicPartition partition = new TopicPartition(topic, 0);
    admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(1))).all().get();
    assertTrue(refusedOpening(ErrorCode.CORRUPT).contains("begins at offset 1"));
  }

  private void make(Map<String, String> settings, int partitions) throws Exception {
    NewTopic made = new NewTopic(topic, partitions, (short) 1).configs(settings);
    admin.createTopics(List.of(made)).all().get();
  }

  private String refusedOpening(ErrorCode expected) {
    WinnowException refused = assertThrows(WinnowException.class, () -> open("refused").close());
    assertEquals(expected, refused.code());
    return String.valueOf(refused.getMessage());
  }

  @Test
  void open_missingTopic_isMadeToKeepEverything() throws Exception {
    open().close();
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    Config made = admin.describeConfigs(List.of(resource)).all().get().get(resource);
    for (String retention : List.of("retention.ms", "retention.bytes")) {
      assertEquals("-1", made.get(retention).value());
    }
    assertEquals("delete", made.get("cleanup.policy").value());
  }

  @Test
  void open_onTwoServersAtOnce_makesOneTopic() throws Exception {
    List<Callable<List<Verdict>>> tasks = new ArrayList<>();
    for (String server : List.of("a", "b", "c")) {
      tasks.add(() -> {
        try (EventLog log = open(server)) {
          return log.append(click("same"));
        }
      });
    }
    List<Long> offsets = new ArrayList<>();
    try (ExecutorService pool = Executors.newCachedThreadPool()) {
      for (Future<List<Verdict>> result : pool.invokeAll(tasks)) {
        offsets.add(result.get().getFirst().offset());
      }
    }
    assertEquals(1, new HashSet<>(offsets).size(), offsets::toString);
  }
}
