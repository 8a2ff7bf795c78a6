package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The catalogue and the items' feature states, in arrays by catalogue index, entirely in memory.
 *
 * <p>The {@link Catalog} methods may be called from any thread without a lock: an item is an
 * immutable record, and its array is published through a volatile field after each change. The rest
 * is guarded by {@link FeatureState}'s lock.
 */
final class ItemTable implements Catalog {
  /** No time: an item without the attribute. */
  static final long NO_TIME = Long.MIN_VALUE;

  private static final List<String> NO_CATEGORIES = List.of();

  private final FeatureGroup features;
  private final List<String> keyAttributes;
  private final List<String> timeAttributes;
  private final ConcurrentHashMap<ItemId, Integer> indexByItem = new ConcurrentHashMap<>();
  private volatile @Nullable Item[] items = new @Nullable Item[16];
  private volatile int size;
  private @Nullable EntityState[] states = new @Nullable EntityState[16];

  // What the store below does not hold yet.
  private final BitSet changedItems = new BitSet();
  private final BitSet changedStates = new BitSet();

  /**
   * One item.
   *
   * @param categories of each attribute that serves as a key, in declared order
   * @param timesMs of each attribute whose age is a feature, epoch ms; {@link #NO_TIME} if absent
   */
  private record Item(
      ItemId id,
      Map<String, AttributeValue> attributes,
      boolean available,
      long firstSeenMs,
      List<List<String>> categories,
      long[] timesMs) {}

