package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.UserId;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that is known of one user: attributes, history, features, and the features of the
 * pairs (user, item) and (user, category). It is loaded and evicted as a whole, so that a read of C
 * candidates costs one look-up; its parts are stored as entries of their own, so that an event
 * rewrites only what it changed. Guarded by {@link FeatureState}'s lock.
 */
final class UserState {
  private static final int ATTRIBUTES = 0;
  private static final int FEATURES = 1;
  private static final int HISTORY = 2;
  private static final int FIRST_PAIR_GROUP = 3;

  private final FeaturePlan plan;
  private Map<String, AttributeValue> attributes = Map.of();
  private final HistoryLog history = new HistoryLog();
  private @Nullable EntityState state;
  private final List<KeyedStates> pairs;

  // What the store below does not hold yet.
  private boolean attributesChanged;
  private boolean stateChanged;
  private boolean complete = true;
  private long storedFirstChunk;
  private long changedFromChunk = Long.MAX_VALUE;

  /**
   * A user without state.
   *
   * @param tracked whether changes are written to a store below, and so must be remembered
   */
  UserState(FeaturePlan plan, boolean tracked) {
    this.plan = plan;
    this.pairs =
        plan.pairs().stream()
            .map(group -> new KeyedStates(group.features(), group.maxKeys(), tracked))
            .toList();
  }

  /** Whether everything that the log holds of the user is in it, as far as its holder knows. */
  boolean isComplete() {
    return complete;
  }

  /** Says that only the newest changes of the user are known. */
  void markIncomplete() {
    complete = false;
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

  /** The state of the user's own features, or null if there was no event for them. */
  @Nullable EntityState state() {
    return state;
  }

  /** Looks at what an event will change; see {@link FeatureState}. */
  long touch() {
    EntityState own = state;
    return history.size() + (own == null ? 0 : own.newestMs());
  }

  /** The state of one pair, or null if nothing happened between them. */
  @Nullable EntityState pairState(int group, String partner) {
    return pairs.get(group).get(partner);
  }

  /**
   * Takes an event into the history, the user's features and those of the pairs.
   *
   * @param categories of the item, of each of the plan's item attributes
   * @return how many features dropped it
   */
  int addAll(Event event, int item, int type, List<List<String>> categories) {
    if (type != plan.impression()) {
      addToHistory(item, event, type);
    }
    int dropped = add(type, event, item);
    for (int group = 0; group < plan.pairs().size(); group++) {
      int itemKey = plan.pairs().get(group).itemKey();
      if (itemKey == FeaturePlan.ID) {
        dropped += addToPair(group, event.item().value(), type, event, item);
      } else {
        List<String> partners = categories.get(itemKey);
        for (int i = 0; i < partners.size(); i++) {
          dropped += addToPair(group, partners.get(i), type, event, item);
        }
      }
    }
    return dropped;
  }

  /** Takes an event into the user's features; returns how many dropped it as too old. */
  int add(int type, Event event, int item) {
    EntityState changing = state;
    if (changing == null) {
      if (!plan.user().selects(type, event)) {
        return 0;
      }
      changing = plan.user().newState();
      state = changing;
    }
    stateChanged = true;
    return plan.user().add(changing, type, event, item);
  }

  /** Takes an event into the features of a pair; returns how many dropped it. */
  int addToPair(int group, String partner, int type, Event event, int item) {
    return plan.pairs().get(group).features().selects(type, event)
        ? pairs.get(group).add(partner, type, event, item)
        : 0;
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
    EntityState own = state;
    if (stateChanged && own != null) {
      sink.put(key(prefix, FEATURES).toBytes(), stateBytes(own));
    }
    for (long chunk = storedFirstChunk; chunk < history.firstChunk(); chunk++) {
      sink.remove(key(prefix, HISTORY).ordered64(chunk).toBytes());
    }
    writeHistory(prefix, Math.max(changedFromChunk, history.firstChunk()), sink);
    for (int group = 0; group < pairs.size(); group++) {
      int of = group;
      pairs
          .get(group)
          .visitChanges((partner, state) -> {
            if (state == null) {
              sink.remove(pairKey(prefix, of, partner));
            } else {
              sink.put(pairKey(prefix, of, partner), state);
            }
          });
    }
  }

  /** Everything that changed is stored now. */
  void markStored() {
    attributesChanged = false;
    stateChanged = false;
    storedFirstChunk = history.firstChunk();
    changedFromChunk = Long.MAX_VALUE;
    pairs.forEach(KeyedStates::markStored);
  }

  /** Offers every entry. */
  void writeAll(byte[] prefix, StateEntries.Sink sink) {
    if (attributesChanged || !attributes.isEmpty()) {
      sink.put(key(prefix, ATTRIBUTES).toBytes(), attributeBytes());
    }
    EntityState own = state;
    if (own != null) {
      sink.put(key(prefix, FEATURES).toBytes(), stateBytes(own));
    }
    writeHistory(prefix, history.firstChunk(), sink);
    for (int group = 0; group < pairs.size(); group++) {
      int of = group;
      pairs
          .get(group)
          .visitAll((partner, state) -> {
            if (state != null) {
              sink.put(pairKey(prefix, of, partner), state);
            }
          });
    }
  }

  /** Takes in one stored entry; entries come in the order of their keys. */
  void load(byte[] key, int prefixLength, byte[] value) {
    ByteSource rest = new ByteSource(key, prefixLength);
    ByteSource source = new ByteSource(value);
    int kind = rest.raw();
    switch (kind) {
      case ATTRIBUTES -> attributes = AttributeCodec.read(source);
      case FEATURES -> state = plan.user().load(source);
      case HISTORY -> history.load(rest.ordered64(), source);
      default -> pairs.get(kind - FIRST_PAIR_GROUP).load(rest.restAsText(), source);
    }
    source.end();
  }

  /** Call once behind the last {@link #load}. */
  void loaded() {
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

  private byte[] stateBytes(EntityState own) {
    ByteSink sink = new ByteSink();
    plan.user().write(own, sink);
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
}
