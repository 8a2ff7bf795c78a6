package io.winnow.app;

import static io.winnow.app.Eventually.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog.Verdict;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.harness.KafkaBroker;
import io.winnow.harness.RedisServer;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Slate;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole servers on Kafka and Redis, chosen by the application file, with both going away. */
final class EnginesTest {
  private static final TimeSource CLOCK = TimeSource.system();

  private static final long NOW_MS = CLOCK.nowMs();

  @TempDir private Path folder;

  @Test
  void servers_onKafkaAndRedis_shareLogAndUsersAndOutliveBoth() throws InterruptedException {
    try (KafkaBroker broker = KafkaBroker.start();
        RedisServer redis = RedisServer.start()) {
      ApplicationFile application = application(broker.bootstrapServers(), redis.uri());
      try (Node one = Node.open(new DataFolder(folder.resolve("1")), application, CLOCK);
          Node two = Node.open(new DataFolder(folder.resolve("2")), application, CLOCK)) {
        append(one, 0, 40);
        long end = one.store().appliedOffset();
        await(() -> two.store().appliedOffset() >= end);
        assertEquals(Verdict.Status.DUPLICATE, append(two, 39, 40).getFirst().status());
        assertSame(one, two);
        assertTrue(recommend(two).degraded().stream().noneMatch(d -> d.stage().equals("features")));

        redis.kill();
        Slate withoutRedis = recommend(one);
        assertFalse(withoutRedis.items().isEmpty());
        redis.restart();
        await(() -> one.store().trouble().isEmpty() && two.store().trouble().isEmpty());
        append(two, 40, 60);
        long later = two.store().appliedOffset();
        await(() -> one.store().appliedOffset() >= later);
        assertSame(one, two);

        broker.kill();
        WinnowException refused = assertThrows(WinnowException.class, () -> append(one, 60, 61));
        assertEquals(ErrorCode.UNAVAILABLE, refused.code());
        await(() -> one.log().trouble().isPresent());
        Slate withoutKafka = recommend(one);
        assertFalse(withoutKafka.items().isEmpty());
        assertTrue(
            withoutKafka.degraded().stream().anyMatch(d -> d.stage().equals("impressions")),
            withoutKafka.degraded().toString());
        broker.restart();
        await(() -> one.log().trouble().isEmpty());
        Verdict again = append(one, 60, 61).getFirst();
        assertTrue(again.status() != Verdict.Status.REJECTED, again.toString());
      }
    }
  }

  private static ApplicationFile application(String brokers, String redis) {
    String yaml =
        """
        application: clips
        items: { attributes: { category: string } }
        events: { click: {} }
        features:
          user: { clicks: count(click) over 7d }
          item: { clicks: count(click) over 7d }
          user x category: { clicks: count(click) over 7d }
        serving: { deadline: 5s }
        engines: { log: "kafka://%s/clips", features: "%s" }
        """
            .formatted(brokers, redis);
    return ApplicationFile.parse(yaml, "clips", Map.of());
  }

  /** Both servers answer the same at the same offset. */
  private static void assertSame(Node one, Node two) {
    int[] items = {0, 1, 2, 3};
    for (int user = 0; user < 5; user++) {
      FeatureQuery query = new FeatureQuery(new UserId("u" + user), items, Map.of(), CLOCK.nowMs());
      FeatureRows left = one.store().read(query);
      FeatureRows right = two.store().read(query);
      assertEquals(left.asOfOffset(), right.asOfOffset());
      for (int i = 0; i < left.values().length; i++) {
        assertEquals(left.values()[i], right.values()[i], "user " + user + ", value " + i);
      }
      assertTrue(left.values()[0] > 0, "user " + user + " has clicked");
    }
  }

  private static List<Verdict> append(Node node, int from, int to) {
    List<LogRecord> clicks = new ArrayList<>();
    for (int i = from; i < to; i++) {
      clicks.add(
          new LogRecord.Happened(
              new Event(
                  "e" + i,
                  "click",
                  new UserId("u" + i % 5),
                  new ItemId("i" + i % 7),
                  NOW_MS - 100 + i,
                  Double.NaN)));
    }
    return node.log().append(clicks);
  }

  private static Slate recommend(Node node) {
    return node.pipeline()
        .recommend(
            new RecommendationRequest(
                "r-" + System.nanoTime(),
                new UserId("u1"),
                5,
                "home",
                Map.of(),
                Set.of(),
                Map.of(),
                Duration.ofSeconds(5)));
  }
}
