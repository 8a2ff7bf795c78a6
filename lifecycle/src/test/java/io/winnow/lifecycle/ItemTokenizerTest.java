package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Schema;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ItemTokenizerTest {
  private static final ApplicationFile FILMS =
      ApplicationFile.parse(
          """
          application: films
          items:
            attributes: { title: text, genres: strings, studio: string, length: number, published: time }
          events: [watch]
          """,
          "films.yaml",
          Map.of());
  private static final Schema SCHEMA = FILMS.definition().schema();

  @Test
  void fit_keepsWhatTwoItemsShare_mostFrequentFirst() {
    assertEquals(
        List.of(
            "genres=drama",
            "studio=north",
            "genres=comedy",
            "published.year=1994",
            "published.year=1995"),
        fit(List.of()).vocabulary(),
        "studio=south and title are of one item, numbers and free text of none");
  }

  @Test
  void tokens_areThoseKnown_inDeclaredOrder() {
    ItemTokenizer tokenizer = fit(List.of());
    assertArrayEquals(
        new int[] {2, 0, 1, 4},
        tokenizer.tokens(
            film("Newest", "north", "1995-12-31T23:59:59Z", "comedy", "western", "drama")));
    assertArrayEquals(
        new int[0], tokenizer.tokens(film("Odd", "east", "2001-01-01T00:00:00Z", "western")));
    assertArrayEquals(new int[0], tokenizer.tokens(Map.of()));
  }

  @Test
  void fit_afterAnEarlierTraining_keepsTheIndicesOfItsTokens() {
    List<String> earlier = List.of("genres=comedy", "studio=gone");
    assertEquals(
        List.of(
            "genres=comedy",
            "studio=gone",
            "genres=drama",
            "studio=north",
            "published.year=1994",
            "published.year=1995"),
        fit(earlier).vocabulary());
  }

  private static ItemTokenizer fit(List<String> earlier) {
    try (OnlineStore store = OnlineStores.inMemory(FILMS.definition())) {
      List<Map<String, AttributeValue>> films =
          List.of(
              film("A", "north", "1994-01-01T00:00:00Z", "drama"),
              film("B", "north", "1994-12-31T23:59:59Z", "drama", "comedy"),
              film("C", "north", "1995-01-01T00:00:00Z", "drama", "comedy"),
              film("D", "south", "1995-06-01T00:00:00Z", "drama"));
      for (int i = 0; i < films.size(); i++) {
        TinyWorld.append(
            store, List.of(new LogRecord.ItemPut(new ItemId("f" + i), films.get(i), true, i)));
      }
      return ItemTokenizer.fit(SCHEMA, store.catalog(), earlier);
    }
  }

  private static Map<String, AttributeValue> film(
      String title, String studio, String published, String... genres) {
    return Map.of(
        "title", new AttributeValue.Text(title),
        "studio", new AttributeValue.Text(studio),
        "length", new AttributeValue.Numeric(90),
        "published", new AttributeValue.Time(Instant.parse(published).toEpochMilli()),
        "genres", new AttributeValue.Tokens(List.of(genres)));
  }
}
