package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.PointInTimeReplay.Request;
import io.winnow.features.StateFolders.Contents;
import io.winnow.features.StateFolders.Opened;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SwitchableOnlineStoreTest {
  private static final EmbeddedConfig SMALL = new EmbeddedConfig(40, 300, 1 << 20);
  private static final Contents FIRST = new Contents(ShortsFile.first(), List.of());
  private static final Contents SECOND =
      new Contents(ShortsFile.second(), List.of(ShortsFile.first()));
  private static final FeatureSchema FIRST_SCHEMA =
      FeatureSchema.of(FIRST.application().definition());
  private static final FeatureSchema SECOND_SCHEMA =
      FeatureSchema.of(SECOND.application().definition());
  private static final int READERS = 3;

  @TempDir Path root;

  /** A log that grows; as the real one, it counts records as its own behind its folds. */
  private static final class GrowingLog implements RecordSource {
    private final List<LogRecord> all;
    private final long[] newestMs;
    private volatile int end;

    GrowingLog(List<LogRecord> all) {
      this.all = all;
      this.newestMs = new long[all.size()];
      long newest = Long.MIN_VALUE;
      for (int i = 0; i < newestMs.length; i++) {
        newest = Math.max(newest, all.get(i).timeMs());
        newestMs[i] = newest;
      }
    }

    /** The newest time of the records up to an offset, or of all if there are not so many. */
    long newestMs(long offset) {
      return newestMs[(int) Math.min(offset, newestMs.length - 1)];
    }

    void append(int records, OnlineStore fold) {
      int from = end;
      fold.apply(
          LongStream.range(from, from + records).toArray(), all.subList(from, from + records));
      end = from + records;
    }

    @Override
    public long endOffset() {
      return end;
    }

    @Override
    public void replay(long from, long to, Visitor visitor) {
      for (long offset = from; offset < Math.min(to, end); offset++) {
        visitor.visit(offset, all.get((int) offset));
      }
    }
  }

  private record Served(FeatureSchema schema, FeatureQuery query, FeatureRows rows) {}

  /**
   * Readers read an old release's columns, and what the store shows of itself, while the log grows
   * and the store is replaced in the middle, twice.
   */
  @Test
  void takeOver_duringReadsAndAppends_everyReadIsOfOneOffset() throws Exception {
    Shorts.Shape shape = new Shorts.Shape(9_000, 80, 60, 60_000);
    GrowingLog log = new GrowingLog(ShortsFile.withoutFuture(Shorts.stream(new Seed(21), shape)));
    List<Served> all = new ArrayList<>();
    AtomicInteger gone = new AtomicInteger();
    try (StateFolders folders = StateFolders.open(root, SMALL);
        SwitchableOnlineStore store =
            new SwitchableOnlineStore(folders.create(FIRST).store(), FIRST_SCHEMA);
        ExecutorService threads = Executors.newCachedThreadPool()) {
      log.append(100, store);
      AtomicBoolean done = new AtomicBoolean();
      Semaphore answered = new Semaphore(0);
      List<Future<List<Served>>> readers = new ArrayList<>();
      for (int reader = 0; reader < READERS; reader++) {
        RandomGenerator random = new Seed(reader).generator("reader");
        readers.add(
            threads.submit(() -> {
              List<Served> mine = new ArrayList<>();
              while (!done.get()) {
                read(store, log, shape, random, mine);
                answered.release();
              }
              return mine;
            }));
      }
      Future<?> appends =
          threads.submit(() -> {
            while (log.endOffset() + 20 <= log.all.size()) {
              answered.acquireUninterruptibly(2);
              log.append(20, store);
            }
          });
      answered.acquire(200);
      change(folders, store, SECOND, SECOND_SCHEMA, log, gone);
      long between = store.appliedOffset();
      answered.acquire(200);
      change(folders, store, FIRST, FIRST_SCHEMA, log, gone);
      appends.get();
      done.set(true);
      for (Future<List<Served>> reader : readers) {
        all.addAll(reader.get());
      }
      assertTrue(between > 100, "the log grew beside the first change");
      assertEquals(FIRST_SCHEMA, store.schema());
      OnlineStore serial = OnlineStores.inMemory(FIRST.features());
      serial.apply(LongStream.range(0, log.endOffset()).toArray(), log.all.subList(0, log.end));
      assertEquals(serial.stateDigest(), store.stateDigest());
    }
    assertEquals(2, gone.get(), "both stores that were replaced are closed");
    assertReplayed(log, all, FIRST_SCHEMA, FIRST.application().definition());
    assertReplayed(log, all, SECOND_SCHEMA, SECOND.application().definition());
  }

  private static void change(
      StateFolders folders,
      SwitchableOnlineStore store,
      Contents contents,
      FeatureSchema schema,
      RecordSource log,
      AtomicInteger gone) {
    long[] nowMs = {0};
    Opened opened = folders.compute(contents, log, 2, new BackfillProgress(() -> nowMs[0]++));
    SwitchableOnlineStore.Successor next = store.successor(opened.store(), schema);
    long[] atSwitch = {-1};
    next.takeOver(log, () -> atSwitch[0] = next.view().appliedOffset(), gone::incrementAndGet);
    assertTrue(atSwitch[0] >= 0 && atSwitch[0] <= store.appliedOffset());
  }

  private static void read(
      SwitchableOnlineStore store,
      GrowingLog log,
      Shorts.Shape shape,
      RandomGenerator random,
      List<Served> served) {
    FeatureReader view = store.view();
    UserId user = new UserId("user-é" + Shorts.skewed(random, shape.users() + 5));
    int[] items = random.ints(2, 0, view.catalog().size()).toArray();
    long bound = view.appliedOffset() + 200;
    FeatureQuery query = new FeatureQuery(user, items, Map.of(), log.newestMs(bound));
    FeatureRows first = view.read(query, FIRST_SCHEMA);
    FeatureRows own = view.read(query);
    // Which old tiles a state keeps depends on all features of an entity; so a request must not be
    // older than what is logged, as none is.
    if (own.asOfOffset() <= bound) {
      served.add(new Served(FIRST_SCHEMA, query, first));
      served.add(new Served(view.schema(), query, own));
    }
  }

  private static void assertReplayed(
      RecordSource log, List<Served> all, FeatureSchema schema, ApplicationDefinition application) {
    List<Served> served = all.stream().filter(s -> s.schema().equals(schema)).toList();
    List<Request> requests =
        served.stream().map(s -> new Request(s.rows().asOfOffset(), s.query())).toList();
    PointInTimeReplay.replay(
        log,
        application,
        requests,
        (index, rows, _) -> assertArrayEquals(rows.values(), served.get(index).rows().values()));
    assertTrue(served.size() > 100, served.size() + " reads of " + schema);
  }

  @Test
  void view_ofAStoreThatWasReplaced_readsOnAsOfThen() {
    List<LogRecord> records = Shorts.stream(new Seed(22), new Shorts.Shape(800, 20, 20, 60_000));
    GrowingLog log = new GrowingLog(records);
    OnlineStore first = OnlineStores.inMemory(FIRST.features());
    try (SwitchableOnlineStore store = new SwitchableOnlineStore(first, FIRST_SCHEMA)) {
      log.append(500, store);
      FeatureReader before = store.view();
      FeatureQuery query =
          new FeatureQuery(
              new UserId("user-é1"), new int[] {0, 1}, Map.of(), records.get(700).timeMs());
      float[] values = before.read(query).values();
      // A store that does not hold what the view shows.
      SwitchableOnlineStore.Successor next =
          store.successor(OnlineStores.inMemory(SECOND.application().definition()), SECOND_SCHEMA);
      List<String> order = new ArrayList<>();
      next.takeOver(log, () -> order.add("installed at " + store.appliedOffset()), () -> {});
      assertEquals(List.of("installed at 500"), order);
      log.append(300, store);
      assertEquals(800, store.appliedOffset());
      assertEquals(500, before.appliedOffset());
      assertEquals(FIRST_SCHEMA, before.schema());
      assertArrayEquals(values, before.read(query).values());
      WinnowException refused =
          assertThrows(WinnowException.class, () -> store.read(query, FIRST_SCHEMA));
      assertEquals(ErrorCode.CONFLICT, refused.code());
    }
  }

  @Test
  void present_otherColumns_areReadFromTheSameStore() {
    List<LogRecord> records = Shorts.stream(new Seed(23), new Shorts.Shape(300, 20, 20, 60_000));
    try (SwitchableOnlineStore store =
        new SwitchableOnlineStore(OnlineStores.inMemory(SECOND.features()), SECOND_SCHEMA)) {
      store.apply(LongStream.range(0, 300).toArray(), records);
      FeatureReader before = store.view();
      store.present(FIRST_SCHEMA);
      assertEquals(FIRST_SCHEMA, store.schema());
      assertEquals(SECOND_SCHEMA, before.schema());
      FeatureQuery query =
          new FeatureQuery(
              new UserId("user-é1"), new int[] {0}, Map.of(), records.getLast().timeMs());
      assertArrayEquals(before.read(query, FIRST_SCHEMA).values(), store.read(query).values());
    }
  }
}
