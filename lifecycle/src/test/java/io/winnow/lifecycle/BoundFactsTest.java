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
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BoundFactsTest {
  private static final float[][] VECTORS = {{3, 4}, {0, 1}, null};

  private final OnlineStore store = OnlineStores.inMemory(TestApplications.clips().definition());
  private final float[][] vectors = VECTORS.clone();
  private final BoundFacts facts = bind();

  private BoundFacts bind() {
    TinyWorld.append(store, List.of(put(0, "c0"), put(1, "c1"), put(2, "c0")));
    ItemTokenizer tokenizer =
        new ItemTokenizer(
            TestApplications.clips().definition().schema(), List.of("category=c0", "category=c1"));
    return new BoundFacts(store.catalog(), tokenizer, item -> vectors[item]);
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
  void of_items_haveDirectionsAndTokens() {
    List<ItemFacts> all = facts.of(new int[] {0, 2, 1});
    assertArrayEquals(new float[] {.6f, .8f}, all.getFirst().direction(), 1e-6f);
    assertEquals(0, all.get(1).direction().length);
    assertArrayEquals(new int[] {0}, all.get(1).attributes());
    assertArrayEquals(new int[] {1}, all.get(2).attributes());
    assertSame(all.getFirst(), facts.of(new int[] {0}).getFirst());
  }

  @Test
  void of_itemWithNewAttributesOrVector_isMadeAgain() {
    ItemFacts before = facts.of(new int[] {2}).getFirst();
    vectors[2] = new float[] {0, 2};
    ItemFacts withVector = facts.of(new int[] {2}).getFirst();
    assertArrayEquals(new float[] {0, 1}, withVector.direction());
    assertNotEquals(before, withVector);
    TinyWorld.append(store, List.of(put(2, "c1")));
    assertArrayEquals(new int[] {1}, facts.of(new int[] {2}).getFirst().attributes());
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
