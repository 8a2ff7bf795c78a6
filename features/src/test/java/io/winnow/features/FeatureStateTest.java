package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.EventFilter;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FeatureStateTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void read_anyStream_equalsNaiveBitForBit(long seed) {
    long[] steps = {20, 2_000, 60_000, 600_000, 3_600_000, 0};
    Shorts.Shape shape = new Shorts.Shape(2_500, 12, 15, steps[(int) seed - 1]);
    OnlineStore store = OnlineStores.inMemory(Shorts.application());
    NaiveFeatures naive = new NaiveFeatures(Shorts.features(), List.of("click", "watch", "like"));
    RandomGenerator random = new Seed(seed).generator("reads");
    List<LogRecord> records = Shorts.stream(new Seed(seed), shape);
    int known = 0;
    int compared = 0;
    for (int offset = 0; offset < records.size(); offset++) {
      store.apply(new long[] {offset}, List.of(records.get(offset)));
      naive.apply(records.get(offset));
      if (random.nextInt(12) > 0) {
        continue;
      }
      UserId user = new UserId("user-é" + random.nextInt(shape.users() + 1));
      long timeMs = records.get(offset).timeMs() + random.nextLong(-7_200_000, 7_200_000);
      Map<String, String> context = random.nextBoolean() ? Map.of("device", "7") : Map.of();
      int[] items = random.ints(3, 0, store.catalog().size()).toArray();
      FeatureRows rows = store.read(new FeatureQuery(user, items, context, timeMs));
      assertEquals(offset + 1, rows.asOfOffset());
      for (int row = 0; row < items.length; row++) {
        float[] expected = naive.row(user, store.catalog().item(items[row]), context, timeMs);
        assertArrayEquals(
            bits(expected), bits(rows.row(row)), () -> Arrays.toString(expected) + " at " + rows);
        for (float value : expected) {
          known += Float.isNaN(value) || value == 0 ? 0 : 1;
        }
        compared += expected.length;
      }
      List<ItemId> recent =
          Arrays.stream(store.lastItems(user, "recent", timeMs))
              .mapToObj(store.catalog()::item)
              .toList();
      assertEquals(naive.lastItems(user, EventFilter.ofType("watch"), 5, timeMs), recent);
    }
    assertTrue(known > compared / 4, known + " of " + compared + " values say something");
  }

  @Test
  void itemCounts_anyStream_equalNaive() {
    List<LogRecord> records = Shorts.stream(new Seed(9), new Shorts.Shape(20_000, 30, 40, 120_000));
    OnlineStore store = OnlineStores.inMemory(Shorts.application());
    RandomGenerator random = new Seed(9).generator("reads");
    List<Event> past = new ArrayList<>();
    double total = 0;
    for (int offset = 0; offset < records.size(); offset++) {
      LogRecord record = records.get(offset);
      store.apply(new long[] {offset}, List.of(record));
      if (record instanceof LogRecord.Happened(Event event)
          && List.of("click", "watch", "like").contains(event.type())) {
        past.add(event);
      }
      if (random.nextInt(400) > 0) {
        continue;
      }
      long timeMs = record.timeMs() + random.nextLong(-7_200_000, 86_400_000);
      for (int days : new int[] {1, 7, 30}) {
        float[] counts = store.itemCounts(days, timeMs);
        assertArrayEquals(naiveCounts(store.catalog(), past, days, timeMs), counts);
        for (int item = 0; item < counts.length; item++) {
          assertEquals(counts[item], store.itemCount(item, days, timeMs));
          total += counts[item];
        }
      }
    }
    assertTrue(total > 1000, "counted " + total);
  }

  private static float[] naiveCounts(Catalog catalog, List<Event> past, int days, long timeMs) {
    long tileMs = days * 3_600_000L;
    List<Long> kept =
        past.stream()
            .map(event -> Math.floorDiv(event.timeMs(), tileMs))
            .distinct()
            .sorted()
            .toList();
    kept = kept.subList(Math.max(0, kept.size() - 32), kept.size());
    long last = Math.floorDiv(timeMs, tileMs);
    float[] counts = new float[catalog.size()];
    for (Event event : past) {
      long tile = Math.floorDiv(event.timeMs(), tileMs);
      if (kept.contains(tile) && tile >= last - 24 && tile <= last) {
        counts[catalog.indexOf(event.item())]++;
      }
    }
    return counts;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < values.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }
}
