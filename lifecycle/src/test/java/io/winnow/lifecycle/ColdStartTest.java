package io.winnow.lifecycle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

final class ColdStartTest {
  private static final ApplicationFile FILMS =
      ApplicationFile.parse(
          """
          application: films
          items:
            attributes: { published: time }
          events: [watch]
          objectives: { watch: 1.0 }
          """,
          "films.yaml",
          Map.of());

  @Test
  void vector_ofAnItemThatTrainingSawNoEventOf_isThatOfItsTokens() {
    List<LogRecord> records = TinyWorld.records(300);
    records.add(
        30,
        new LogRecord.ItemPut(
            new ItemId("quiet"),
            Map.of("category", new AttributeValue.Text("c1")),
            true,
            TinyWorld.BEGIN_MS));
    Release release =
        new Trainer(
                TestApplications.clips(),
                TinyWorld.config(1),
                TimeSource.system(),
                TrainingProgress.silent())
            .train(RecordSource.of(records), records.size());
    try (OnlineStore store = OnlineStores.inMemory(TestApplications.clips().definition())) {
      TinyWorld.append(store, records);
      BoundRetrieval retrieval = new BoundRetrieval(release, store, new CallerRunsExecutor());
      int quiet = store.catalog().indexOf(new ItemId("quiet"));
      assertTrue(quiet >= 0);
      ItemTokenizer tokenizer = release.models().tokenizer();
      float[] byTokens =
          Objects.requireNonNull(release.models().deep())
              .encoder()
              .coldVector(tokenizer.tokens(store.catalog().attributes(quiet)));
      assertArrayEquals(byTokens, retrieval.vector(quiet));
      int chosen = store.catalog().indexOf(new ItemId("i1"));
      assertNotNull(retrieval.vector(chosen));
      assertFalse(
          java.util.Arrays.equals(byTokens, retrieval.vector(chosen)),
          "an item of the same category with events keeps its own");
    }
  }

  @Test
  void filter_beforeAnItemsDate_refusesItUntilSomebodyHadIt() {
    try (OnlineStore store = OnlineStores.inMemory(FILMS.definition())) {
      TinyWorld.append(store, List.of(dated("soon", 500), dated("wrong", 500)));
      ServingRelease serving =
          new ServingRelease(Release.untrained(FILMS), store, new CallerRunsExecutor());
      assertFalse(allowed(serving, 499).test(0));
      assertFalse(allowed(serving, 499).test(1));
      assertTrue(allowed(serving, 500).test(0));
      TinyWorld.append(
          store,
          List.of(
              new LogRecord.Happened(
                  new Event("e", "watch", new UserId("v"), new ItemId("wrong"), 400, Double.NaN))));
      assertFalse(allowed(serving, 499).test(0));
      assertTrue(allowed(serving, 499).test(1), "the date is wrong");
    }
  }

  @Test
  void tokens_ofFreeText_areItsWords() {
    ApplicationFile shop =
        ApplicationFile.parse(
            """
            application: shop
            items:
              attributes: { description: text }
            events: [buy]
            """,
            "shop.yaml",
            Map.of());
    try (OnlineStore store = OnlineStores.inMemory(shop.definition())) {
      TinyWorld.append(
          store,
          List.of(
              described("a", "SNACK TRAY, red! Red."),
              described("b", "Snack-tray \"F\" vintage"),
              described("c", "clock RED")));
      ItemTokenizer tokenizer =
          ItemTokenizer.fit(shop.definition().schema(), store.catalog(), List.of());
      assertEquals(
          List.of("description~red", "description~snack", "description~tray"),
          tokenizer.vocabulary(),
          "words of two items, each counted once an item, no single letters");
      assertArrayEquals(
          new int[] {1, 0},
          tokenizer.tokens(Map.of("description", new AttributeValue.Text("Snack bowl: RED"))));
      assertEquals(
          0,
          tokenizer.tokens(
                  Map.of(
                      "description",
                      new AttributeValue.Text(
                          "aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo pp red")))
              .length,
          "only the first 16");
    }
  }

  private static IntPredicate allowed(ServingRelease serving, long timeMs) {
    return item ->
        serving.moment(new UserId("u"), Map.of(), _ -> true, timeMs).filter().allows(item);
  }

  private static LogRecord dated(String item, long publishedMs) {
    return new LogRecord.ItemPut(
        new ItemId(item), Map.of("published", new AttributeValue.Time(publishedMs)), true, 0);
  }

  private static LogRecord described(String item, String text) {
    return new LogRecord.ItemPut(
        new ItemId(item), Map.of("description", new AttributeValue.Text(text)), true, 0);
  }
}
