package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.features.UserHistory;
import io.winnow.models.ranker.HistorySpec;
import io.winnow.models.ranker.ItemFacts;
import io.winnow.models.ranker.RequestHistory;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BoundFactsTest {
  private static final float[][] VECTORS = {{3, 4}, {0, 1}, null};

  private final OnlineStore store = OnlineStores.inMemory(TestApplications.clips().definition());
  private final float[][] vectors = VECTORS.clone();
  private final BoundFacts facts = bind();

  private BoundFacts bind() {
    TinyWorld.append(store, List.of(put(0, "c0"), put(1, "c1"), put(2, "c0")));
    return new BoundFacts(
        store.catalog(), TestApplications.clips().definition().schema(), item -> vectors[item]);
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static LogRecord put(int item, String category) {
    return new LogRecord.ItemPut(
        new ItemId("i" + item),
        Map.of("category", new AttributeValue.Text(category)),
        true,
        TinyWorld.BEGIN_MS);
  }

  @Test
  void of_items_haveDirectionsAndNumbersOfTheirValues() {
    List<ItemFacts> all = facts.of(new int[] {0, 2, 1});
    assertArrayEquals(new float[] {.6f, .8f}, all.getFirst().direction(), 1e-6f);
    assertEquals(0, all.get(1).direction().length);
    assertEquals(1, all.get(1).attributes().length);
    assertArrayEquals(all.getFirst().attributes(), all.get(1).attributes());
    assertNotEquals(all.getFirst().attributes()[0], all.get(2).attributes()[0]);
    // A ranker learnt with these numbers: they must not change with the program or its version.
    assertArrayEquals(new int[] {crc32c("category=c0")}, all.getFirst().attributes());
    assertSame(all.getFirst(), facts.of(new int[] {0}).getFirst());
  }

  private static int crc32c(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return (int) crc.getValue();
  }

  @Test
  void of_itemWithNewAttributesOrVector_isMadeAgain() {
    ItemFacts before = facts.of(new int[] {2}).getFirst();
    vectors[2] = new float[] {0, 2};
    ItemFacts withVector = facts.of(new int[] {2}).getFirst();
    assertArrayEquals(new float[] {0, 1}, withVector.direction());
    assertNotEquals(before, withVector);
    TinyWorld.append(store, List.of(put(2, "c1")));
    assertArrayEquals(
        new int[] {crc32c("category=c1")}, facts.of(new int[] {2}).getFirst().attributes());
  }

  @Test
  void history_longerThanTheSpec_isItsNewestWithTypesByName() {
    UserHistory history =
        new UserHistory(
            new int[] {0, 1, 2},
            new long[] {1_000, 2_000, 9_000},
            new byte[] {0, 1, 2},
            new float[] {Float.NaN, 7, Float.NaN},
            List.of("click", "watch", "share"));
    RequestHistory seen =
        facts.history(new HistorySpec(List.of("watch", "click"), 2), history, 5_000);
    assertEquals(2, seen.length());
    assertEquals(List.of(1, 2), seen.items().stream().map(ItemFacts::item).toList());
    assertArrayEquals(new byte[] {0, -1}, seen.types());
    assertArrayEquals(new float[] {7, Float.NaN}, seen.values());
    // An event ahead of the request's clock is of now.
    assertArrayEquals(new float[] {3, 0}, seen.ageSeconds());
  }
}
