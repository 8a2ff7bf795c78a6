package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.RedisDatabase.Status;
import io.winnow.features.RedisDatabase.UserWrite;
import io.winnow.harness.RedisServer;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of the store over Redis while workers and Redis itself die, hang and forget. */
final class RedisFailureTest {
  private static final ApplicationDefinition SHORTS = OnlineStoreConformance.SHORTS;
  private static final FeaturePlan PLAN = FeaturePlan.of(SHORTS);
  private static final Shorts.Shape SHAPE = OnlineStoreConformance.SHAPE;

  private final GrowingLog log = new GrowingLog();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private RedisServer server;
  private RedisConfig config;

  @BeforeEach
  void start() {
    server = RedisServer.start();
    config = RedisOnlineStoreTest.config(server, "failure", 100_000);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
    server.close();
  }

  private RedisOnlineStore store() {
    RedisOnlineStore store = new RedisOnlineStore(PLAN, config);
    opened.add(store);
    return store;
  }

  private RedisWorker worker(String id) {
    RedisWorker worker = new RedisWorker(PLAN, config, id, log);
    opened.add(worker);
    return worker;
  }

  private RedisDatabase database() {
    RedisDatabase database = new RedisDatabase(config, PLAN.hash());
    opened.add(database);
    return database;
  }

  private void feed(OnlineStore store, List<LogRecord> records, int to) {
    int from = (int) store.appliedOffset();
    if (log.endOffset() < to) {
      log.append(records.subList((int) log.endOffset(), to));
    }
    store.apply(LongStream.range(from, to).toArray(), records.subList(from, to));
  }

  private static OnlineStore memory(List<LogRecord> records, int to) {
    OnlineStore memory = OnlineStores.inMemory(SHORTS);
    OnlineStoreConformance.apply(memory, records, 0, to);
    return memory;
  }

  private static Status status(RedisDatabase database) {
    return database.await(database.status(), RedisDatabase.PATIENCE);
  }

  @Test
  void workers_comingDyingAndLeaving_loseAndDoubleNothing() {
    List<LogRecord> records = Shorts.stream(new Seed(21), SHAPE);
    RedisOnlineStore store = store();
    RedisWorker first = worker("first");
    RedisWorker second = worker("second");
    Await.until(() -> first.shards() == 32 && second.shards() == 32);
    RandomGenerator random = new Seed(21).generator("batches");
    int to = 0;
    while (to < 4_000) {
      to += 1 + random.nextInt(100);
      feed(store, records, to);
    }
    // It dies in the middle of its work: the log is ahead of what it has written.
    first.abandon();
    while (to < 8_000) {
      to += 1 + random.nextInt(100);
      feed(store, records, to);
    }
    Await.until(() -> second.shards() == 64);
    RedisWorker third = worker("third");
    Await.until(() -> third.shards() == 32);
    feed(store, records, 10_000);
    second.close();
    Await.until(() -> third.shards() == 64);
    feed(store, records, records.size());
    assertEquals(memory(records, records.size()).stateDigest(), store.stateDigest());
  }

  @Test
  void write_ofAWorkerThatWasOvertaken_isRefused() {
    RedisDatabase database = database();
    UserId user = new UserId("u");
    int shard = RedisDatabase.shard(user);
    UserWrite newer = new UserWrite();
    newer.put(new byte[] {1}, new byte[] {2});
    UserWrite stale = new UserWrite();
    stale.put(new byte[] {1}, new byte[] {3});
    stale.put(new byte[] {7}, new byte[] {3});
    assertTrue(database.write(shard, 0, 10, Map.of(user, newer)).join());
    assertFalse(database.write(shard, 0, 5, Map.of(user, stale)).join());
    assertFalse(database.write(shard, 0, 20, Map.of(user, stale)).join());
    assertEquals(List.of(shard), database.advance(Map.of(shard, 5L), 20).join());
    assertEquals(10, database.user(user).join().offset());
    assertEquals(1, database.user(user).join().entries().size());
    assertEquals(2, database.user(user).join().entries().get(new byte[] {1})[0]);
    UserWrite next = new UserWrite();
    next.remove(new byte[] {1});
    assertTrue(database.write(shard, 10, 11, Map.of(user, next)).join());
    assertEquals(0, database.user(user).join().entries().size());
  }