  /**
   * An empty catalogue.
   *
   * @param keyAttributes the attributes whose categories are looked up by position
   * @param timeAttributes the attributes whose times are looked up by position
   */
  ItemTable(FeatureGroup features, List<String> keyAttributes, List<String> timeAttributes) {
    this.features = features;
    this.keyAttributes = keyAttributes;
    this.timeAttributes = timeAttributes;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public int indexOf(ItemId item) {
    Integer index = indexByItem.get(item);
    return index == null ? -1 : index;
  }

  @Override
  public ItemId item(int index) {
    return at(index).id;
  }

  @Override
  public Map<String, AttributeValue> attributes(int index) {
    return at(index).attributes;
  }

  @Override
  public boolean available(int index) {
    return at(index).available;
  }

  @Override
  public long firstSeenMs(int index) {
    return at(index).firstSeenMs;
  }

  /** The item's categories of the key attribute at a position, in declared order. */
  List<String> categories(int index, int attribute) {
    return at(index).categories.get(attribute);
  }

  /** The item's categories of each key attribute, in declared order. */
  List<List<String>> categories(int index) {
    return at(index).categories;
  }

  /** The time of the time attribute at a position, epoch ms; {@link #NO_TIME} if it has none. */
  long timeMs(int index, int attribute) {
    return at(index).timesMs[attribute];
  }

  /** Looks at an item's state, so that memory answers for several at once; returns anything. */
  long touch(int index) {
    EntityState state = states[index];
    return state == null ? 0 : state.newestMs();
  }

  /** Looks at what an event of the item will change; see {@link FeatureState}. */
  long touch(ItemId id) {
    int index = indexOf(id);
    return index < 0 ? 0 : touch(index);
  }

  /** The index of an item that occurs in an event; it becomes known if it was not. */
  int seen(ItemId id, long timeMs) {
    int index = indexOf(id);
    return index >= 0 ? index : append(item(id, Map.of(), true, timeMs));
  }

  void put(ItemId id, Map<String, AttributeValue> attributes, boolean available, long timeMs) {
    int index = indexOf(id);
    if (index < 0) {
      append(item(id, attributes, available, timeMs));
    } else {
      replace(index, item(id, attributes, available, at(index).firstSeenMs));
    }
  }

  /** Makes an item unavailable; one that was not known yet is known from now on. */
  void remove(ItemId id, long timeMs) {
    int index = indexOf(id);
    if (index < 0) {
      append(item(id, Map.of(), false, timeMs));
    } else {
      Item item = at(index);
      replace(index, item(id, item.attributes, false, item.firstSeenMs));
    }
  }

  /** The state of an item's features, or null if there was no event for them. */
  @Nullable EntityState state(int index) {
    return states[index];
  }

  /**
   * Takes an event into its item's features.
   *
   * @return how many features dropped it as too old
   */
  int add(int index, int type, Event event) {
    EntityState state = states[index];
    if (state == null) {
      if (!features.selects(type, event)) {
        return 0;
      }
      state = features.newState();
      states[index] = state;
    }
    changedStates.set(index);
    return features.add(state, type, event, index);
  }

  /** Offers the entries that changed since {@link #markStored()}. */
  void writeChanges(StateEntries.Sink sink) {
    changedItems.stream().forEach(index -> writeItem(index, sink));
    changedStates.stream().forEach(index -> writeStates(index, sink));
  }

  /** Everything that changed is stored now. */
  void markStored() {
    changedItems.clear();
    changedStates.clear();
  }

  /** Offers every entry. */
  void writeAll(StateEntries.Sink sink) {
    for (int index = 0; index < size; index++) {
      writeItem(index, sink);
      writeStates(index, sink);
    }
  }

  /** Takes in one stored entry of kind {@link StateEntries#ITEM}; they come in index order. */
  void loadItem(byte[] key, byte[] value) {
    int index = new ByteSource(key, 1).fixed32();
    if (index != size) {
      throw new IllegalArgumentException("item " + index + " (expected: item " + size + ")");
    }
    ByteSource source = new ByteSource(value);
    ItemId id = new ItemId(source.text());
    boolean available = source.count(1) == 1;
    long firstSeenMs = source.signed();
    append(item(id, AttributeCodec.read(source), available, firstSeenMs));
    source.end();
  }

  /** Takes in one stored entry of kind {@link StateEntries#ITEM_FEATURES}, behind all items. */
  void loadStates(byte[] key, byte[] value) {
    ByteSource source = new ByteSource(value);
    states[new ByteSource(key, 1).fixed32()] = features.load(source);
    source.end();
  }

  private void writeItem(int index, StateEntries.Sink sink) {
    Item item = at(index);
    ByteSink value = new ByteSink().text(item.id.value());
    value.raw(item.available ? 1 : 0).signed(item.firstSeenMs);
    AttributeCodec.write(item.attributes, value);
    sink.put(key(StateEntries.ITEM, index), value.toBytes());
  }

  private void writeStates(int index, StateEntries.Sink sink) {
    EntityState state = states[index];
    if (state != null) {
      ByteSink value = new ByteSink();
      features.write(state, value);
      sink.put(key(StateEntries.ITEM_FEATURES, index), value.toBytes());
    }
  }

  private static byte[] key(int kind, int index) {
    return new ByteSink().raw(kind).fixed32(index).toBytes();
  }

  private Item item(
      ItemId id, Map<String, AttributeValue> attributes, boolean available, long firstSeenMs) {
    List<List<String>> categories =
        keyAttributes.stream()
            .map(name -> {
              AttributeValue value = attributes.get(name);
              return value == null ? NO_CATEGORIES : value.categories();
            })
            .toList();
    long[] timesMs =
        timeAttributes.stream()
            .mapToLong(name ->
                attributes.get(name) instanceof AttributeValue.Time(long epochMs)
                    ? epochMs
                    : NO_TIME)
            .toArray();
    return new Item(id, attributes, available, firstSeenMs, categories, timesMs);
  }

  private Item at(int index) {
    Item item = index < size && index >= 0 ? items[index] : null;
    if (item == null) {
      throw new IndexOutOfBoundsException("item " + index + " (expected: 0 to " + (size - 1) + ")");
    }
    return item;
  }

  private int append(Item item) {
    int index = size;
    if (index == items.length) {
      states = Arrays.copyOf(states, index * 2);
      items = Arrays.copyOf(items, index * 2);
    }
    replace(index, item);
    // First the item, then the size, then the way to it: whoever finds an index finds the item.
    size = index + 1;
    indexByItem.put(item.id, index);
    return index;
  }

  private void replace(int index, Item item) {
    @Nullable Item[] array = items;
    array[index] = item;
    items = array; // Publishes the element to readers without a lock.
    changedItems.set(index);
  }
}
