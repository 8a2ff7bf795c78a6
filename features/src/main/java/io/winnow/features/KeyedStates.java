package io.winnow.features;

import io.winnow.core.Event;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The states of one entity by key, bounded: at the bound, a new key is taken in only in place of
 * those whose time to live is over. So forgetting never changes a value, as an expired state reads
 * as empty anyway; where all are alive, the new key's events are not counted, and that is told.
 *
 * <p>What is forgotten when depends on the log alone. Guarded by {@link FeatureState}'s lock.
 */
final class KeyedStates {
  /** Clocks may be this far ahead; a state is forgotten only when it expired this long ago. */
  private static final long CLOCK_TOLERANCE_MS = 24 * 3_600_000L;

  private final FeatureGroup group;
  private final int maxKeys;
  private final boolean tracked;
  private final Map<String, EntityState> states = new HashMap<>();
  private long nothingExpiresBeforeMs = Long.MIN_VALUE;

  // What the store below does not hold yet.
  private final Set<String> changed = new HashSet<>();
  private final Set<String> forgotten = new HashSet<>();

  /**
   * Without states.
   *
   * @param maxKeys the most keys
   * @param tracked whether changes are written to a store below, and so must be remembered
   */
  KeyedStates(FeatureGroup group, int maxKeys, boolean tracked) {
    this.group = group;
    this.maxKeys = maxKeys;
    this.tracked = tracked;
  }

  /** The state of a key, or null if there is none. */
  @Nullable EntityState get(String key) {
    return states.get(key);
  }

  /**
   * Takes an event in that the group selects.
   *
   * @return how many features dropped it as too old, or because the key is one too many
   */
  int add(String key, int type, Event event, int item) {
    EntityState state = states.get(key);
    if (state == null) {
      if (states.size() >= maxKeys && !forgetExpired(event.timeMs())) {
        return group.size();
      }
      state = group.newState();
      states.put(key, state);
      nothingExpiresBeforeMs = Math.min(nothingExpiresBeforeMs, expiryMs(event.timeMs()));
      forgotten.remove(key);
    }
    if (tracked) {
      changed.add(key);
    }
    return group.add(state, type, event, item);
  }

  /** Makes room; looks at all states only when one may have expired since it last looked. */
  private boolean forgetExpired(long timeMs) {
    if (timeMs < nothingExpiresBeforeMs) {
      return false;
    }
    long limitMs = timeMs - group.ttlMs() - CLOCK_TOLERANCE_MS;
    long oldestMs = Long.MAX_VALUE;
    int before = states.size();
    for (var entries = states.entrySet().iterator(); entries.hasNext(); ) {
      Map.Entry<String, EntityState> entry = entries.next();
      long newestMs = entry.getValue().newestMs();
      if (newestMs < limitMs) {
        entries.remove();
        changed.remove(entry.getKey());
        if (tracked) {
          forgotten.add(entry.getKey());
        }
      } else {
        oldestMs = Math.min(oldestMs, newestMs);
      }
    }
    nothingExpiresBeforeMs = expiryMs(oldestMs);
    boolean room = states.size() < before;
    return room;
  }

  private long expiryMs(long newestMs) {
    return newestMs == Long.MAX_VALUE
        ? Long.MIN_VALUE
        : newestMs + group.ttlMs() + CLOCK_TOLERANCE_MS;
  }

  /** Receives a key and the state's bytes, or null if the key is no more. */
  @FunctionalInterface
  interface Visitor {
    void visit(String key, byte @Nullable [] state);
  }

  /** Offers what changed since {@link #markStored()}. */
  void visitChanges(Visitor visitor) {
    for (String key : forgotten) {
      visitor.visit(key, null);
    }
    for (String key : changed) {
      EntityState state = states.get(key);
      if (state != null) {
        visitor.visit(key, bytes(state));
      }
    }
  }

  /** Everything that changed is stored now. */
  void markStored() {
    changed.clear();
    forgotten.clear();
  }

  /** Offers every state. */
  void visitAll(Visitor visitor) {
    states.forEach((key, state) -> visitor.visit(key, bytes(state)));
  }

  /** Takes in a stored state. */
  void load(String key, ByteSource source) {
    states.put(key, group.load(source));
  }

  private byte[] bytes(EntityState state) {
    ByteSink sink = new ByteSink();
    group.write(state, sink);
    return sink.toBytes();
  }
}
