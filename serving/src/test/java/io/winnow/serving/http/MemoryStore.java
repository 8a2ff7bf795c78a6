package io.winnow.serving.http;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.EventLog;
import io.winnow.features.Catalog;
import io.winnow.features.FeatureReader;
import io.winnow.features.FeatureSchema;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.features.UserHistory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Log, catalogue and histories in memory, with the guarantees of the real ones but durability. */
final class MemoryStore implements EventLog, FeatureReader, Catalog {
  private static final long DAY_MS = 86_400_000L;

  private final FeatureSchema schema;
  private final OnlineStore folded;
  private final List<String> typeNames;
  private final List<LogRecord> records = new ArrayList<>();
  private final Map<String, Event> byId = new HashMap<>();
  private final Map<String, Long> offsets = new HashMap<>();
  private final List<ItemId> items = new ArrayList<>();
  private final Map<ItemId, Integer> indices = new HashMap<>();
  private final Map<Integer, LogRecord.ItemPut> puts = new HashMap<>();
  private final Map<Integer, Boolean> unavailable = new HashMap<>();
  private final Map<Integer, Long> firstSeen = new HashMap<>();
  private final Map<UserId, Map<String, AttributeValue>> users = new HashMap<>();

  MemoryStore(ApplicationDefinition application) {
    folded = OnlineStores.inMemory(application);
    schema = FeatureSchema.of(application);
    typeNames = List.copyOf(application.schema().events().keySet());
  }

  @Override
  public synchronized List<Verdict> append(List<LogRecord> batch) {
    List<Verdict> verdicts = new ArrayList<>();
    for (LogRecord record : batch) {
      if (record instanceof LogRecord.Happened(Event event)) {
        Event known = byId.putIfAbsent(event.id(), event);
        if (known != null) {
          verdicts.add(
              known.equals(event)
                  ? new Verdict(Verdict.Status.DUPLICATE, offset(event.id()), null)
                  : new Verdict(
                      Verdict.Status.REJECTED,
                      -1,
                      new Problem("id", event.id(), "an id that was not used for another event")));
          continue;
        }
        offsets.put(event.id(), (long) records.size());
      }
      verdicts.add(new Verdict(Verdict.Status.ACCEPTED, records.size(), null));
      folded.apply(new long[] {records.size()}, List.of(record));
      records.add(record);
      apply(record);
    }
    return verdicts;
  }

  private long offset(String id) {
    return offsets.getOrDefault(id, -1L);
  }

  private void apply(LogRecord record) {
    switch (record) {
      case LogRecord.Happened(Event event) -> index(event.item(), event.timeMs());
      case LogRecord.ItemPut put -> {
        int index = index(put.item(), put.timeMs());
        puts.put(index, put);
        unavailable.put(index, !put.available());
      }
      case LogRecord.ItemRemoved removed ->
          unavailable.put(index(removed.item(), removed.timeMs()), true);
      case LogRecord.UserPut put -> users.put(put.user(), put.attributes());
      case LogRecord.Exposed _ -> {}
    }
  }

  private int index(ItemId item, long timeMs) {
    Integer known = indices.get(item);
    if (known != null) {
      return known;
    }
    indices.put(item, items.size());
    firstSeen.put(items.size(), timeMs);
    items.add(item);
    return items.size() - 1;
  }

  @Override
  public synchronized long endOffset() {
    return records.size();
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    List<LogRecord> copy;
    synchronized (this) {
      copy = List.copyOf(records);
    }
    for (long offset = from; offset < Math.min(to, copy.size()); offset++) {
      visitor.visit(offset, copy.get((int) offset));
    }
  }

  @Override
  public Optional<String> trouble() {
    return Optional.empty();
  }

  @Override
  public void close() {}

  @Override
  public Catalog catalog() {
    return this;
  }

  @Override
  public FeatureSchema schema() {
    return schema;
  }

  @Override
  public long appliedOffset() {
    return endOffset();
  }

  @Override
  public synchronized UserHistory history(UserId user) {
    List<Event> events =
        byId.values().stream()
            .filter(e -> e.user().equals(user))
            .sorted(java.util.Comparator.comparingLong(e -> offset(e.id())))
            .toList();
    int length = events.size();
    UserHistory history =
        new UserHistory(
            new int[length], new long[length], new byte[length], new float[length], typeNames);
    for (int i = 0; i < length; i++) {
      Event event = events.get(i);
      history.items()[i] = indexOf(event.item());
      history.timesMs()[i] = event.timeMs();
      history.types()[i] = (byte) typeNames.indexOf(event.type());
      history.values()[i] = (float) event.value();
    }
    return history;
  }

  @Override
  public synchronized Map<String, AttributeValue> userAttributes(UserId user) {
    return users.getOrDefault(user, Map.of());
  }

  @Override
  public FeatureRows read(FeatureQuery query) {
    return folded.read(query);
  }

  @Override
  public PairRows read(PairQuery query) {
    return folded.read(query);
  }

  @Override
  public synchronized float[] itemCounts(int days, long timeMs) {
    float[] counts = new float[items.size()];
    for (Event event : byId.values()) {
      if (event.timeMs() <= timeMs && event.timeMs() > timeMs - days * DAY_MS) {
        counts[indexOf(event.item())]++;
      }
    }
    return counts;
  }

  @Override
  public synchronized int size() {
    return items.size();
  }

  @Override
  public synchronized int indexOf(ItemId item) {
    return indices.getOrDefault(item, -1);
  }

  @Override
  public synchronized ItemId item(int index) {
    return items.get(index);
  }

  @Override
  public synchronized Map<String, AttributeValue> attributes(int index) {
    LogRecord.ItemPut put = puts.get(index);
    return put == null ? Map.of() : put.attributes();
  }

  @Override
  public synchronized boolean available(int index) {
    return !unavailable.getOrDefault(index, false);
  }

  @Override
  public synchronized long firstSeenMs(int index) {
    return firstSeen.getOrDefault(index, 0L);
  }
}
