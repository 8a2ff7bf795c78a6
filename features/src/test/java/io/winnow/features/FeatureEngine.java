package io.winnow.features;

import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.GeneratedStreams.Ask;
import io.winnow.features.GeneratedStreams.Case;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Plays a case through one way of computing features. */
@FunctionalInterface
interface FeatureEngine {
  /** What it answers, in the order of the case's requests. */
  Answers play(Case generated);

  /**
   * What an engine said.
   *
   * @param answers one a request
   * @param dropped how often it dropped an event; -1 if it does not tell
   */
  record Answers(List<Answer> answers, long dropped) {}

  /**
   * What a request got.
   *
   * @param rows one an item
   * @param lists by the name of a list feature; empty if the engine has no lists
   */
  record Answer(List<float[]> rows, Map<String, List<ItemId>> lists) {}

  /** The fold in memory, one record at a time. */
  static FeatureEngine memory() {
    return generated -> {
      List<Answer> answers = new ArrayList<>();
      try (OnlineStore store = OnlineStores.inMemory(generated.application())) {
        int applied = 0;
        for (Ask ask : generated.asks()) {
          for (; applied < ask.after(); applied++) {
            store.apply(new long[] {applied}, List.of(generated.records().get(applied)));
          }
          answers.add(answer(store, generated, ask));
        }
        return new Answers(answers, store.droppedLate());
      }
    };
  }

  /**
   * The embedded store with room for two users, written every few records, and closed and opened
   * before every second request.
   */
  static FeatureEngine embedded(Path folder) {
    EmbeddedConfig config = new EmbeddedConfig(2, 7, 1 << 20);
    return generated -> {
      List<Answer> answers = new ArrayList<>();
      OnlineStore store = OnlineStores.embedded(generated.application(), folder, config);
      // What an earlier case of the same application left.
      store.discard();
      try {
        int applied = 0;
        for (Ask ask : generated.asks()) {
          int half = (applied + ask.after()) / 2;
          apply(store, generated.records(), applied, half);
          if (answers.size() % 2 == 1) {
            store.close();
            store = OnlineStores.embedded(generated.application(), folder, config);
          }
          apply(store, generated.records(), half, ask.after());
          applied = ask.after();
          answers.add(answer(store, generated, ask));
        }
        return new Answers(answers, -1);
      } finally {
        store.close();
      }
    };
  }

  /** The replay that training uses. */
  static FeatureEngine replay() {
    return generated -> {
      int[][] indices = indices(generated);
      List<PointInTimeReplay.Request> requests = new ArrayList<>();
      for (int i = 0; i < indices.length; i++) {
        Ask ask = generated.asks().get(i);
        requests.add(
            new PointInTimeReplay.Request(
                ask.after(),
                new FeatureQuery(ask.user(), indices[i], ask.context(), ask.timeMs())));
      }
      List<Answer> answers = new ArrayList<>();
      PointInTimeReplay.replay(
          RecordSource.of(generated.records()),
          generated.application(),
          requests,
          (_, rows, _) -> answers.add(new Answer(rows(rows), Map.of())));
      return new Answers(answers, -1);
    };
  }

  private static void apply(OnlineStore store, List<LogRecord> records, int from, int to) {
    store.apply(LongStream.range(from, to).toArray(), records.subList(from, to));
  }

  /** Catalogue indices: items in the order in which the log first names them. */
  private static int[][] indices(Case generated) {
    Map<ItemId, Integer> indexByItem = new LinkedHashMap<>();
    for (LogRecord record : generated.records()) {
      for (ItemId item : items(record)) {
        indexByItem.putIfAbsent(item, indexByItem.size());
      }
    }
    return generated.asks().stream()
        .map(ask -> ask.items().stream().mapToInt(indexByItem::get).toArray())
        .toArray(int[][]::new);
  }

  /** The items that a record names: one, or none. */
  static List<ItemId> items(LogRecord record) {
    return switch (record) {
      case LogRecord.Happened happened -> List.of(happened.event().item());
      case LogRecord.ItemPut put -> List.of(put.item());
      case LogRecord.ItemRemoved removed -> List.of(removed.item());
      case LogRecord.UserPut _, LogRecord.Exposed _ -> List.of();
    };
  }

  /** Asks a store. */
  static Answer answer(OnlineStore store, Case generated, Ask ask) {
    int[] items = ask.items().stream().mapToInt(store.catalog()::indexOf).toArray();
    FeatureRows rows = store.read(new FeatureQuery(ask.user(), items, ask.context(), ask.timeMs()));
    Map<String, List<ItemId>> lists = new LinkedHashMap<>();
    for (FeatureDefinition feature : generated.application().features()) {
      if (feature.aggregation() instanceof Aggregation.LastItems) {
        int[] last = store.lastItems(ask.user(), feature.name(), ask.timeMs());
        lists.put(feature.name(), Arrays.stream(last).mapToObj(store.catalog()::item).toList());
      }
    }
    return new Answer(rows(rows), lists);
  }

  private static List<float[]> rows(FeatureRows rows) {
    List<float[]> split = new ArrayList<>();
    for (int row = 0; rows.columns() > 0 && row * rows.columns() < rows.values().length; row++) {
      split.add(rows.row(row));
    }
    return split;
  }
}
