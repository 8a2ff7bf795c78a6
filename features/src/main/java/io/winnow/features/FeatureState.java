package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.events.LogFold;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
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

  /** How many records are looked up before they are applied. */
  private static final int TOUCHED = 32;

  private final FeaturePlan plan;
  private final UserTable users;
  private final ItemTable items;
  private final ItemCounts counts = new ItemCounts();
  private final Share share;
  private final SharedStates shared;
  private final UserCategories userCategories;
  private final StateAges ages;
  private final Readers readers;
  private final Map<FeatureSchema, Readers> readersOfOthers = new ConcurrentHashMap<>();
  private final Map<String, Integer> typeIndex = new HashMap<>();
  private final boolean impressionsChangeUsers;

  /** What was looked up: without a use for it, the compiler would leave the look-ups out. */
  private long unusedLookUps;

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
    this.items = new ItemTable(plan.item(), plan.itemAttributes(), plan.itemTimes());
    this.shared = new SharedStates(plan);
    this.userCategories = new UserCategories(plan.userAttributes());
    this.ages = new StateAges(plan, items, shared, userCategories);
    this.readers = compile(plan.schema());
    this.impressionsChangeUsers = plan.impressionsChangeUsers();
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

  /**
   * Offers the entries of everything but users that changed since {@link #markStored()}: items,
   * counts and what no single user owns.
   */
  void writeChanges(StateEntries.Sink sink) {
    items.writeChanges(sink);
    counts.writeChanges(sink);
    shared.writeChanges(sink);
    userCategories.writeChanges(sink);
  }

  /** Everything but users that changed is stored now. */
  void markStored() {
    items.markStored();
    counts.markStored();
    shared.markStored();
    userCategories.markStored();
  }

  /** Offers every entry but the users'. */
  void writeAll(StateEntries.Sink sink) {
    items.writeAll(sink);
    counts.writeAll(sink);
    shared.writeAll(sink);
    userCategories.writeAll(sink);
  }

  /** The kinds of entries that {@link #load} takes, in the order in which it must get them. */
  static final int[] KINDS = {
    StateEntries.ITEM,
    StateEntries.ITEM_FEATURES,
    StateEntries.COUNTS,
    StateEntries.SHARED,
    StateEntries.USER_CATEGORIES
  };

  /** Takes in one stored entry that {@link #writeAll} offered. */
  void load(byte[] key, byte[] value) {
    switch (key[0]) {
      case StateEntries.ITEM -> items.loadItem(key, value);
      case StateEntries.ITEM_FEATURES -> items.loadStates(key, value);
      case StateEntries.COUNTS -> counts.load(key, value);
      case StateEntries.SHARED -> shared.load(key, value);
      case StateEntries.USER_CATEGORIES -> userCategories.load(key, value);
      default -> throw new IllegalArgumentException("an entry of kind " + key[0]);
    }
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
    for (int place = 0; place < plan.user().size(); place++) {
      FeatureDefinition definition = plan.user().definitions().get(place);
      if (definition.name().equals(feature)
          && definition.aggregation() instanceof Aggregation.LastItems) {
        return plan.user().items(user == null ? null : user.state(), place, timeMs);
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
    lock.readLock().lock();
    try {
      return read(users.find(query.user()), query, wanted);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The same for a user that the caller has looked up; it holds the read lock. */
  FeatureRows read(@Nullable UserState user, FeatureQuery query, FeatureSchema wanted) {
    RowReader rows = readersOf(wanted).rows;
    for (int item : query.items()) {
      if (item < 0 || item >= items.size()) {
        throw WinnowException.invalid(
            "items", item, "a catalogue index in 0 to " + (items.size() - 1));
      }
    }
    return new FeatureRows(
        appliedOffset, wanted.size(), rows.read(user, query), user == null || user.isComplete());
  }

  @Override
  public PairRows read(PairQuery query) {
    return read(query, plan.schema());
  }

  @Override
  public PairRows read(PairQuery query, FeatureSchema schema) {
    lock.readLock().lock();
    try {
      return read(query, schema, users::find);
    } finally {
      lock.readLock().unlock();
    }
  }

  /** The same where the caller finds the users; it holds the read lock. */
  PairRows read(
      PairQuery query, FeatureSchema schema, Function<UserId, @Nullable UserState> finder) {
    return readersOf(schema).pairs.read(query, finder, appliedOffset);
  }

  @Override
  public List<Problem> missing(FeatureSchema wanted) {
    return plan.held().missing(wanted);
  }

  /** What reads a schema. */
  private record Readers(RowReader rows, PairReader pairs) {}

  private Readers compile(FeatureSchema schema) {
    RowReader rows = new RowReader(plan, schema, items, shared, userCategories);
    return new Readers(rows, new PairReader(schema, items, rows, ages));
  }

  /** Compiled once for each of the few schemas that releases have. */
  private Readers readersOf(FeatureSchema wanted) {
    if (wanted.equals(plan.schema())) {
      return readers;
    }
    Readers known = readersOfOthers.get(wanted);
    if (known != null) {
      return known;
    }
    List<Problem> missing = missing(wanted);
    if (!missing.isEmpty()) {
      throw FeatureReader.conflict(missing);
    }
    if (readersOfOthers.size() >= MAX_SCHEMAS) {
      readersOfOthers.clear();
    }
    Readers made = compile(wanted);
    readersOfOthers.put(wanted, made);
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
      for (int from = 0; from < offsets.length; from += TOUCHED) {
        int to = Math.min(offsets.length, from + TOUCHED);
        touch(records, from, to);
        for (int i = from; i < to; i++) {
          apply(offsets[i], records.get(i));
        }
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /**
   * Looks up what the next records will change. One event waits several times for memory; looked up
   * in a row, those of different events wait at the same time.
   */
  private void touch(List<LogRecord> records, int from, int to) {
    for (int i = from; i < to; i++) {
      if (records.get(i) instanceof LogRecord.Happened(Event event)) {
        unusedLookUps += items.touch(event.item()) + users.touch(event.user());
      }
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
        userCategories.put(put.user(), put.attributes());
        if (share.ofUser(put.user())) {
          users.put(offset, put.user(), put.attributes());
        }
      }
      case LogRecord.Exposed _ -> {} // no feature reads experiments
    }
    appliedOffset = offset + 1;
  }

  /**
   * An event of a type that the application does not declare (any more) makes its item known, so
   * that catalogue indices depend on the log alone, and counts nowhere else.
   */
  private void happened(long offset, Event event) {
    int item = items.seen(event.item(), event.timeMs());
    Integer declared = typeIndex.get(event.type());
    boolean impression = event.impression() != null;
    if (declared == null && !impression) {
      return;
    }
    int type = declared == null ? plan.impression() : declared;
    int dropped = share.ofItem(item) ? items.add(item, type, event) : 0;
    if (!impression && share.first()) {
      dropped += counts.add(item, event.timeMs());
    }
    if ((!impression || impressionsChangeUsers) && share.ofUser(event.user())) {
      dropped += users.add(offset, event, item, type, items.categories(item));
    }
    for (int group = 0; group < plan.shared().size(); group++) {
      if (share.ofGroup(group)) {
        dropped += addToShared(group, event, item, type);
      }
    }
    if (dropped > 0) {
      droppedLate.add(dropped);
    }
  }

  private int addToShared(int number, Event event, int item, int type) {
    FeaturePlan.Group group = plan.shared().get(number);
    if (!group.features().selects(type, event)) {
      return 0;
    }
    int dropped = 0;
    for (String userKey : SharedKeys.ofUser(group, event.user(), userCategories)) {
      for (String itemKey : SharedKeys.ofItem(group, item, items)) {
        dropped +=
            shared.group(number).add(SharedKeys.join(group, userKey, itemKey), type, event, item);
      }
    }
    return dropped;
  }
}
