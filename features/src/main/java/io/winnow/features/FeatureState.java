package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.events.LogFold;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * The one fold from log records to feature values; online stores and replay differ only in where
 * users are kept and when.
 *
 * <p>Thread-safe: one thread applies, any number read. A batch is applied under the write lock and
 * a read holds the read lock, so that all values of a read are of one offset.
 */
final class FeatureState implements FeatureReader, LogFold {
  private final FeaturePlan plan;
  private final UserTable users;
  private final ItemTable items;
  private final ItemCounts counts = new ItemCounts();
  private final RowReader rows;
  private final Map<String, Integer> typeIndex = new HashMap<>();
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private volatile long appliedOffset;
  private final LongAdder droppedLate = new LongAdder();

  FeatureState(FeaturePlan plan, UserTable users) {
    this.plan = plan;
    this.users = users;
    this.items =
        new ItemTable(
            plan.item(), plan.pairs().stream().map(FeaturePlan.PairGroup::attribute).toList());
    this.rows = new RowReader(plan, items);
    for (int type = 0; type < plan.typeNames().size(); type++) {
      typeIndex.put(plan.typeNames().get(type), type);
    }
  }

  @Override
  public Catalog catalog() {
    return items;
  }

  @Override
  public FeatureSchema schema() {
    return plan.schema();
  }

  @Override
  public long appliedOffset() {
    return appliedOffset;
  }

  /**
   * How often an aggregation dropped an event since opening because every tile that it keeps is
   * newer.
   */
  long droppedLate() {
    return droppedLate.sum();
  }

  ReentrantReadWriteLock lock() {
    return lock;
  }

  ItemTable items() {
    return items;
  }

  ItemCounts counts() {
    return counts;
  }

  /** Sets the offset of a state that was loaded. */
  void restore(long offset) {
    appliedOffset = offset;
  }

  @Override
  public UserHistory history(UserId user) {
    lock.readLock().lock();
    try {
      UserState state = users.find(user);
      return state == null ? UserHistory.empty(plan.typeNames()) : state.history();
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public Map<String, AttributeValue> userAttributes(UserId user) {
    lock.readLock().lock();
    try {
      UserState state = users.find(user);
      return state == null ? Map.of() : state.attributes();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The items of a {@code last(n, type.item)} feature of the user, newest last. */
  int[] lastItems(UserId user, String feature, long timeMs) {
    lock.readLock().lock();
    try {
      return lastItems(users.find(user), feature, timeMs);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The same of a user that the caller has looked up; it holds the read lock. */
  int[] lastItems(@Nullable UserState user, String feature, long timeMs) {
    for (int slot = 0; slot < plan.user().size(); slot++) {
      if (plan.user().definition(slot).name().equals(feature)
          && plan.user().aggregator(slot) instanceof Aggregator.Newest newest
          && newest.result() == Aggregator.Newest.Result.LAST_ITEM) {
        return newest.items(user == null ? null : user.states()[slot], timeMs);
      }
    }
    throw WinnowException.invalid("feature", feature, "a last(n, type.item) feature of the user");
  }

  @Override
  public FeatureRows read(FeatureQuery query) {
    lock.readLock().lock();
    try {
      return read(users.find(query.user()), query);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The same for a user that the caller has looked up; it holds the read lock. */
  FeatureRows read(@Nullable UserState user, FeatureQuery query) {
    for (int item : query.items()) {
      if (item < 0 || item >= items.size()) {
        throw WinnowException.invalid(
            "items", item, "a catalogue index in 0 to " + (items.size() - 1));
      }
    }
    return new FeatureRows(appliedOffset, plan.schema().size(), rows.read(user, query));
  }

  @Override
  public float[] itemCounts(int days, long timeMs) {
    lock.readLock().lock();
    try {
      return counts.read(days, timeMs, items.size());
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public float itemCount(int item, int days, long timeMs) {
    lock.readLock().lock();
    try {
      return counts.readOne(item, days, timeMs);
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public void apply(long[] offsets, List<LogRecord> records) {
    if (offsets.length != records.size()) {
      throw new IllegalArgumentException(
          "offsets: " + offsets.length + " (expected: " + records.size() + ", one a record)");
    }
    lock.writeLock().lock();
    try {
      for (int i = 0; i < offsets.length; i++) {
        apply(offsets[i], records.get(i));
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Takes one record in; the caller holds the write lock, or is the only thread. */
  void apply(long offset, LogRecord record) {
    if (offset < appliedOffset) {
      throw new IllegalArgumentException(
          "offset: " + offset + " (expected: >= " + appliedOffset + ", the applied offset)");
    }
    switch (record) {
      case LogRecord.Happened(Event event) -> happened(offset, event);
      case LogRecord.ItemPut put ->
          items.put(put.item(), put.attributes(), put.available(), put.timeMs());
      case LogRecord.ItemRemoved removed -> items.remove(removed.item(), removed.timeMs());
      case LogRecord.UserPut put ->
          users.apply(new UserChange.AttributesPut(offset, put.user(), put.attributes()), plan);
    }
    appliedOffset = offset + 1;
  }

  /**
   * An event of a type that the application does not declare (any more) makes its item known, so
   * that catalogue indices depend on the log alone, and counts nowhere else.
   */
  private void happened(long offset, Event event) {
    int item = items.seen(event.item(), event.timeMs());
    boolean impression = event.type().equals(Event.IMPRESSION);
    Integer type = typeIndex.get(event.type());
    if (type == null && !impression) {
      return;
    }
    int dropped = items.add(item, event);
    if (type != null) {
      dropped += counts.add(item, event.timeMs());
    }
    if (type != null || plan.impressionsChangeUsers()) {
      int history = type == null ? -1 : type;
      dropped +=
          users.apply(
              new UserChange.Happened(offset, event, item, history, items.sortedCategories(item)),
              plan);
    }
    droppedLate.add(dropped);
  }
}
