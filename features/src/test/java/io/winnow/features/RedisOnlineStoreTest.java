package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.harness.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** The store over Redis with one worker, like any other store. */
final class RedisOnlineStoreTest extends OnlineStoreConformance {
  private static RedisServer server;

  private final Map<OnlineStore, RedisWorker> workers = new HashMap<>();
  private RedisConfig config;
  private int opened;

  @BeforeAll
  static void start() {
    server = RedisServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void configure(TestInfo test) {
    config = config(server, test.getTestMethod().orElseThrow().getName(), 100_000);
  }

  @AfterEach
  void closeWorkers() {
    workers.forEach((store, worker) -> {
      worker.abandon();
      store.close();
    });
  }

  static RedisConfig config(RedisServer server, String prefix, int tailRecords) {
    return new RedisConfig(
        server.uri(),
        prefix,
        // Patient, so that a busy machine does not make answers old.
        new RedisConfig.Reading(8, tailRecords, Duration.ofSeconds(10)),
        new RedisConfig.Folding(16, 300, Duration.ofMillis(5), Duration.ofMillis(900), 1_000));
  }

  @Override
  OnlineStore open(ApplicationDefinition application) {
    FeaturePlan plan = FeaturePlan.of(application);
    RedisOnlineStore store = new RedisOnlineStore(plan, config);
    workers.put(store, new RedisWorker(plan, config, "worker-" + opened++, log));
    return store;
  }

  @Override
  void close(OnlineStore store) {
    workers.remove(store).close();
    store.close();
  }

  @Override
  void feed(OnlineStore store, List<LogRecord> records) {
    super.feed(store, records);
    workers.get(store).wake();
  }

  @Test
  void read_closedStore_isUnavailable() {
    OnlineStore store = open(SHORTS);
    close(store);
    WinnowException e = assertThrows(WinnowException.class, () -> store.history(new UserId("u")));
    assertEquals(ErrorCode.UNAVAILABLE, e.code());
  }

  @Test
  void open_afterTheItemsWereWritten_beginsThere() {
    List<LogRecord> records = Shorts.stream(new Seed(10), SHAPE);
    OnlineStore store = open(SHORTS);
    feed(store, records);
    store.stateDigest();
    close(store);
    OnlineStore again = open(SHORTS);
    long offset = again.appliedOffset();
    assertTrue(offset >= 1_000 && offset < records.size(), "begins at " + offset);
    assertEquals(records.size(), again.storedOffset());
    feed(again, records);
    OnlineStore memory = OnlineStores.inMemory(SHORTS);
    apply(memory, records, 0, records.size());
    assertEquals(memory.stateDigest(), again.stateDigest());
    close(again);
  }

  @Test
  void open_addressOfNothing_isUnavailableAndDoesNotTellThePassword() {
    RedisConfig nowhere = RedisConfig.of("redis://user:secret@127.0.0.1:1", "p");
    WinnowException e =
        assertThrows(WinnowException.class, () -> OnlineStores.redis(SHORTS, nowhere).close());
    assertEquals(ErrorCode.UNAVAILABLE, e.code());
    assertTrue(e.getMessage().contains("127.0.0.1:1"), e.getMessage());
    assertFalse(e.getMessage().contains("secret"), e.getMessage());
    assertFalse(nowhere.toString().contains("secret"), nowhere.toString());
  }

  @Test
  void open_serverThatEvicts_isRefused() {
    try (RedisServer evicting =
        RedisServer.start("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")) {
      RedisConfig there = RedisConfig.of(evicting.uri(), "p");
      WinnowException e =
          assertThrows(WinnowException.class, () -> OnlineStores.redis(SHORTS, there).close());
      assertEquals(ErrorCode.UNAVAILABLE, e.code());
      assertTrue(e.getMessage().contains("noeviction"), e.getMessage());
    }
  }

  @Test
  void tail_atItsBound_forgetsTheOldestAndSaysSo() {
    List<LogRecord> records = Shorts.stream(new Seed(11), SHAPE);
    config = config(server, "bound", 50);
    FeaturePlan plan = FeaturePlan.of(SHORTS);
    try (RedisOnlineStore store = new RedisOnlineStore(plan, config)) {
      // Nobody folds.
      super.feed(store, records.subList(0, 60));
      int users = store.history(new UserId("user-é0")).length();
      super.feed(store, records.subList(0, 2_000));
      assertTrue(users <= 50);
      String trouble = store.trouble().orElseThrow();
      assertTrue(trouble.contains("feature workers lag by 2000 records"), trouble);
      assertEquals(2_000, store.appliedOffset());
      try (RedisWorker _ = new RedisWorker(plan, config, "late", log)) {
        // The digest waits for the worker; from then on every answer is current.
        String digest = store.stateDigest();
        OnlineStore memory = OnlineStores.inMemory(SHORTS);
        apply(memory, records, 0, 2_000);
        assertEquals(memory.stateDigest(), digest);
        Await.until(() -> store.trouble().isEmpty());
        RandomGenerator random = new Seed(11).generator("reads");
        assertSameValues(memory, store, random, records.get(1_999).timeMs());
      }
    }
  }

  @Test
  void tail_whatRedisHolds_isForgotten() {
    List<LogRecord> records = Shorts.stream(new Seed(13), SHAPE);
    OnlineStore store = open(SHORTS);
    feed(store, records.subList(0, 3_000));
    int full = ((RedisOnlineStore) store).tailSize();
    store.stateDigest();
    int[] to = {3_000};
    // It is kept for two seconds more, as a crash may take so much back.
    Await.until(() -> {
      feed(store, records.subList(0, ++to[0]));
      return ((RedisOnlineStore) store).tailSize() < full / 2;
    });
    assertTrue(full > 1_000, full + " changes");
    assertEquals(Optional.empty(), store.trouble());
  }

  @Test
  void cachedUsers_whileNobodyFolds_stayCurrent() {
    List<LogRecord> records = Shorts.stream(new Seed(12), SHAPE);
    config = config(server, "cached", 10);
    OnlineStore memory = OnlineStores.inMemory(SHORTS);
    UserId user = new UserId("user-é0");
    try (RedisOnlineStore store = new RedisOnlineStore(FeaturePlan.of(SHORTS), config)) {
      store.history(user);
      List<Integer> lengths = new ArrayList<>();
      for (int to = 100; to <= 1_000; to += 100) {
        super.feed(store, records.subList(0, to));
        apply(memory, records, to - 100, to);
        assertEquals(memory.history(user).length(), store.history(user).length());
        lengths.add(store.history(user).length());
      }
      assertTrue(lengths.getLast() > lengths.getFirst(), lengths.toString());
    }
  }
}
