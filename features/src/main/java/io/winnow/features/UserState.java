package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.UserId;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is known of one user: attributes, history, features, and the features of the
 * pairs (user, item) and (user, category). It is loaded and evicted as a whole, so that a read of C
 * candidates costs one look-up; its parts are stored as entries of their own, so that an event
 * rewrites only what it changed. Guarded by {@link FeatureState}'s lock.
 *
 * <p>At most {@link #MAX_PAIRS} pairs of a group are kept; beyond, the one that was updated longest
 * ago in the log is forgotten.
 */
final class UserState {
  /** Most pairs of one group. */
  static final int MAX_PAIRS = 8192;

  private static final int ATTRIBUTES = 0;
  private static final int FEATURES = 1;
  private static final int HISTORY = 2;
  private static final int FIRST_PAIR_GROUP = 3;

  private final FeaturePlan plan;
  private final boolean tracked;
  private Map<String, AttributeValue> attributes = Map.of();
  private final HistoryLog history = new HistoryLog();
  private @Nullable AggregationState[] states;
  private final List<Pairs> pairs;

  // What the store below does not hold yet.
  private boolean attributesChanged;
  private boolean statesChanged;
  private long storedFirstChunk;
  private long changedFromChunk = Long.MAX_VALUE;

  /**
   * A user without state.
   *
   * @param tracked whether changes are written to a store below, and so must be remembered
   */
  UserState(FeaturePlan plan, boolean tracked) {
    this.plan = plan;
    this.tracked = tracked;
    this.states = plan.user().newStates();
    this.pairs = plan.pairs().stream().map(group -> new Pairs(group.features())).toList();
  }

  Map<String, AttributeValue> attributes() {
    return attributes;
  }

  void putAttributes(Map<String, AttributeValue> attributes) {
    this.attributes = attributes;
    attributesChanged = true;
  }

  UserHistory history() {
    return history.read(plan.typeNames());
  }

  void addToHistory(int item, Event event, int type) {
    history.add(item, event.timeMs(), type, (float) event.value());
    changedFromChunk = Math.min(changedFromChunk, history.endChunk() - 1);
  }

  /** The slots of the plan's user group. */
  @Nullable AggregationState[] states() {
    return states;
  }

  /** The slots of one pair, or null if nothing happened between them. */
  @Nullable AggregationState @Nullable [] pairStates(int group, String partner) {
    Pair pair = pairs.get(group).byPartner.get(partner);
    return pair == null ? null : pair.states;
  }

  /** Adds an event to the user's features; returns how many dropped it as too old. */
  int add(Event event, int item) {
    if (!plan.user().selects(event)) {
      return 0;
    }
    statesChanged = true;
    return plan.user().add(states, event, item);
  }

  /**
   * Adds an event to the features of a pair; returns how many dropped it as too old. An event that
   * concerns several partners offers them in the order of {@link String#compareTo}, so that their
   * age order can be told from their offsets and names when they are loaded again.
   */
  int addToPair(int group, String partner, Event event, int item, long offset) {
    Pairs table = pairs.get(group);
    if (!table.group.selects(event)) {
      return 0;
    }
    return table.group.add(table.touch(partner, offset).states, event, item);
  }

  /** The key under which all of a user's entries lie. */
  static byte[] prefix(UserId user) {
    byte[] id = user.value().getBytes(StandardCharsets.UTF_8);
    // Ids hold no control characters, so the zero ends the id and no prefix is one of another's.
    return new ByteSink().raw(StateEntries.USER).rest(id).raw(0).toBytes();
  }

  /** Offers the entries that changed since {@link #markStored()}. */
  void writeChanges(byte[] prefix, StateEntries.Sink sink) {
    if (attributesChanged) {
      sink.put(key(prefix, ATTRIBUTES).toBytes(), attributeBytes());
    }
    if (statesChanged) {
      sink.put(key(prefix, FEATURES).toBytes(), stateBytes());
    }
    for (long chunk = storedFirstChunk; chunk < history.firstChunk(); chunk++) {
      sink.remove(key(prefix, HISTORY).ordered64(chunk).toBytes());
    }
    writeHistory(prefix, Math.max(changedFromChunk, history.firstChunk()), sink);
    for (int group = 0; group < pairs.size(); group++) {
      Pairs table = pairs.get(group);
      for (String partner : table.forgotten) {
        sink.remove(pairKey(prefix, group, partner));
      }
      for (String partner : table.changed) {
        Pair pair = table.byPartner.get(partner);
        if (pair != null) {
          sink.put(pairKey(prefix, group, partner), pair.toBytes(table.group));
        }
      }
    }
  }

  /** Everything that changed is stored now. */
  void markStored() {
    attributesChanged = false;
    statesChanged = false;
    storedFirstChunk = history.firstChunk();
    changedFromChunk = Long.MAX_VALUE;
    for (Pairs table : pairs) {
      table.forgotten.clear();
      table.changed.clear();
    }
  }

  /** Offers every entry. */
  void writeAll(byte[] prefix, StateEntries.Sink sink) {
    if (attributesChanged || !attributes.isEmpty()) {
      sink.put(key(prefix, ATTRIBUTES).toBytes(), attributeBytes());
    }
    for (AggregationState state : states) {
      if (state != null) {
        sink.put(key(prefix, FEATURES).toBytes(), stateBytes());
        break;
      }
    }
    writeHistory(prefix, history.firstChunk(), sink);
    for (int group = 0; group < pairs.size(); group++) {
      for (Map.Entry<String, Pair> entry : pairs.get(group).byPartner.entrySet()) {
        sink.put(
            pairKey(prefix, group, entry.getKey()),
            entry.getValue().toBytes(pairs.get(group).group));
      }
    }
  }

  /** Takes in one stored entry; entries come in the order of their keys. */
  void load(byte[] key, int prefixLength, byte[] value) {
    ByteSource rest = new ByteSource(key, prefixLength);
    ByteSource source = new ByteSource(value);
    int kind = rest.raw();
    switch (kind) {
      case ATTRIBUTES -> attributes = AttributeCodec.read(source);
      case FEATURES -> states = plan.user().load(source);
      case HISTORY -> history.load(rest.ordered64(), source);
      default -> {
        Pairs table = pairs.get(kind - FIRST_PAIR_GROUP);
        long offset = source.varint();
        table.byPartner.put(rest.restAsText(), new Pair(table.group.load(source), offset));
      }
    }
    source.end();
  }

  /** Call once behind the last {@link #load}. */
  void loaded() {
    pairs.forEach(Pairs::sortByAge);
    storedFirstChunk = history.firstChunk();
  }

  private void writeHistory(byte[] prefix, long fromChunk, StateEntries.Sink sink) {
    for (long chunk = fromChunk; chunk < history.endChunk(); chunk++) {
      ByteSink value = new ByteSink();
      history.write(chunk, value);
      sink.put(key(prefix, HISTORY).ordered64(chunk).toBytes(), value.toBytes());
    }
  }

  private byte[] attributeBytes() {
    ByteSink sink = new ByteSink();
    AttributeCodec.write(attributes, sink);
    return sink.toBytes();
  }

  private byte[] stateBytes() {
    ByteSink sink = new ByteSink();
    plan.user().write(states, sink);
    return sink.toBytes();
  }

  private static ByteSink key(byte[] prefix, int kind) {
    return new ByteSink().rest(prefix).raw(kind);
  }

  private static byte[] pairKey(byte[] prefix, int group, String partner) {
    return key(prefix, FIRST_PAIR_GROUP + group)
        .rest(partner.getBytes(StandardCharsets.UTF_8))
        .toBytes();
  }

  /** The state of one pair and the log offset of its last event. */
  private record Pair(@Nullable AggregationState[] states, long offset) {
    byte[] toBytes(FeatureGroup group) {
      ByteSink sink = new ByteSink().varint(offset);
      group.write(states, sink);
      return sink.toBytes();
    }
  }

  /** The pairs of one group by partner, the one updated longest ago first. */
  private final class Pairs {
    final FeatureGroup group;
    final LinkedHashMap<String, Pair> byPartner = new LinkedHashMap<>();
    final Set<String> changed = new HashSet<>();
    final Set<String> forgotten = new HashSet<>();

    Pairs(FeatureGroup group) {
      this.group = group;
    }

    Pair touch(String partner, long offset) {
      Pair known = byPartner.get(partner);
      if (known == null && byPartner.size() == MAX_PAIRS) {
        String eldest = byPartner.firstEntry().getKey();
        byPartner.remove(eldest);
        if (tracked) {
          forgotten.add(eldest);
        }
      }
      Pair pair = new Pair(known == null ? group.newStates() : known.states, offset);
      byPartner.putLast(partner, pair);
      if (tracked) {
        changed.add(partner);
        forgotten.remove(partner);
      }
      return pair;
    }

    void sortByAge() {
      List<Map.Entry<String, Pair>> entries =
          byPartner.entrySet().stream()
              .map(entry -> Map.entry(entry.getKey(), entry.getValue()))
              .sorted(
                  Comparator.comparingLong((Map.Entry<String, Pair> e) -> e.getValue().offset)
                      .thenComparing(Map.Entry::getKey))
              .toList();
      byPartner.clear();
      entries.forEach(entry -> byPartner.put(entry.getKey(), entry.getValue()));
    }
  }
}
