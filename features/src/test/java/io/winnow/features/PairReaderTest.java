package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.Pair;
import io.winnow.features.FeatureReader.PairQuery;
import io.winnow.features.FeatureReader.PairRows;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PairReaderTest {
  private static final Map<String, String> CONTEXT = Map.of("device", "tv");

  private final OnlineStore store = OnlineStores.inMemory(Shorts.application());
  private final List<LogRecord> records =
      Shorts.stream(new Seed(5), new Shorts.Shape(3_000, 20, 20, 60_000));
  private final long nowMs = play(store);

  private long play(OnlineStore into) {
    long newestMs = 0;
    for (int offset = 0; offset < records.size(); offset++) {
      into.apply(new long[] {offset}, List.of(records.get(offset)));
      if (records.get(offset) instanceof LogRecord.ItemPut put) {
        newestMs = put.timeMs();
      }
    }
    return newestMs;
  }

  private int[] allColumns() {
    return IntStream.range(0, store.schema().size()).toArray();
  }

  private static UserId user(int number) {
    return new UserId("user-é" + number);
  }

  @Test
  void read_pairsInAnyOrder_equalSingleReadsBitForBit(@TempDir Path folder) {
    RandomGenerator random = new Seed(6).generator("pairs");
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      pairs.add(new Pair(user(random.nextInt(25)), random.nextInt(store.catalog().size())));
    }
    int[] columns = {3, 0, 12, 12, 17, 8};
    PairQuery query = new PairQuery(pairs, columns, CONTEXT, nowMs);
    PairRows rows = store.read(query);
    assertEquals(records.size(), rows.asOfOffset());
    assertEquals(pairs.size() * columns.length, rows.values().length);
    int known = 0;
    for (int row = 0; row < pairs.size(); row++) {
      Pair pair = pairs.get(row);
      float[] single =
          store
              .read(new FeatureQuery(user(pair), new int[] {pair.item()}, CONTEXT, nowMs))
              .values();
      for (int c = 0; c < columns.length; c++) {
        float value = rows.values()[row * columns.length + c];
        assertEquals(Float.floatToRawIntBits(single[columns[c]]), Float.floatToRawIntBits(value));
        known += Float.isNaN(value) ? 0 : 1;
      }
    }
    assertTrue(known > 1_000, known + " values");
    try (OnlineStore embedded =
        OnlineStores.embedded(Shorts.application(), folder, EmbeddedConfig.DEFAULT)) {
      play(embedded);
      assertArrayEquals(rows.values(), embedded.read(query).values());
      assertArrayEquals(rows.newestMs(), embedded.read(query).newestMs());
    }
  }

  private static UserId user(Pair pair) {
    UserId user = pair.user();
    return user == null ? new UserId("nobody") : user;
  }

  @Test
  void read_oneSideOnly_knowsThatSideOnly() {
    PairRows rows =
        store.read(
            new PairQuery(
                List.of(
                    new Pair(user(0), PairQuery.NO_ITEM), new Pair(null, 0), new Pair(user(0), 0)),
                allColumns(),
                CONTEXT,
                nowMs));
    int width = store.schema().size();
    int compared = 0;
    for (int column = 0; column < width; column++) {
      FeatureDefinition definition = store.schema().definitions().get(column);
      float ofUser = rows.values()[column];
      float ofItem = rows.values()[width + column];
      float ofBoth = rows.values()[2 * width + column];
      boolean user = definition.entity().equals(Entity.USER);
      boolean item = definition.entity().equals(Entity.ITEM);
      boolean request = definition.entity() instanceof Entity.Request;
      assertEquals(user || request ? ofBoth : Float.NaN, ofUser, definition.qualifiedName());
      assertEquals(item || request ? ofBoth : Float.NaN, ofItem, definition.qualifiedName());
      assertTrue(user || rows.newestMs()[column] == PairRows.NO_EVENT);
      assertTrue(item || rows.newestMs()[width + column] == PairRows.NO_EVENT);
      compared++;
    }
    assertEquals(width, compared);
  }

  @Test
  void read_newest_isOfTheEventsThatTheViewTookIn() {
    int column = store.schema().names().indexOf("user.since_event");
    int stranger = 24;
    PairRows rows =
        store.read(
            new PairQuery(
                List.of(
                    new Pair(user(1), PairQuery.NO_ITEM),
                    new Pair(user(stranger), PairQuery.NO_ITEM)),
                new int[] {column},
                CONTEXT,
                nowMs));
    long newestMs = Long.MIN_VALUE;
    for (LogRecord record : records) {
      if (record instanceof LogRecord.Happened(Event event)
          && event.user().equals(user(1))
          && !event.type().equals("undeclared")) {
        newestMs = Math.max(newestMs, event.timeMs());
      }
    }
    assertEquals(newestMs, rows.newestMs()[0]);
    assertEquals(PairRows.NO_EVENT, rows.newestMs()[1]);
  }

  @Test
  void read_itemOrColumnThatThereIsNot_isRefused() {
    for (int item : new int[] {-2, store.catalog().size()}) {
      assertThrows(
          WinnowException.class,
          () ->
              store.read(
                  new PairQuery(List.of(new Pair(user(1), item)), allColumns(), CONTEXT, nowMs)));
    }
    for (int column : new int[] {-1, store.schema().size()}) {
      assertThrows(
          WinnowException.class,
          () ->
              store.read(
                  new PairQuery(
                      List.of(new Pair(user(1), 0)), new int[] {column}, CONTEXT, nowMs)));
    }
  }
}
