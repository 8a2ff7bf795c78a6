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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PointInTimeReplayTest {
  private static final ApplicationDefinition SHORTS = Shorts.application();
  private static final int REQUESTS = 100_000;
  private static final int READERS = 3;

  @TempDir Path folder;

  private record Served(FeatureQuery query, FeatureRows rows) {}

  /**
   * Readers ask while the log applies, through a store whose cache holds a tenth of the users. Log
   * and readers pace each other: each batch waits for so many answers, and readers may be ahead by
   * two batches' worth, so requests spread over all offsets and overlap with applying.
   */
  @Test
  void replay_hundredThousandServedRequests_agreesBitForBit() throws Exception {
    Shorts.Shape shape = new Shorts.Shape(30_000, 400, 300, 40_000);
    List<LogRecord> records = Shorts.stream(new Seed(11), shape);
    int batch = 20;
    int first = 100;
    int requestsPerBatch = REQUESTS / (records.size() / batch);
    Semaphore mayAsk = new Semaphore(2 * requestsPerBatch);
    Semaphore answered = new Semaphore(0);
    List<Served> all = new ArrayList<>();
    try (OnlineStore store =
            OnlineStores.embedded(SHORTS, folder, new EmbeddedConfig(40, 500, 1 << 20));
        ExecutorService readers = Executors.newFixedThreadPool(READERS)) {
      store.apply(LongStream.range(0, first).toArray(), records.subList(0, first));
      List<Future<List<Served>>> parts = new ArrayList<>();
      AtomicInteger asked = new AtomicInteger();
      for (int reader = 0; reader < READERS; reader++) {
        RandomGenerator random = new Seed(reader).generator("reader");
        parts.add(
            readers.submit(() -> {
              List<Served> mine = new ArrayList<>();
              while (asked.getAndIncrement() < REQUESTS) {
                mayAsk.acquire();
                mine.add(ask(store, records, shape, random));
                answered.release();
              }
              return mine;
            }));
      }
      for (int from = first; from < records.size(); from += batch) {
        assertTrue(
            answered.tryAcquire(requestsPerBatch, 60, TimeUnit.SECONDS), "the readers stopped");
        mayAsk.release(requestsPerBatch);
        store.apply(
            LongStream.range(from, from + batch).toArray(), records.subList(from, from + batch));
      }
      mayAsk.release(REQUESTS);
      for (Future<List<Served>> part : parts) {
        all.addAll(part.get());
      }
    }
    assertEquals(REQUESTS, all.size());
    assertReplayed(records, all);
  }

  private static Served ask(
      OnlineStore store, List<LogRecord> records, Shorts.Shape shape, RandomGenerator random) {
    UserId user = new UserId("user-é" + Shorts.skewed(random, shape.users() + 5));
    int[] items = random.ints(2, 0, store.catalog().size()).toArray();
    int about = (int) Math.min(store.appliedOffset(), records.size() - 1);
    long timeMs = records.get(about).timeMs() + random.nextLong(60_000);
    FeatureQuery query =
        new FeatureQuery(user, items, Map.of("device", "d" + random.nextInt(3)), timeMs);
    return new Served(query, store.read(query));
  }

  private static void assertReplayed(List<LogRecord> records, List<Served> served) {
    List<Request> requests =
        served.stream().map(s -> new Request(s.rows().asOfOffset(), s.query())).toList();
    int[] visits = new int[served.size()];
    long[] differences = {0, 0};
    PointInTimeReplay.replay(
        RecordSource.of(records),
        SHORTS,
        requests,
        (index, rows, reader) -> {
          visits[index]++;
          assertEquals(requests.get(index).asOfOffset(), reader.appliedOffset());
          float[] expected = served.get(index).rows().values();
          assertEquals(expected.length, rows.values().length);
          for (int i = 0; i < expected.length; i++) {
            int bits = Float.floatToRawIntBits(expected[i]);
            differences[0] += bits == Float.floatToRawIntBits(rows.values()[i]) ? 0 : 1;
            differences[1] += Float.isNaN(expected[i]) || expected[i] == 0 ? 0 : 1;
          }
        });
    for (int visit : visits) {
      assertEquals(1, visit);
    }
    assertEquals(0, differences[0], "values that differ");
    assertTrue(differences[1] > 1_000_000, differences[1] + " values say something");
    long offsets = requests.stream().mapToLong(Request::asOfOffset).distinct().count();
    // Proves that reads and writes interleaved; how finely is up to the scheduler.
    assertTrue(offsets > 500, "requests at " + offsets + " offsets");
  }

  @Test
  void replay_requestBeforeAndAfterAnEvent_seesOnlyWhatWasLogged() {
    List<LogRecord> records = Shorts.stream(new Seed(12), new Shorts.Shape(200, 3, 4, 1000));
    int watched = FeatureSchema.of(SHORTS).names().indexOf("user.events_1h");
    UserId user = new UserId("user-é0");
    FeatureQuery query =
        new FeatureQuery(user, new int[] {0}, Map.of(), records.getLast().timeMs());
    List<Request> requests = new ArrayList<>();
    for (int offset = records.size(); offset > 0; offset--) {
      requests.add(new Request(offset, query));
    }
    OnlineStore store = OnlineStores.inMemory(SHORTS);
    List<Float> online = new ArrayList<>();
    for (int offset = 0; offset < records.size(); offset++) {
      store.apply(new long[] {offset}, List.of(records.get(offset)));
      online.addFirst(store.read(query).values()[watched]);
    }
    float[] replayed = new float[requests.size()];
    List<Integer> order = new ArrayList<>();
    PointInTimeReplay.replay(
        RecordSource.of(records),
        SHORTS,
        requests,
        (index, rows, reader) -> {
          replayed[index] = rows.values()[watched];
          order.add(index);
        });
    for (int i = 0; i < replayed.length; i++) {
      assertEquals(online.get(i), replayed[i]);
      assertEquals(replayed.length - 1 - i, order.get(i), "in the order of offsets");
    }
    assertTrue(replayed[0] > 10 && replayed[replayed.length - 1] <= 1);
  }

  @Test
  void replay_requestBehindTheEnd_isRefused() {
    FeatureQuery query = new FeatureQuery(new UserId("u"), new int[0], Map.of(), 0);
    WinnowException e =
        assertThrows(
            WinnowException.class,
            () ->
                PointInTimeReplay.replay(
                    RecordSource.of(List.of()),
                    SHORTS,
                    List.of(new Request(1, query)),
                    (index, rows, reader) -> {}));
    assertEquals(ErrorCode.INVALID_ARGUMENT, e.code());
  }

  @Test
  void read_unknownItem_isRefused() {
    OnlineStore store = OnlineStores.inMemory(SHORTS);
    FeatureQuery query = new FeatureQuery(new UserId("u"), new int[] {0}, Map.of(), 0);
    WinnowException e = assertThrows(WinnowException.class, () -> store.read(query));
    assertEquals("items", e.problems().getFirst().field());
    FeatureQuery none = new FeatureQuery(new UserId("u"), new int[0], Map.of(), 0);
    assertArrayEquals(new float[0], store.read(none).values());
  }
}
