package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Entity.Key;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.core.application.FeatureStorePolicy;
import io.winnow.core.application.Operations;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.StateFolders.Contents;
import io.winnow.features.StateFolders.Opened;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StateFoldersTest {
  private static final EmbeddedConfig SMALL = new EmbeddedConfig(16, 300, 1 << 20);
  private static final Contents FIRST = new Contents(ShortsFile.first(), List.of());
  private static final Contents SECOND =
      new Contents(ShortsFile.second(), List.of(ShortsFile.first()));

  @TempDir Path root;

  private static BackfillProgress progress() {
    long[] nowMs = {0};
    return new BackfillProgress(() -> nowMs[0] += 1000);
  }

  private static List<LogRecord> records(long seed, int count) {
    return Shorts.stream(new Seed(seed), new Shorts.Shape(count, 60, 50, 60_000));
  }

  /** The state is the same entry by entry, though it was written and read back in between. */
  @Test
  void parallelFold_anyThreadsAndSeeds_equalsTheSerialFold() {
    ApplicationDefinition application = everyEntity();
    FeaturePlan plan = FeaturePlan.of(application);
    assertEquals(3, plan.shared().size());
    for (long seed = 1; seed <= 3; seed++) {
      List<LogRecord> records = withCountries(records(seed, 6_000));
      OnlineStore serial = OnlineStores.inMemory(application);
      serial.apply(LongStream.range(0, records.size()).toArray(), records);
      String expected = serial.stateDigest();
      for (int threads : new int[] {1, 2, 3, 4, 7}) {
        Path folder = root.resolve(seed + "-" + threads);
        BackfillProgress progress = progress();
        new ParallelFold(plan, SMALL, threads, progress).run(RecordSource.of(records), folder);
        assertEquals(
            new BackfillProgress.Moment(records.size(), records.size(), 0), progress.now());
        try (OnlineStore store = new EmbeddedOnlineStore(plan, folder, SMALL)) {
          assertEquals(records.size(), store.appliedOffset());
          assertEquals(expected, store.stateDigest(), threads + " threads, seed " + seed);
        }
      }
    }
  }

  /** All that {@link Shorts} has, sketches, and entities that no user or item owns, bounded. */
  private static ApplicationDefinition everyEntity() {
    List<FeatureDefinition> features = new ArrayList<>(Shorts.features());
    EventFilter watch = EventFilter.ofType("watch");
    Window day = Window.of(Duration.ofDays(1));
    Entity byTag = new Entity.Keys(Key.NONE, new Key.Attribute("tags"));
    Entity byCountry = new Entity.Keys(new Key.Attribute("country"), Key.NONE);
    Entity cross = new Entity.Keys(new Key.Attribute("country"), Key.ID);
    for (Entity entity : List.of(Entity.USER, Entity.ITEM, byTag, byCountry, cross)) {
      features.add(new FeatureDefinition("watched", entity, new Aggregation.Sum(watch, day)));
      features.add(
          new FeatureDefinition(
              "users",
              entity,
              new Aggregation.Distinct(watch, Aggregation.Distinct.Counted.USER, day)));
      features.add(
          new FeatureDefinition(
              "decayed", entity, new Aggregation.Decay(watch, true, Duration.ofHours(12))));
    }
    features.add(
        new FeatureDefinition("median", Entity.ITEM, new Aggregation.Quantile(watch, 0.5, day)));
    ApplicationDefinition shorts = Shorts.application(features);
    FeatureStorePolicy policy = shorts.operations().featureStore();
    return new ApplicationDefinition(
        shorts.name(),
        shorts.schema(),
        features,
        shorts.objectives(),
        shorts.policy(),
        shorts.imports(),
        new Operations(
            new FeatureStorePolicy(
                Map.of(cross.label(), new FeatureStorePolicy.View(Duration.ofDays(2), 40)),
                policy.audit()),
            shorts.operations().engines(),
            shorts.operations().retraining()));
  }

  private static List<LogRecord> withCountries(List<LogRecord> records) {
    return records.stream()
        .map(record -> {
          if (!(record instanceof LogRecord.UserPut put)) {
            return record;
          }
          Map<String, AttributeValue> attributes = new HashMap<>(put.attributes());
          attributes.put(
              "country", new AttributeValue.Text("c" + Math.floorMod(put.timeMs() / 1000, 5)));
          return new LogRecord.UserPut(put.user(), attributes, put.timeMs());
        })
        .toList();
  }

  @Test
  void compute_thenOpenAgain_goesOnAsTheSerialFold() {
    List<LogRecord> records = records(8, 4_000);
    List<LogRecord> before = records.subList(0, 3_000);
    try (StateFolders folders = StateFolders.open(root, SMALL)) {
      Opened opened = folders.compute(SECOND, RecordSource.of(before), 3, progress());
      opened.store().close();
    }
    OnlineStore serial = OnlineStores.inMemory(SECOND.features());
    serial.apply(LongStream.range(0, records.size()).toArray(), records);
    try (StateFolders folders = StateFolders.open(root, SMALL)) {
      Opened opened = folders.openBest(SECOND).orElseThrow();
      assertEquals(SECOND.features(), opened.contents().features());
      try (OnlineStore store = opened.store()) {
        assertEquals(3_000, store.appliedOffset());
        store.apply(LongStream.range(3_000, 4_000).toArray(), records.subList(3_000, 4_000));
        assertEquals(serial.stateDigest(), store.stateDigest());
        FeatureQuery query =
            new FeatureQuery(
                new UserId("user-é1"), new int[] {0, 1}, Map.of(), records.get(3_999).timeMs());
        FeatureSchema old = FeatureSchema.of(ShortsFile.first().definition());
        assertArrayEquals(serial.read(query, old).values(), store.read(query, old).values());
      }
    }
  }

  @Test
  void openBest_prefersWhatHoldsAllThatIsWanted_andDeletesTheRest() throws IOException {
    RecordSource log = RecordSource.of(records(9, 500));
    try (StateFolders folders = StateFolders.open(root, SMALL)) {
      folders.compute(FIRST, log, 1, progress()).store().close();
      folders.compute(SECOND, RecordSource.prefix(log, 400), 1, progress()).store().close();
      assertEquals(2, entries().size());
      try (OnlineStore both = folders.openBest(FIRST).orElseThrow().store()) {
        // The second holds the first's features too, but only one was made for them alone.
        assertEquals(500, both.appliedOffset());
      }
      assertEquals(1, entries().size());
      folders.compute(SECOND, RecordSource.prefix(log, 400), 1, progress()).store().close();
      try (OnlineStore second = folders.openBest(SECOND).orElseThrow().store()) {
        assertEquals(400, second.appliedOffset());
      }
      // Nothing fits: what goes furthest can serve until something does.
      Contents third =
          new Contents(ShortsFile.parse(ShortsFile.TEXT.replace("over 7d", "over 14d")), List.of());
      try (OnlineStore kept = folders.openBest(third).orElseThrow().store()) {
        assertFalse(kept.missing(FeatureSchema.of(third.application().definition())).isEmpty());
      }
    }
  }

  @Test
  void compute_cutOffAnywhere_isDiscardedAtTheNextStart() throws IOException {
    List<LogRecord> records = records(10, 3_000);
    Path copy = root.resolve("copy");
    int[] copies = {0};
    try (StateFolders folders = StateFolders.open(root.resolve("live"), SMALL)) {
      folders.compute(FIRST, RecordSource.of(records), 1, progress()).store().close();
      // What a process that is killed in the middle leaves behind.
      RecordSource cut =
          new RecordSource() {
            @Override
            public long endOffset() {
              return records.size();
            }

            @Override
            public void replay(long from, long to, Visitor visitor) {
              RecordSource.of(records)
                  .replay(
                      from,
                      to,
                      (offset, record) -> {
                        visitor.visit(offset, record);
                        if (offset == 2_000) {
                          copies[0]++;
                          copy(root.resolve("live"), copy);
                        }
                      });
            }
          };
      folders.compute(SECOND, cut, 1, progress()).store().close();
    }
    assertEquals(1, copies[0]);
    try (StateFolders folders = StateFolders.open(copy, SMALL)) {
      Opened kept = folders.openBest(SECOND).orElseThrow();
      try (OnlineStore store = kept.store()) {
        assertEquals(FIRST.features(), kept.contents().features());
        assertEquals(3_000, store.appliedOffset());
      }
    }
    assertEquals(1, list(copy).size(), "the half-built one is gone");
  }

  @Test
  void compute_cancelled_leavesNothing() throws IOException {
    List<LogRecord> records = records(11, 3_000);
    BackfillProgress progress = progress();
    RecordSource cancelling =
        new RecordSource() {
          @Override
          public long endOffset() {
            return records.size();
          }

          @Override
          public void replay(long from, long to, Visitor visitor) {
            RecordSource.of(records)
                .replay(
                    from,
                    to,
                    (offset, record) -> {
                      if (offset == 1_500) {
                        progress.cancel();
                      }
                      visitor.visit(offset, record);
                    });
          }
        };
    try (StateFolders folders = StateFolders.open(root, SMALL)) {
      assertThrows(
          CancellationException.class, () -> folders.compute(FIRST, cancelling, 2, progress));
      BackfillProgress.Moment moment = progress.now();
      assertTrue(moment.recordsDone() > 500 && moment.recordsDone() < 3_000, moment.toString());
      assertTrue(moment.secondsLeft() > 0, moment.toString());
      assertEquals(List.of(), entries());
    }
  }

  @Test
  void open_twice_isRefused() {
    try (StateFolders folders = StateFolders.open(root, SMALL)) {
      WinnowException refused =
          assertThrows(WinnowException.class, () -> StateFolders.open(root, SMALL).close());
      assertEquals(ErrorCode.UNAVAILABLE, refused.code());
      folders.create(FIRST).store().close();
    }
    try (StateFolders folders = StateFolders.open(root, SMALL)) {
      assertTrue(folders.openBest(FIRST).isEmpty(), "an empty store is not worth keeping");
    }
  }

  @Test
  void compute_whileOneOfThatNameIsThere_takesAnotherFolder() throws IOException {
    RecordSource log = RecordSource.of(records(12, 300));
    try (StateFolders folders = StateFolders.open(root, SMALL)) {
      Opened one = folders.compute(FIRST, log, 1, progress());
      Opened two = folders.compute(FIRST, log, 2, progress());
      assertNotEquals(one.folder(), two.folder());
      assertEquals(one.store().stateDigest(), two.store().stateDigest());
      one.store().close();
      folders.delete(one);
      two.store().close();
    }
    try (StateFolders folders = StateFolders.open(root, SMALL)) {
      try (OnlineStore store = folders.openBest(FIRST).orElseThrow().store()) {
        assertEquals(300, store.appliedOffset());
      }
    }
  }

  private List<Path> entries() throws IOException {
    return list(root);
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.filter(Files::isDirectory).toList();
    }
  }

  private static void copy(Path from, Path to) {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
