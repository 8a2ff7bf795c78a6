package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureStorePolicy;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.FeatureReader.Pair;
import io.winnow.features.FeatureReader.PairQuery;
import io.winnow.features.FeatureReader.PairRows;
import io.winnow.features.PointInTimeReplay.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** What every {@link OnlineStore} does, whatever it keeps its state in. */
abstract class OnlineStoreConformance {
  static final ApplicationDefinition SHORTS = Shorts.application();
  static final Shorts.Shape SHAPE = new Shorts.Shape(12_000, 60, 50, 60_000);
  private static final int READERS = 3;
  private static final int READS_PER_BATCH = 15;

  /** What the store under test has been fed. */
  final GrowingLog log = new GrowingLog();

  /** Opens a store over what the one before has left, with caches that are too small. */
  abstract OnlineStore open(ApplicationDefinition application);

  /** Closes a store that {@link #open} gave. */
  void close(OnlineStore store) {
    store.close();
  }

  /** Feeds records to the store as a log does. */
  void feed(OnlineStore store, List<LogRecord> records) {
    int from = (int) store.appliedOffset();
    if (log.endOffset() < records.size()) {
      log.append(records.subList((int) log.endOffset(), records.size()));
    }
    store.apply(
        LongStream.range(from, records.size()).toArray(), records.subList(from, records.size()));
  }

  @Test
  void apply_anyBatchesAndRestarts_equalsMemory() {
    List<LogRecord> records = Shorts.stream(new Seed(1), SHAPE);
    RandomGenerator random = new Seed(1).generator("batches");
    OnlineStore memory = OnlineStores.inMemory(SHORTS);
    OnlineStore store = open(SHORTS);
    int restarts = 0;
    for (int to = 0; to < records.size(); ) {
      int from = to;
      to = Math.min(records.size(), from + 1 + random.nextInt(400));
      apply(memory, records, from, to);
      feed(store, records.subList(0, to));
      assertEquals(to, store.appliedOffset());
      assertSameValues(memory, store, random, records.get(to - 1).timeMs());
      if (random.nextInt(8) == 0) {
        close(store);
        store = open(SHORTS);
        feed(store, records.subList(0, to));
        assertEquals(to, store.appliedOffset());
        restarts++;
      }
      if (random.nextInt(10) == 0) {
        assertEquals(memory.stateDigest(), store.stateDigest());
      }
      assertEquals(Optional.empty(), store.trouble());
    }
    assertEquals(memory.stateDigest(), store.stateDigest());
    close(store);
    assertTrue(restarts > 3, restarts + " restarts");
  }

  @Test
  void open_otherFeatures_startsAnew() {
    List<LogRecord> records = Shorts.stream(new Seed(3), SHAPE).subList(0, 1_000);
    OnlineStore before = open(SHORTS);
    feed(before, records);
    close(before);
    ApplicationDefinition other =
        Shorts.application(Shorts.features().subList(0, Shorts.features().size() - 4));
    OnlineStore store = open(other);
    assertEquals(0, store.appliedOffset());
    assertEquals(0, store.catalog().size());
    feed(store, records);
    OnlineStore fresh = OnlineStores.inMemory(other);
    apply(fresh, records, 0, records.size());
    assertEquals(fresh.stateDigest(), store.stateDigest());
    close(store);
  }

  @Test
  void discard_anyState_startsAnew() {
    List<LogRecord> records = Shorts.stream(new Seed(6), SHAPE).subList(0, 700);
    OnlineStore store = open(SHORTS);
    String empty = store.stateDigest();
    feed(store, records);
    String full = store.stateDigest();
    assertNotEquals(empty, full);
    log.clear();
    store.discard();
    assertEquals(0, store.appliedOffset());
    assertEquals(0, store.history(new UserId("user-é0")).length());
    assertEquals(empty, store.stateDigest());
    feed(store, records);
    assertTrue(store.history(new UserId("user-é0")).length() > 0);
    assertEquals(full, store.stateDigest());
    close(store);
  }