  @Test
  void twoWorkers_onTheSameShards_onlyWasteWork() {
    List<LogRecord> records = Shorts.stream(new Seed(22), SHAPE);
    RedisOnlineStore store = store();
    // Leases that are over before they are renewed: both fold everything, most of the time.
    config =
        new RedisConfig(
            config.uri(),
            config.prefix(),
            config.reading(),
            new RedisConfig.Folding(16, 50, Duration.ofMillis(1), Duration.ofMillis(2), 500));
    RedisWorker first = worker("first");
    RedisWorker second = worker("second");
    for (int to = 100; to <= records.size(); to += 100) {
      feed(store, records, to);
      first.wake();
      second.wake();
    }
    assertEquals(memory(records, records.size()).stateDigest(), store.stateDigest());
  }

  @Test
  void redis_killedAndStartedAgain_goesOnWithItsFile() {
    List<LogRecord> records = Shorts.stream(new Seed(23), SHAPE);
    RedisOnlineStore store = store();
    worker("worker");
    feed(store, records, 4_000);
    RedisDatabase database = database();
    Await.until(() -> status(database).lowest() > 1_000);
    server.kill();
    feed(store, records, 6_000);
    Await.until(() -> store.trouble().isPresent());
    server.restart();
    feed(store, records, records.size());
    OnlineStore memory = memory(records, records.size());
    assertEquals(memory.stateDigest(), store.stateDigest());
    Await.until(() -> store.trouble().isEmpty());
    OnlineStoreConformance.assertSameValues(
        memory, store, new Seed(23).generator("reads"), records.getLast().timeMs());
  }

