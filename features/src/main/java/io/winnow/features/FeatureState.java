package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.events.LogFold;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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
  /** More schemas than releases are in use at once. */
  private static final int MAX_SCHEMAS = 32;

  private final FeaturePlan plan;
  private final UserTable users;
  private final ItemTable items;
  private final ItemCounts counts = new ItemCounts();
  private final Share share;
  private final RowReader rows;
  private final Map<FeatureSchema, RowReader> rowsOfOthers = new ConcurrentHashMap<>();
  private final Map<String, Integer> typeIndex = new HashMap<>();
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private volatile long appliedOffset;
  private final LongAdder droppedLate = new LongAdder();

  FeatureState(FeaturePlan plan, UserTable users) {
    this(plan, users, Share.ALL);
  }

  /**
   * A fold of a part of the state.
   *
   * @param users keeps the users of that part
   */
  FeatureState(FeaturePlan plan, UserTable users, Share share) {
    this.plan = plan;
    this.share = share;
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
    for (int slot = 0; slot < plan.user().size(); slot++) {
      if (plan.user().definition(slot).name().equals(feature)
          && plan.user().aggregator(slot) instanceof Aggregator.Newest newest
          && newest.result() == Aggregator.Newest.Result.LAST_ITEM) {
        lock.readLock().lock();
        try {
          UserState state = users.find(user);
          return newest.items(state == null ? null : state.states()[slot], timeMs);
        } finally {
          lock.readLock().unlock();
        }
      }
    }
    throw WinnowException.invalid("feature", feature, "a last(n, type.item) feature of the user");
  }

  @Override
  public FeatureRows read(FeatureQuery query) {
    return read(query, plan.schema());
  }

  @Override
  public FeatureRows read(FeatureQuery query, FeatureSchema wanted) {
    RowReader reader = rowsOf(wanted);
    lock.readLock().lock();
    try {
      for (int item : query.items()) {
        if (item < 0 || item >= items.size()) {
          throw WinnowException.invalid(
              "items", item, "a catalogue index in 0 to " + (items.size() - 1));
        }
      }
      return new FeatureRows(
          appliedOffset, wanted.size(), reader.read(users.find(query.user()), query));
    } finally {
      lock.readLock().unlock();
    }
  }

  @Override
  public List<Problem> missing(FeatureSchema wanted) {
    return wanted.definitions().stream().allMatch(plan::holds)
        ? List.of()
        : HeldFeatures.withState(wanted).missingFrom(plan.held());
  }

  /** Assembles rows of a schema; compiled once for each of the few that releases have. */
  private RowReader rowsOf(FeatureSchema wanted) {
    if (wanted.equals(plan.schema())) {
      return rows;
    }
    RowReader known = rowsOfOthers.get(wanted);
    if (known != null) {
      return known;
    }
    List<Problem> missing = missing(wanted);
    if (!missing.isEmpty()) {
      throw FeatureReader.conflict(missing);
    }
    if (rowsOfOthers.size() >= MAX_SCHEMAS) {
      rowsOfOthers.clear();
    }
    RowReader made = new RowReader(plan.reading(wanted), items);
    rowsOfOthers.put(wanted, made);
    return made;
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
      case LogRecord.UserPut put -> {
        if (users.keepsAttributes(put.user())) {
          users.change(put.user()).putAttributes(put.attributes());
        }
      }
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
    int dropped = share.ofItem(item) ? items.add(item, event) : 0;
    if (type != null && share.first()) {
      dropped += counts.add(item, event.timeMs());
    }
    if ((type != null || plan.impressionsChangeUsers()) && users.keeps(event.user())) {
      dropped += addToUser(users.change(event.user()), offset, event, item, type);
    }
    droppedLate.add(dropped);
  }

  private int addToUser(
      UserState user, long offset, Event event, int item, @Nullable Integer type) {
    if (type != null) {
      user.addToHistory(item, event, type);
    }
    int dropped = user.add(event, item);
    for (int group = 0; group < plan.pairs().size(); group++) {
      if (plan.pairs().get(group).ofItem()) {
        dropped += user.addToPair(group, event.item().value(), event, item, offset);
      } else {
        for (String category : items.sortedCategories(item, group)) {
          dropped += user.addToPair(group, category, event, item, offset);
        }
      }
    }
    return dropped;
  }
}