  @Test
  void heavyUser_pastEveryBound_keepsTheNewestAndTheSameBytes() {
    int events = FeatureStorePolicy.View.DEFAULT.maxKeys() + 3_000;
    List<LogRecord> all = new ArrayList<>();
    for (int round = 0; round < 2; round++) {
      RandomGenerator random = new Seed(7).generator("heavy");
      for (int i = 0; i < events; i++) {
        // Most items are new; some come back and so become young again.
        int item = random.nextInt(3) == 0 ? random.nextInt(i + 1) : i;
        ItemId id = new ItemId("i" + item);
        long timeMs = Shorts.START_MS + i * 1000L;
        all.add(
            new LogRecord.Happened(
                new Event("e" + i, "watch", new UserId("heavy"), id, timeMs, i)));
      }
    }
    OnlineStore memory = OnlineStores.inMemory(SHORTS);
    OnlineStore store = open(SHORTS);
    for (int from = 0; from < all.size(); from += 1_000) {
      int to = Math.min(all.size(), from + 1_000);
      apply(memory, all, from, to);
      feed(store, all.subList(0, to));
      if (from % 5_000 == 0) {
        close(store);
        store = open(SHORTS);
      }
    }
    feed(store, all);
    assertEquals(memory.stateDigest(), store.stateDigest());
    UserHistory history = store.history(new UserId("heavy"));
    assertEquals(UserHistory.MAX_LENGTH, history.length());
    assertEquals(events - 1, history.values()[UserHistory.MAX_LENGTH - 1]);
    assertEquals(events - UserHistory.MAX_LENGTH, history.values()[0]);
    close(store);
  }

  @Test
  void open_featuresThatDoNotFit_namesEach() {
    FeatureDefinition definition =
        new FeatureDefinition(
            "broken",
            new FeatureDefinition.Entity.Request(),
            Shorts.features().getFirst().aggregation());
    WinnowException e =
        assertThrows(WinnowException.class, () -> open(Shorts.application(List.of(definition))));
    assertEquals("features.request.broken", e.problems().getFirst().field());
  }

  @Test
  void read_unknownItem_isRefused() {
    OnlineStore store = open(SHORTS);
    FeatureQuery query = new FeatureQuery(new UserId("u"), new int[] {0}, Map.of(), 0);
    WinnowException e = assertThrows(WinnowException.class, () -> store.read(query));
    assertEquals("items", e.problems().getFirst().field());
    close(store);
  }

  private record Served(FeatureQuery query, FeatureRows rows) {}

  /**
   * Log and readers pace each other: each batch waits for so many answers, and readers may be ahead
   * by two batches' worth, so that reads spread over all offsets and overlap with applying.
   */
  @Test
  void read_whileApplying_isOfOneOffset() throws Exception {
    List<LogRecord> records = Shorts.stream(new Seed(8), SHAPE);
    OnlineStore store = open(SHORTS);
    feed(store, records.subList(0, 200));
    Semaphore mayAsk = new Semaphore(2 * READS_PER_BATCH);
    Semaphore answered = new Semaphore(0);
    AtomicBoolean done = new AtomicBoolean();
    List<Served> all = new ArrayList<>();
    try (ExecutorService readers = Executors.newFixedThreadPool(READERS)) {
      List<Future<List<Served>>> parts = new ArrayList<>();
      for (int reader = 0; reader < READERS; reader++) {
        RandomGenerator random = new Seed(reader).generator("reader");
        parts.add(
            readers.submit(() -> {
              List<Served> mine = new ArrayList<>();
              for (mayAsk.acquire(); !done.get(); mayAsk.acquire()) {
                mine.add(ask(store, records, random));
                answered.release();
              }
              return mine;
            }));
      }
      try {
        for (int to = 200; to <= records.size(); to += 50) {
          assertTrue(
              answered.tryAcquire(READS_PER_BATCH, 60, TimeUnit.SECONDS), "the readers stopped");
          mayAsk.release(READS_PER_BATCH);
          feed(store, records.subList(0, to));
        }
      } finally {
        done.set(true);
        mayAsk.release(READERS);
      }
      for (Future<List<Served>> part : parts) {
        all.addAll(part.get());
      }
    }
    assertEquals(Optional.empty(), store.trouble());
    close(store);
    assertReplayed(records, all);
  }