  /** What a power cut leaves behind: the file ends earlier, and anywhere. */
  @Test
  void redis_losesItsNewestPart_isFoldedAgain() throws IOException {
    List<LogRecord> records = Shorts.stream(new Seed(27), SHAPE);
    RedisOnlineStore store = store();
    worker("worker");
    feed(store, records, 3_000);
    store.stateDigest();
    RedisDatabase database = database();
    Path file = appendOnlyFile();
    RandomGenerator random = new Seed(27).generator("cuts");
    int to = 3_000;
    for (int cut = 0; cut < 4; cut++) {
      long kept = Files.size(file);
      to += 1_500;
      feed(store, records, to);
      store.stateDigest();
      server.kill();
      long size = Files.size(file);
      assertTrue(size > kept + 10_000, kept + " to " + size);
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.truncate(random.nextLong(kept, size - 1_000));
      }
      server.restart();
      Await.until(() -> lowest(database) >= 0);
      assertEquals(memory(records, to).stateDigest(), store.stateDigest());
    }
  }

  private static long lowest(RedisDatabase database) {
    try {
      return status(database).lowest();
    } catch (WinnowException e) {
      return -1; // Not connected again yet.
    }
  }

  private Path appendOnlyFile() throws IOException {
    Path folder = Path.of(String.valueOf(server.logFile().getParent()), "appendonlydir");
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".incr.aof")).findFirst().orElseThrow();
    }
  }

  @Test
  void redis_emptied_isFilledAgainFromTheLog() {
    List<LogRecord> records = Shorts.stream(new Seed(24), SHAPE);
    RedisOnlineStore store = store();
    worker("worker");
    feed(store, records, 5_000);
    OnlineStore memory = memory(records, 5_000);
    assertEquals(memory.stateDigest(), store.stateDigest());
    RedisClient client = RedisClient.create(server.uri());
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      connection.sync().flushall();
    } finally {
      client.shutdown();
    }
    Await.until(() -> status(database()).lowest() == 5_000);
    feed(store, records, records.size());
    memory = memory(records, records.size());
    assertEquals(memory.stateDigest(), store.stateDigest());
    Await.until(() -> store.trouble().isEmpty());
    OnlineStoreConformance.assertSameValues(
        memory, store, new Seed(24).generator("reads"), records.getLast().timeMs());
  }

  @Test
  void redis_hanging_costsRequestsLittleAndIsSaid() {
    List<LogRecord> records = Shorts.stream(new Seed(25), SHAPE);
    config =
        new RedisConfig(
            config.uri(),
            config.prefix(),
            new RedisConfig.Reading(8, 100_000, Duration.ofMillis(10)),
            config.folding());
    RedisOnlineStore before = store();
    worker("worker");
    feed(before, records, 3_000);
    OnlineStore memory = memory(records, 3_000);
    assertEquals(memory.stateDigest(), before.stateDigest());
    Await.until(() -> status(database()).checkpoint() > 1_000);
    // Of what lies before the items that it begins with it has only what Redis tells.
    RedisOnlineStore store = store();
    feed(store, records, 3_000);
    assertEquals(Optional.empty(), store.trouble());
    UserId known = new UserId("user-é0");
    // A busy machine may need longer than a request waits: then it asks again.
    Await.until(() -> memory.history(known).length() == store.history(known).length());
    server.pause();
    int old = 0;
    for (int user = 1; user < 60; user++) {
      UserId id = new UserId("user-é" + user);
      old += store.history(id).length() < memory.history(id).length() ? 1 : 0;
    }
    assertTrue(old > 20, old + " answers are old");
    assertTrue(store.trouble().isPresent());
    // Who was read before is current, and an event shows at once.
    feed(store, records, 3_500);
    assertEquals(memory(records, 3_500).history(known).length(), store.history(known).length());
    server.resume();
    Await.until(() -> store.trouble().isEmpty());
    OnlineStore after = memory(records, 3_500);
    for (int user = 0; user < 60; user++) {
      UserId id = new UserId("user-é" + user);
      Await.until(() -> after.history(id).length() == store.history(id).length());
    }
    assertEquals(after.stateDigest(), store.stateDigest());
  }

  @Test
  void userAttributes_redisIsGone_areNotKnownUnlessPutSince() {
    List<LogRecord> records = new ArrayList<>(Shorts.stream(new Seed(31), SHAPE).subList(0, 1_000));
    UserId late = new UserId("put while Redis was gone");
    Map<String, AttributeValue> put = Map.of("country", new AttributeValue.Text("de"));
    records.add(new LogRecord.UserPut(late, put, records.getLast().timeMs()));
    config =
        new RedisConfig(
            config.uri(),
            config.prefix(),
            new RedisConfig.Reading(8, 100_000, Duration.ofMillis(50)),
            config.folding());
    RedisOnlineStore store = store();
    feed(store, records, 1_000);
    server.kill();
    feed(store, records, 1_001);
    WinnowException e =
        assertThrows(
            WinnowException.class, () -> store.userAttributes(new UserId("nobody has read me")));
    assertEquals(ErrorCode.UNAVAILABLE, e.code());
    assertEquals(put, store.userAttributes(late));
    assertEquals(0, store.history(new UserId("nobody has read me")).length(), "an old answer");
  }

  @Test
  void read_whereRedisIsAhead_waitsForTheLogAndIsOfOneOffset() throws Exception {
    List<LogRecord> records = Shorts.stream(new Seed(28), SHAPE);
    RedisOnlineStore store = store();
    feed(store, records, 1_000);
    log.append(records.subList(1_000, 2_000));
    worker("worker");
    RedisDatabase database = database();
    Await.until(() -> status(database).lowest() == 2_000);
    UserId user = new UserId("user-é0");
    FeatureQuery query =
        new FeatureQuery(user, new int[] {0, 1}, Map.of(), records.get(1_999).timeMs());
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      Future<FeatureRows> answer = other.submit(() -> store.read(query));
      // It cannot answer yet: Redis knows what this store does not.
      assertThrows(TimeoutException.class, () -> answer.get(100, TimeUnit.MILLISECONDS));
      feed(store, records, 2_000);
      FeatureRows rows = answer.get(60, TimeUnit.SECONDS);
      assertEquals(2_000, rows.asOfOffset());
      assertArrayEquals(memory(records, 2_000).read(query).values(), rows.values());
      assertEquals(Optional.empty(), store.trouble());
    }
  }

  @Test
  void read_whereTheLogStaysBehind_isOldAndSaysSo() {
    List<LogRecord> records = Shorts.stream(new Seed(29), SHAPE);
    config =
        new RedisConfig(
            config.uri(),
            config.prefix(),
            new RedisConfig.Reading(8, 100_000, Duration.ofMillis(50)),
            config.folding());
    RedisOnlineStore store = store();
    feed(store, records, 1_000);
    log.append(records.subList(1_000, 2_000));
    worker("worker");
    RedisDatabase database = database();
    Await.until(() -> status(database).lowest() == 2_000);
    store.history(new UserId("user-é0"));
    assertTrue(store.trouble().isPresent());
  }

  @Test
  void reconnect_anyTime_goesOn() {
    RedisDatabase database = database();
    UserWrite write = new UserWrite();
    write.put(new byte[] {1}, new byte[] {2});
    UserId user = new UserId("u");
    assertTrue(database.write(RedisDatabase.shard(user), 0, 5, Map.of(user, write)).join());
    database.reconnect();
    assertEquals(5, database.user(user).join().offset());
    server.kill();
    WinnowException e = assertThrows(WinnowException.class, database::reconnect);
    assertEquals(ErrorCode.UNAVAILABLE, e.code());
    server.restart();
    Await.until(() -> lowest(database) >= 0);
    assertEquals(5, database.user(user).join().offset());
  }

  @Test
  void checkpoint_neverGetsAheadOfAShard() {
    RedisDatabase database = database();
    byte[] key = {'i', 0, 0, 0, 0};
    database.stage("a", 0, Map.of(key, new byte[] {1, 5}));
    assertFalse(database.commit(0, 10, "a", 1));
    Map<Integer, Long> all = new HashMap<>();
    for (int shard = 1; shard < RedisDatabase.SHARDS; shard++) {
      all.put(shard, 0L);
    }
    assertEquals(List.of(), database.advance(all, 10).join());
    assertFalse(database.commit(0, 10, "a", 1), "shard 0 is not there yet");
    assertEquals(List.of(), database.advance(Map.of(0, 0L), 10).join());
    assertFalse(database.commit(3, 10, "a", 1), "another worker has written meanwhile");
    assertFalse(database.commit(0, 10, "a", 2), "a chunk is missing");
    database.stage("a", 0, Map.of(key, new byte[] {1, 5}));
    assertTrue(database.commit(0, 10, "a", 1));
    assertEquals(10, status(database).checkpoint());
    assertFalse(database.commit(10, 10, "b", 0), "the entries of the one before are not moved yet");
  }

  @Test
  void checkpoint_readBetweenCommitAndMove_isWholeAndIsMovedByAnyone() {
    List<LogRecord> records = Shorts.stream(new Seed(26), SHAPE);
    RedisDatabase database = database();
    FeatureState state = new FeatureState(PLAN, new UserTable.InMemory(PLAN));
    state.apply(LongStream.range(0, 500).toArray(), records.subList(0, 500));
    Map<Integer, Long> all = new HashMap<>();
    for (int shard = 0; shard < RedisDatabase.SHARDS; shard++) {
      all.put(shard, 0L);
    }
    database.advance(all, 500).join();
    Map<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
    StateEntries.Sink sink =
        new StateEntries.Sink() {
          @Override
          public void put(byte[] key, byte[] value) {
            entries.put(key, new ByteSink().raw(1).rest(value).toBytes());
          }

          @Override
          public void remove(byte[] key) {}
        };
    state.writeAll(sink);
    database.stage("dead", 0, entries);
    assertTrue(database.commit(0, 500, "dead", 1));
    FeatureState read = new FeatureState(PLAN, new UserTable.InMemory(PLAN));
    RedisCheckpoint.load(database, read);
    assertEquals(500, read.appliedOffset());
    assertEquals(state.catalog().size(), read.catalog().size());
    RedisCheckpoint other = new RedisCheckpoint(database, "other", 500);
    other.write(status(database));
    assertEquals(null, status(database).staged());
    FeatureState again = new FeatureState(PLAN, new UserTable.InMemory(PLAN));
    RedisCheckpoint.load(database, again);
    assertEquals(state.catalog().size(), again.catalog().size());
    assertTrue(again.catalog().indexOf(new ItemId("item-0")) >= 0);
  }

  @Test
  void epoch_ofADiscardedState_canNeitherReadNorWrite() {
    RedisDatabase one = database();
    RedisDatabase other = database();
    UserId user = new UserId("u");
    other.discard();
    assertTrue(failed(one, user));
    assertThrows(CompletionException.class, () -> one.write(0, 0, 1, Map.of()).join());
    one.enter();
    assertEquals(0, one.user(user).join().offset());
  }

  private static boolean failed(RedisDatabase database, UserId user) {
    try {
      database.user(user).join();
      return false;
    } catch (CompletionException e) {
      return String.valueOf(e.getCause().getMessage()).startsWith(RedisScript.EPOCH);
    }
  }
}
