package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureStorePolicy;
import io.winnow.features.FeatureReader.FeatureQuery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OnlineStoreTest {
  private static final ApplicationDefinition SHORTS = Shorts.application();
  private static final EmbeddedConfig SMALL = new EmbeddedConfig(8, 300, 1 << 20);
  private static final Shorts.Shape SHAPE = new Shorts.Shape(12_000, 60, 50, 60_000);

  @TempDir Path folder;

  @Test
  void embedded_smallCacheAndRestarts_equalsMemory() {
    List<LogRecord> records = Shorts.stream(new Seed(1), SHAPE);
    RandomGenerator random = new Seed(1).generator("batches");
    OnlineStore memory = OnlineStores.inMemory(SHORTS);
    OnlineStore embedded = OnlineStores.embedded(SHORTS, folder, SMALL);
    int restarts = 0;
    for (int from = 0; from < records.size(); ) {
      int to = Math.min(records.size(), from + 1 + random.nextInt(400));
      apply(memory, records, from, to);
      apply(embedded, records, from, to);
      from = to;
      assertSameValues(memory, embedded, random, records.get(to - 1).timeMs());
      if (random.nextInt(8) == 0) {
        embedded.close();
        embedded = OnlineStores.embedded(SHORTS, folder, SMALL);
        assertEquals(to, embedded.appliedOffset());
        restarts++;
      }
      if (random.nextInt(10) == 0) {
        assertEquals(memory.stateDigest(), embedded.stateDigest());
      }
    }
    assertEquals(memory.stateDigest(), embedded.stateDigest());
    embedded.close();
    assertTrue(restarts > 3, restarts + " restarts");
  }

  @Test
  void embedded_copiedWhileOpen_recoversToAPrefixAndReplaysToTheSame() throws IOException {
    List<LogRecord> records = Shorts.stream(new Seed(2), SHAPE);
    Path crashed = folder.resolve("crashed");
    try (OnlineStore store = OnlineStores.embedded(SHORTS, folder.resolve("live"), SMALL)) {
      apply(store, records, 0, 5_000);
      // What a process that is killed now leaves behind.
      copy(folder.resolve("live"), crashed);
    }
    try (OnlineStore store = OnlineStores.embedded(SHORTS, crashed, SMALL)) {
      long offset = store.appliedOffset();
      assertTrue(offset > 4_000 && offset <= 5_000, "recovered to " + offset);
      apply(store, records, (int) offset, records.size());
      OnlineStore fresh = OnlineStores.inMemory(SHORTS);
      apply(fresh, records, 0, records.size());
      assertEquals(fresh.stateDigest(), store.stateDigest());
    }
  }

  @Test
  void embedded_otherFeatures_startsAnew() {
    List<LogRecord> records = Shorts.stream(new Seed(3), SHAPE);
    try (OnlineStore store = OnlineStores.embedded(SHORTS, folder, SMALL)) {
      apply(store, records, 0, 1_000);
    }
    ApplicationDefinition other =
        Shorts.application(Shorts.features().subList(0, Shorts.features().size() - 4));
    try (OnlineStore store = OnlineStores.embedded(other, folder, SMALL)) {
      assertEquals(0, store.appliedOffset());
      assertEquals(0, store.catalog().size());
      apply(store, records, 0, 1_000);
      OnlineStore fresh = OnlineStores.inMemory(other);
      apply(fresh, records, 0, 1_000);
      assertEquals(fresh.stateDigest(), store.stateDigest());
    }
  }

  @Test
  void embedded_damagedFolder_startsAnew() throws IOException {
    List<LogRecord> records = Shorts.stream(new Seed(4), SHAPE);
    try (OnlineStore store = OnlineStores.embedded(SHORTS, folder, SMALL)) {
      apply(store, records, 0, 1_000);
    }
    List<Path> manifests = files(folder, "MANIFEST");
    assertEquals(1, manifests.size());
    Files.write(manifests.getFirst(), new byte[100]);
    try (OnlineStore store = OnlineStores.embedded(SHORTS, folder, SMALL)) {
      assertEquals(0, store.appliedOffset());
      apply(store, records, 0, 1_000);
      assertEquals(1_000, store.appliedOffset());
    }
  }

  @Test
  void embedded_openedTwice_isRefusedAndKeepsItsState() {
    List<LogRecord> records = Shorts.stream(new Seed(5), SHAPE);
    OnlineStore store = OnlineStores.embedded(SHORTS, folder, SMALL);
    apply(store, records, 0, 500);
    WinnowException e =
        assertThrows(
            WinnowException.class, () -> OnlineStores.embedded(SHORTS, folder, SMALL).close());
    assertEquals(ErrorCode.UNAVAILABLE, e.code());
    store.close();
    try (OnlineStore again = OnlineStores.embedded(SHORTS, folder, SMALL)) {
      assertEquals(500, again.appliedOffset());
    }
  }

  @Test
  void discard_anyState_startsAnew() {
    List<LogRecord> records = Shorts.stream(new Seed(6), SHAPE);
    for (OnlineStore store :
        List.of(OnlineStores.inMemory(SHORTS), OnlineStores.embedded(SHORTS, folder, SMALL))) {
      String empty = store.stateDigest();
      apply(store, records, 0, 700);
      String full = store.stateDigest();
      assertNotEquals(empty, full);
      store.discard();
      assertEquals(0, store.appliedOffset());
      assertEquals(empty, store.stateDigest());
      apply(store, records, 0, 700);
      assertEquals(full, store.stateDigest());
      store.close();
    }
  }

  @Test
  void read_closedStore_isUnavailable() {
    OnlineStore store = OnlineStores.embedded(SHORTS, folder, SMALL);
    store.close();
    WinnowException e = assertThrows(WinnowException.class, () -> store.history(new UserId("u")));
    assertEquals(ErrorCode.UNAVAILABLE, e.code());
  }

  @Test
  void heavyUser_pastEveryBound_keepsTheNewestAndTheSameBytes() {
    int events = FeatureStorePolicy.View.DEFAULT.maxKeys() + 3_000;
    List<LogRecord> records = new ArrayList<>();
    RandomGenerator random = new Seed(7).generator("heavy");
    for (int i = 0; i < events; i++) {
      // Most items are new; some come back and so become young again.
      int item = random.nextInt(3) == 0 ? random.nextInt(i + 1) : i;
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + i,
                  "watch",
                  new UserId("heavy"),
                  new ItemId("i" + item),
                  Shorts.START_MS + i * 1000L,
                  i)));
    }
    List<LogRecord> all = new ArrayList<>(records);
    all.addAll(records);
    OnlineStore memory = OnlineStores.inMemory(SHORTS);
    OnlineStore embedded = OnlineStores.embedded(SHORTS, folder, SMALL);
    for (int from = 0; from < all.size(); from += 1_000) {
      int to = Math.min(all.size(), from + 1_000);
      apply(memory, all, from, to);
      apply(embedded, all, from, to);
      if (from % 5_000 == 0) {
        embedded.close();
        embedded = OnlineStores.embedded(SHORTS, folder, SMALL);
      }
    }
    assertEquals(memory.stateDigest(), embedded.stateDigest());
    UserHistory history = embedded.history(new UserId("heavy"));
    assertEquals(UserHistory.MAX_LENGTH, history.length());
    assertEquals(events - 1, history.values()[UserHistory.MAX_LENGTH - 1]);
    assertEquals(events - UserHistory.MAX_LENGTH, history.values()[0]);
    embedded.close();
  }

  @Test
  void open_featuresThatDoNotFit_namesEach() {
    FeatureDefinition definition =
        new FeatureDefinition(
            "broken",
            new FeatureDefinition.Entity.Request(),
            Shorts.features().getFirst().aggregation());
    WinnowException e =
        assertThrows(
            WinnowException.class,
            () -> OnlineStores.inMemory(Shorts.application(List.of(definition))));
    assertEquals("features.request.broken", e.problems().getFirst().field());
  }

  private static void assertSameValues(
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
    for (int item : items) {
      assertEquals(expected.catalog().item(item), actual.catalog().item(item));
      assertEquals(expected.catalog().attributes(item), actual.catalog().attributes(item));
      assertEquals(expected.catalog().available(item), actual.catalog().available(item));
      assertEquals(expected.catalog().firstSeenMs(item), actual.catalog().firstSeenMs(item));
    }
    assertArrayEquals(expected.itemCounts(7, timeMs), actual.itemCounts(7, timeMs));
  }

  private static void apply(OnlineStore store, List<LogRecord> records, int from, int to) {
    store.apply(LongStream.range(from, to).toArray(), records.subList(from, to));
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> paths = Files.list(from)) {
      for (Path path : paths.toList()) {
        Files.copy(path, to.resolve(path.getFileName()));
      }
    }
  }

  private static List<Path> files(Path folder, String prefix) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.filter(path -> String.valueOf(path.getFileName()).startsWith(prefix)).toList();
    }
  }
}
