package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.models.encoder.EncoderMetrics;
import io.winnow.models.encoder.EncoderSpec;
import io.winnow.models.encoder.TrainedEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BoundVectorsTest {
  private static final ApplicationDefinition CLIPS = TestApplications.clips().definition();

  /** Two items, of which the catalogue has the second; the tokens sport and music. */
  private static final TrainedEncoder ENCODER =
      new TrainedEncoder(
          new float[] {1, 2, 3, 4},
          new float[] {10, 20, 30, 40},
          new byte[0],
          new EncoderSpec(2, 5, 2, 2, 1, new EncoderMetrics(1, 0, 0, 0)),
          List.of());

  private final OnlineStore store = OnlineStores.inMemory(CLIPS);
  private final List<Integer> heard = new ArrayList<>();

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void vector_ofATrainedItem_isTheTrainedOne() {
    put("known", "sport");
    BoundVectors vectors = bind(-1, 0);
    assertArrayEquals(new float[] {3, 4}, vectors.vector(0));
    assertEquals(List.of(), heard, "the index has it already");
  }

  @Test
  void meetNewItems_givesThemTheVectorOfTheirTokens() {
    put("known", "sport");
    BoundVectors vectors = bind(-1, 0);
    for (int i = 1; i <= 40; i++) {
      put("new" + i, i % 2 == 0 ? "sport" : "music");
    }
    assertNull(vectors.vector(40));
    vectors.meetNewItems(0);
    assertArrayEquals(new float[] {3, 4}, vectors.vector(0), "kept while the table grows");
    assertArrayEquals(new float[] {30, 40}, vectors.vector(39));
    assertArrayEquals(new float[] {10, 20}, vectors.vector(40));
    assertEquals(40, heard.size());
  }

  @Test
  void meetNewItems_attributesComeLater_areFoundAfterAMinute() {
    BoundVectors vectors = bind();
    put("bare", null);
    vectors.meetNewItems(1_000);
    vectors.meetNewItems(1_001);
    put("bare", "music");
    put("other", "sport");
    vectors.meetNewItems(60_000);
    assertNull(vectors.vector(0), "looked at a moment ago");
    assertArrayEquals(new float[] {10, 20}, vectors.vector(1), "a new one does not wait");
    vectors.meetNewItems(61_001);
    assertArrayEquals(new float[] {30, 40}, vectors.vector(0));
    vectors.meetNewItems(200_000);
    assertEquals(List.of(1, 0), heard, "each once");
  }

  @Test
  void meetNewItems_withoutAVocabulary_waitsForNothing() {
    TrainedEncoder encoder =
        new TrainedEncoder(
            new float[0],
            new float[0],
            new byte[0],
            new EncoderSpec(2, 5, 0, 0, 1, new EncoderMetrics(1, 0, 0, 0)),
            List.of());
    BoundVectors vectors =
        new BoundVectors(
            encoder,
            new ItemTokenizer(CLIPS.schema(), List.of()),
            store.catalog(),
            new int[0],
            (item, _) -> heard.add(item));
    put("bare", "music");
    vectors.meetNewItems(0);
    assertNull(vectors.vector(0));
    assertEquals(List.of(), heard);
  }

  private BoundVectors bind(int... newIndex) {
    return new BoundVectors(
        ENCODER,
        new ItemTokenizer(CLIPS.schema(), List.of("category=sport", "category=music")),
        store.catalog(),
        newIndex,
        (item, _) -> heard.add(item));
  }

  private void put(String item, @Nullable String category) {
    TinyWorld.append(
        store,
        List.of(
            new LogRecord.ItemPut(
                new ItemId(item),
                category == null ? Map.of() : Map.of("category", new AttributeValue.Text(category)),
                true,
                0)));
  }
}
