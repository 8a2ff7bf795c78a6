package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.AttributeType;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.TinyWorld;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ListMeasuresTest {
  private static final ApplicationFile FILMS =
      ApplicationFile.parse(
          """
          application: films
          items:
            attributes: { title: text, genres: strings, studio: string }
          events: [watch]
          """,
          "films.yaml",
          Map.of());
  private static final Map<String, AttributeType> ATTRIBUTES =
      FILMS.definition().schema().itemAttributes();

  private final OnlineStore store = OnlineStores.inMemory(FILMS.definition());

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void measure_smallLists_givesWhatIsComputedByHand() {
    put("a", "north", "drama");
    put("b", "north", "drama", "comedy");
    put("c", "south", "comedy");
    put("d", "south");
    // 8 events and 4 items: a has (5 + 1) / 12, b 3 / 12, c 2 / 12, d, which came later, 1 / 12.
    ListMeasures measures = new ListMeasures(store.catalog(), new float[] {5, 2, 1, 0}, ATTRIBUTES);
    ListMeasures.Values values = ListMeasures.Values.of(3);
    measures.begin(new int[] {0, 1, 3});
    measures.measure(new int[] {1, 2, 0}, 2, values, 0);
    assertEquals((log2(4) + log2(6)) / 2, values.novelty()[0], 1e-6);
    // b = {drama, comedy, north}, c = {comedy, south}: 1 of 4 in common.
    assertEquals(0.75, values.diversity()[0], 1e-6);
    // History: a is all drama, b half and half, d has no genre: 3/4 and 1/4. List: 1/4 and 3/4.
    assertEquals(divergence(0.75, 0.25) + divergence(0.25, 0.75), values.miscalibration()[0], 1e-6);

    measures.measure(new int[] {0, 1}, 2, values, 1);
    assertEquals(0, values.miscalibration()[1], 1e-6, "the same shares");

    measures.begin(new int[] {0});
    measures.measure(new int[] {2}, 1, values, 2);
    assertEquals(divergence(1, 0), values.miscalibration()[2], 1e-5, "finite: -ln α");
    assertEquals(-Math.log(0.01), values.miscalibration()[2], 1e-5);
    assertTrue(Float.isNaN(values.diversity()[2]), "one item has no pair");
  }

  @Test
  void measure_ofAnItemThatWasPutAnew_readsItsNewCategories() {
    put("a", "north", "drama");
    put("b", "north", "drama");
    ListMeasures measures = new ListMeasures(store.catalog(), new float[] {1, 1}, ATTRIBUTES);
    ListMeasures.Values values = ListMeasures.Values.of(2);
    measures.begin(new int[] {0});
    measures.measure(new int[] {0, 1}, 2, values, 0);
    assertEquals(0, values.diversity()[0], 1e-6);
    put("b", "south", "comedy");
    measures.measure(new int[] {0, 1}, 2, values, 1);
    assertEquals(1, values.diversity()[1], 1e-6);
  }

  @Test
  void measure_withoutCategoriesOrHistory_isNotDefined() {
    put("a", "north", "drama");
    ListMeasures.Values values = ListMeasures.Values.of(1);
    ListMeasures measures = new ListMeasures(store.catalog(), new float[] {1}, ATTRIBUTES);
    measures.begin(new int[0]);
    measures.measure(new int[] {0}, 1, values, 0);
    assertTrue(Float.isNaN(values.miscalibration()[0]));
    assertEquals(Optional.of("genres"), ListMeasures.calibrationAttribute(ATTRIBUTES));
    assertEquals(
        Optional.empty(), ListMeasures.calibrationAttribute(Map.of("title", AttributeType.TEXT)));
  }

  private static double divergence(double p, double q) {
    return p * Math.log(p / (0.99 * q + 0.01 * p));
  }

  private static double log2(double value) {
    return Math.log(value) / Math.log(2);
  }

  private void put(String item, String studio, String... genres) {
    TinyWorld.append(
        store,
        List.of(
            new LogRecord.ItemPut(
                new ItemId(item),
                Map.of(
                    "studio", new AttributeValue.Text(studio),
                    "genres", new AttributeValue.Tokens(List.of(genres))),
                true,
                0)));
  }
}