  private static Served ask(OnlineStore store, List<LogRecord> records, RandomGenerator random) {
    UserId user = new UserId("user-é" + Shorts.skewed(random, SHAPE.users() + 5));
    int[] items = random.ints(2, 0, store.catalog().size()).toArray();
    int about = (int) Math.min(store.appliedOffset(), records.size() - 1);
    long timeMs = records.get(about).timeMs() + random.nextLong(60_000);
    FeatureQuery query = new FeatureQuery(user, items, Map.of("device", "tv"), timeMs);
    return new Served(query, store.read(query));
  }

  private static void assertReplayed(List<LogRecord> records, List<Served> served) {
    List<Request> requests =
        served.stream().map(s -> new Request(s.rows().asOfOffset(), s.query())).toList();
    int[] compared = {0};
    PointInTimeReplay.replay(
        RecordSource.of(records),
        SHORTS,
        requests,
        (index, rows, reader) -> {
          float[] actual = served.get(index).rows().values();
          assertArrayEquals(
              rows.values(), actual, () -> requests.get(index) + " at " + reader.appliedOffset());
          compared[0]++;
        });
    assertEquals(served.size(), compared[0]);
    long offsets = requests.stream().mapToLong(Request::asOfOffset).distinct().count();
    assertTrue(offsets > 100, "requests at " + offsets + " offsets");
  }

  static void assertSameValues(
      OnlineStore expected, OnlineStore actual, RandomGenerator random, long timeMs) {
    assertEquals(expected.catalog().size(), actual.catalog().size());
    int[] items = random.ints(20, 0, expected.catalog().size()).toArray();
    for (int i = 0; i < 5; i++) {
      UserId user = new UserId("user-é" + random.nextInt(SHAPE.users() + 1));
      FeatureQuery query = new FeatureQuery(user, items, Map.of("device", "tv"), timeMs);
      assertArrayEquals(expected.read(query).values(), actual.read(query).values());
      assertEquals(expected.userAttributes(user), actual.userAttributes(user));
      assertArrayEquals(expected.history(user).items(), actual.history(user).items());
      assertArrayEquals(expected.history(user).timesMs(), actual.history(user).timesMs());
      assertArrayEquals(expected.history(user).types(), actual.history(user).types());
      assertArrayEquals(expected.history(user).values(), actual.history(user).values());
      assertArrayEquals(
          expected.lastItems(user, "recent", timeMs), actual.lastItems(user, "recent", timeMs));
    }
    assertSamePairs(expected, actual, random, timeMs);
    for (int item : items) {
      assertEquals(expected.catalog().item(item), actual.catalog().item(item));
      assertEquals(expected.catalog().attributes(item), actual.catalog().attributes(item));
      assertEquals(expected.catalog().available(item), actual.catalog().available(item));
      assertEquals(expected.catalog().firstSeenMs(item), actual.catalog().firstSeenMs(item));
    }
    assertArrayEquals(expected.itemCounts(7, timeMs), actual.itemCounts(7, timeMs));
  }

  private static void assertSamePairs(
      OnlineStore expected, OnlineStore actual, RandomGenerator random, long timeMs) {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      pairs.add(
          new Pair(
              i % 7 == 0 ? null : new UserId("user-é" + random.nextInt(SHAPE.users() + 1)),
              random.nextInt(expected.catalog().size() + 1) - 1));
    }
    int[] columns = IntStream.range(0, expected.schema().size()).toArray();
    PairQuery query = new PairQuery(pairs, columns, Map.of("device", "tv"), timeMs);
    PairRows rows = actual.read(query);
    assertEquals(expected.appliedOffset(), rows.asOfOffset());
    assertArrayEquals(expected.read(query).values(), rows.values());
    assertArrayEquals(expected.read(query).newestMs(), rows.newestMs());
  }

  static void apply(OnlineStore store, List<LogRecord> records, int from, int to) {
    store.apply(LongStream.range(from, to).toArray(), records.subList(from, to));
  }
}
