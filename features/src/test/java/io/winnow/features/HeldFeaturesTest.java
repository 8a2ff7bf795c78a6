package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class HeldFeaturesTest {
  private static final ApplicationDefinition FIRST = ShortsFile.first().definition();
  private static final ApplicationDefinition SECOND = ShortsFile.second().definition();
  private static final FeatureSchema FIRST_SCHEMA = FeatureSchema.of(FIRST);
  private static final FeatureSchema SECOND_SCHEMA = FeatureSchema.of(SECOND);

  @Test
  void read_twoVersionsSideBySide_eachIsWhatAStoreOfItsOwnReads() {
    List<LogRecord> records = new ArrayList<>();
    List<String> types = List.of("click", "like", "click", "watch", "like");
    for (int i = 0; i < 2_000; i++) {
      String type = types.get(i % 5);
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + i,
                  type,
                  new UserId("user-é" + i * i % 41),
                  new ItemId("item-" + i * 7 % 31),
                  Shorts.START_MS + i * 120_000L,
                  type.equals("watch") ? i % 60 : Double.NaN)));
    }
    OnlineStore both = OnlineStores.inMemory(HeldFeatures.of(SECOND, List.of(FIRST_SCHEMA)));
    OnlineStore first = OnlineStores.inMemory(FIRST);
    OnlineStore second = OnlineStores.inMemory(SECOND);
    long[] offsets = LongStream.range(0, records.size()).toArray();
    List.of(both, first, second).forEach(store -> store.apply(offsets, records));
    assertEquals(SECOND_SCHEMA, both.schema());
    long nowMs = records.stream().mapToLong(LogRecord::timeMs).max().orElseThrow();
    int differing = 0;
    for (int user = 0; user < 40; user++) {
      int[] items = {user % 30 % both.catalog().size(), 0};
      FeatureQuery query = new FeatureQuery(new UserId("user-é" + user), items, Map.of(), nowMs);
      FeatureRows old = both.read(query, FIRST_SCHEMA);
      assertArrayEquals(first.read(query).values(), old.values());
      assertEquals(first.read(query).columns(), old.columns());
      assertArrayEquals(second.read(query).values(), both.read(query).values());
      assertArrayEquals(second.read(query).values(), both.read(query, SECOND_SCHEMA).values());
      differing += old.values()[0] == both.read(query).values()[0] ? 0 : 1;
    }
    assertTrue(differing > 5, differing + " users for whom the two versions differ");
  }

  @Test
  void read_columnsInAnotherOrder_comeInThatOrder() {
    OnlineStore store = OnlineStores.inMemory(FIRST);
    List<LogRecord> records = Shorts.stream(new Seed(6), new Shorts.Shape(500, 5, 5, 60_000));
    store.apply(LongStream.range(0, 500).toArray(), records);
    FeatureSchema reversed = new FeatureSchema(FIRST_SCHEMA.definitions().reversed());
    FeatureQuery query =
        new FeatureQuery(new UserId("user-é0"), new int[] {1}, Map.of(), records.get(499).timeMs());
    float[] values = store.read(query).values();
    float[] backwards = store.read(query, reversed).values();
    for (int i = 0; i < values.length; i++) {
      assertEquals(
          Float.floatToRawIntBits(values[i]),
          Float.floatToRawIntBits(backwards[values.length - 1 - i]));
    }
    assertTrue(values.length > 5);
  }

  @Test
  void read_whatIsNotHeld_isRefusedWithTheDifference() {
    OnlineStore store = OnlineStores.inMemory(SECOND);
    FeatureQuery query = new FeatureQuery(new UserId("u"), new int[0], Map.of(), 0);
    WinnowException refused =
        assertThrows(WinnowException.class, () -> store.read(query, FIRST_SCHEMA));
    assertEquals(ErrorCode.CONFLICT, refused.code());
    FeatureDefinition events = definition(FIRST, "user.events_7d");
    FeatureDefinition other = definition(SECOND, "user.events_7d");
    FeatureDefinition time = definition(FIRST, "user.watch_time_7d");
    assertEquals(
        List.of("features.user.events_7d", "features.user.watch_time_7d"),
        refused.problems().stream().map(Problem::field).toList());
    assertEquals(refused.problems(), store.missing(FIRST_SCHEMA));
    Problem changed = refused.problems().getFirst();
    assertTrue(changed.value().contains(other.version()), changed.toString());
    assertTrue(changed.value().contains("count(click) over 7d"), changed.toString());
    assertTrue(changed.expectation().contains(events.version()), changed.toString());
    assertTrue(changed.expectation().contains("count(*) over 7d"), changed.toString());
    Problem missing = refused.problems().getLast();
    assertEquals("missing", missing.value());
    assertTrue(missing.expectation().contains(time.version()), missing.toString());
  }

  private static FeatureDefinition definition(ApplicationDefinition application, String name) {
    return application.features().stream()
        .filter(feature -> feature.qualifiedName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void hash_orderOfTheFileAndFeaturesWithoutState_changeNothing() {
    ApplicationDefinition reordered =
        ShortsFile.parse(
                ShortsFile.TEXT
                    .replace("    age: since(published)\n", "")
                    .replace("    hour: hour_of_day\n", "    day: day_of_week\n")
                    .replace(
                        "    events_7d: count(*) over 7d\n    watch_time_7d: sum(watch.value) over 7d\n",
                        "    watch_time_7d: sum(watch.value) over 7d\n    events_7d: count(*) over 7d\n"))
            .definition();
    assertNotEquals(FIRST.features(), reordered.features());
    assertEquals(HeldFeatures.of(FIRST).hash(), HeldFeatures.of(reordered).hash());
    assertTrue(HeldFeatures.of(FIRST).covers(HeldFeatures.of(reordered)));
    assertEquals(List.of(), HeldFeatures.of(reordered).missing(FIRST_SCHEMA));
    assertNotEquals(HeldFeatures.of(FIRST).hash(), HeldFeatures.of(SECOND).hash());
  }

  @Test
  void read_ageThatOnlyTheReleaseReads_needsTheAttributeAlone() {
    ApplicationDefinition without =
        ShortsFile.parse(ShortsFile.TEXT.replace("    age: since(published)\n", "")).definition();
    FeatureSchema age = new FeatureSchema(List.of(definition(FIRST, "item.age")));
    List<LogRecord> records = Shorts.stream(new Seed(7), new Shorts.Shape(800, 5, 5, 60_000));
    OnlineStore store = OnlineStores.inMemory(without);
    OnlineStore first = OnlineStores.inMemory(FIRST);
    long[] offsets = LongStream.range(0, 800).toArray();
    List.of(store, first).forEach(one -> one.apply(offsets, records));
    FeatureQuery query =
        new FeatureQuery(
            new UserId("u"), new int[] {0, 1, 2}, Map.of(), records.getLast().timeMs());
    float[] ages = store.read(query, age).values();
    assertArrayEquals(first.read(query, age).values(), ages);
    assertTrue(ages[0] > 0, "an age: " + ages[0]);
    ApplicationDefinition noAttribute =
        ShortsFile.parse(
                ShortsFile.TEXT
                    .replace("    age: since(published)\n", "")
                    .replace(", published: time", ""))
            .definition();
    assertEquals(
        List.of("features.item.age"),
        OnlineStores.inMemory(noAttribute).missing(age).stream().map(Problem::field).toList());
  }

  @Test
  void covers_moreFeatures_yes_lessOrOtherEvents_no() {
    HeldFeatures both = HeldFeatures.of(SECOND, List.of(FIRST_SCHEMA));
    assertTrue(both.covers(HeldFeatures.of(FIRST)));
    assertTrue(both.covers(HeldFeatures.of(SECOND)));
    assertFalse(HeldFeatures.of(FIRST).covers(both));
    ApplicationDefinition moreEvents =
        ShortsFile.parse(ShortsFile.TEXT.replace("like: {} }", "like: {}, share: {} }"))
            .definition();
    assertFalse(both.covers(HeldFeatures.of(moreEvents)), "any event counts differently");
  }

  @Test
  void needed_ofEventTypesThatAreGone_areNotHeld() {
    ApplicationDefinition without =
        ShortsFile.parse(
                """
                application: shorts
                events: { click: {} }
                features: { user: { clicks_1h: count(click) over 7d } }
                """)
            .definition();
    HeldFeatures held = HeldFeatures.of(without, List.of(FIRST_SCHEMA));
    assertEquals(
        List.of(
            "features.user.watch_time_7d",
            "features.item.long_7d",
            "features.item.age",
            "features.user x tags.watched_1d"),
        held.missing(FIRST_SCHEMA).stream().map(Problem::field).toList());
  }
}
