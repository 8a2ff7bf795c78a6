package io.winnow.retrieval;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import io.winnow.features.Catalog;
import io.winnow.features.FeatureReader;
import io.winnow.features.FeatureSchema;
import io.winnow.features.UserHistory;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import io.winnow.retrieval.CandidateSource.Query;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A catalogue and event counts in memory: the fake behind the live sources. */
final class World implements Catalog, FeatureReader {
  static final long DAY = 86_400_000L;

  private record Item(Map<String, AttributeValue> attributes, long firstSeenMs) {}

  private record Count(int item, long timeMs) {}

  private final List<Item> items = new ArrayList<>();
  private final List<Boolean> available = new ArrayList<>();
  private final List<Count> events = new ArrayList<>();
  int countCalls;

  int add(long firstSeenMs, Map<String, AttributeValue> attributes) {
    items.add(new Item(attributes, firstSeenMs));
    available.add(true);
    return items.size() - 1;
  }

  void withdraw(int item) {
    available.set(item, false);
  }

  void event(int item, long timeMs) {
    events.add(new Count(item, timeMs));
  }

  static UserHistory history(int[] items, long... timesMs) {
    return new UserHistory(
        items, timesMs, new byte[items.length], new float[items.length], List.of("click"));
  }

  static Query query(UserHistory history, ItemFilter filter, long timeMs) {
    return new Query(history, null, filter, timeMs);
  }

  @Override
  public int size() {
    return items.size();
  }

  @Override
  public int indexOf(ItemId item) {
    return Integer.parseInt(item.value());
  }

  @Override
  public ItemId item(int index) {
    return new ItemId(String.valueOf(index));
  }

  @Override
  public Map<String, AttributeValue> attributes(int index) {
    return items.get(index).attributes();
  }

  @Override
  public boolean available(int index) {
    return available.get(index);
  }

  @Override
  public long firstSeenMs(int index) {
    return items.get(index).firstSeenMs();
  }

  @Override
  public Catalog catalog() {
    return this;
  }

  @Override
  public FeatureSchema schema() {
    return new FeatureSchema(List.of());
  }

  @Override
  public long appliedOffset() {
    return events.size();
  }

  @Override
  public UserHistory history(UserId user) {
    return UserHistory.empty(List.of());
  }

  @Override
  public Map<String, AttributeValue> userAttributes(UserId user) {
    return Map.of();
  }

  @Override
  public FeatureRows read(FeatureQuery query) {
    return new FeatureRows(0, 0, new float[0]);
  }

  @Override
  public PairRows read(PairQuery query) {
    return new PairRows(0, new float[0], new long[0]);
  }

  @Override
  public float[] itemCounts(int days, long timeMs) {
    countCalls++;
    float[] counts = new float[size()];
    for (Count event : events) {
      if (event.timeMs() < timeMs && event.timeMs() >= timeMs - days * DAY) {
        counts[event.item()]++;
      }
    }
    return counts;
  }
}
