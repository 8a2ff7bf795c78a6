package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class FeatureStateTest {
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
}
