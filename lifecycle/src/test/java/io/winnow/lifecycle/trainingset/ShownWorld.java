package io.winnow.lifecycle.trainingset;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.lifecycle.TestApplications;
import io.winnow.lifecycle.TinyWorld;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * {@link TinyWorld} with slates of three: read from a store, logged up to four records later. Every
 * fifth slate was degraded and is logged without values; what the store would have said is kept.
 */
final class ShownWorld {
  final ApplicationDefinition application = TestApplications.clips().definition();
  final List<LogRecord> records = new ArrayList<>();

  /** What the store said, by event id of the impression. */
  final Map<String, float[]> served = new HashMap<>();

  private final Set<String> degradedIds = new HashSet<>();
  private final RandomGenerator random = new Seed(3).generator("shown");
  private final List<List<LogRecord>> late = new ArrayList<>();

  ShownWorld(int visits) {
    try (OnlineStore store = OnlineStores.inMemory(application)) {
      for (LogRecord organic : TinyWorld.records(visits)) {
        append(store, organic);
        if (records.size() > 200 && random.nextInt(4) == 0) {
          late.add(slate(store, organic.timeMs() + 500));
        }
        if (!late.isEmpty() && random.nextBoolean()) {
          late.removeFirst().forEach(record -> append(store, record));
        }
      }
    }
  }

  private void append(OnlineStore store, LogRecord record) {
    store.apply(new long[] {records.size()}, List.of(record));
    records.add(record);
  }

  private List<LogRecord> slate(OnlineStore store, long timeMs) {
    String request = "r" + records.size() + (records.size() % 7 == 0 ? " Ω😀" : "");
    UserId user = new UserId("u" + random.nextInt(40));
    int[] items = random.ints(0, store.catalog().size()).distinct().limit(3).toArray();
    FeatureRows rows = store.read(new FeatureQuery(user, items, Map.of("device", "phone"), timeMs));
    boolean degraded = random.nextInt(5) == 0;
    List<LogRecord> slate = new ArrayList<>();
    for (int position = 0; position < items.length; position++) {
      String id = request + ":" + position;
      served.put(id, rows.row(position));
      if (degraded) {
        degradedIds.add(id);
      }
      slate.add(
          new LogRecord.Happened(
              new Event(
                  id,
                  Event.IMPRESSION,
                  user,
                  store.catalog().item(items[position]),
                  timeMs,
                  Double.NaN,
                  request,
                  new Impression(
                      request,
                      position,
                      1.0 / (1 + position),
                      new Impression.Provenance("release-1", "default", "popular", 0),
                      rows.asOfOffset(),
                      degraded ? 0 : store.schema().hash(),
                      degraded ? new float[0] : rows.row(position)))));
      // Half of what is shown is clicked at once.
      if (random.nextBoolean()) {
        slate.add(click(user, store.catalog().item(items[position]), timeMs + 1000, id));
      }
    }
    return slate;
  }

  /** Whether an impression was logged with its values. */
  boolean logged(String id) {
    return !degradedIds.contains(id);
  }

  static LogRecord click(UserId user, ItemId item, long timeMs, String id) {
    return new LogRecord.Happened(
        new Event("click on " + id, "click", user, item, timeMs, Double.NaN));
  }
}
