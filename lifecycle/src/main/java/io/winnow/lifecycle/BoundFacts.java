package io.winnow.lifecycle;

import io.winnow.core.AttributeValue;
import io.winnow.core.application.Schema;
import io.winnow.features.Catalog;
import io.winnow.features.UserHistory;
import io.winnow.models.ranker.HistorySpec;
import io.winnow.models.ranker.ItemFacts;
import io.winnow.models.ranker.RequestHistory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the ranker compares of items and of what users did, over a live catalogue: the same for
 * training and for serving. An item's facts are made when they are first asked for, and again when
 * its vector or its attributes were replaced. Attributes are compared by their values, not by the
 * encoder's tokens, so that they stay comparable under another encoder. Thread-safe.
 */
final class BoundFacts {
  /** At this many items all are forgotten, and made again as they are asked for. */
  private static final int MAX_ENTRIES = 200_000;

  private static final float[] NONE = {};

  private final Catalog catalog;
  private final Schema schema;
  private final IntFunction<float @Nullable []> vectors;
  private final Map<Integer, Entry> entries = new ConcurrentHashMap<>();

  /** Facts, and what they were made of. */
  private record Entry(
      float @Nullable [] vector, Map<String, AttributeValue> attributes, ItemFacts facts) {}

  /**
   * @param vectors an item's vector, or null; another array when it is replaced
   */
  BoundFacts(Catalog catalog, Schema schema, IntFunction<float @Nullable []> vectors) {
    this.catalog = catalog;
    this.schema = schema;
    this.vectors = vectors;
  }

  /** What is known of these items, in their order. */
  List<ItemFacts> of(int[] items) {
    return Arrays.stream(items).mapToObj(this::of).toList();
  }

  @SuppressWarnings("ReferenceEquality") // Another object is what tells that it was replaced.
  private ItemFacts of(int item) {
    float[] vector = vectors.apply(item);
    Map<String, AttributeValue> attributes = catalog.attributes(item);
    Entry entry = entries.get(item);
    if (entry == null || entry.vector != vector || entry.attributes != attributes) {
      if (entries.size() >= MAX_ENTRIES) {
        entries.clear();
      }
      entry =
          new Entry(
              vector,
              attributes,
              ItemFacts.of(
                  item, vector == null ? NONE : vector, ItemTokenizer.numbers(schema, attributes)));
      entries.put(item, entry);
    }
    return entry.facts;
  }

  /** The newest events of a history, as a ranker with this specification looks at them. */
  RequestHistory history(HistorySpec spec, UserHistory history, long timeMs) {
    int taken = Math.min(spec.length(), history.length());
    int first = history.length() - taken;
    List<ItemFacts> items = new ArrayList<>(taken);
    byte[] types = new byte[taken];
    float[] values = Arrays.copyOfRange(history.values(), first, history.length());
    float[] ages = new float[taken];
    for (int i = 0; i < taken; i++) {
      items.add(of(history.items()[first + i]));
      // By name: the application may have other types by now than when the ranker was trained.
      String type = history.typeNames().get(history.types()[first + i]);
      types[i] = (byte) spec.eventTypes().indexOf(type);
      ages[i] = Math.max(0, timeMs - history.timesMs()[first + i]) / 1000f;
    }
    return new RequestHistory(items, types, values, ages);
  }
}
