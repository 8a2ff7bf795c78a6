package io.winnow.features;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The states of those entities that no single user or item owns, such as {@code category} or {@code
 * user.country x item}: few and hot, so all of them are held in memory. Guarded by {@link
 * FeatureState}'s lock.
 */
final class SharedStates {
  private final List<KeyedStates> groups;

  SharedStates(FeaturePlan plan) {
    this.groups =
        plan.shared().stream()
            .map(group -> new KeyedStates(group.features(), group.maxKeys(), true))
            .toList();
  }

  /** The states of one of the plan's shared groups. */
  KeyedStates group(int group) {
    return groups.get(group);
  }

  /** Offers the entries that changed since {@link #markStored()}. */
  void writeChanges(StateEntries.Sink sink) {
    for (int group = 0; group < groups.size(); group++) {
      int of = group;
      groups
          .get(group)
          .visitChanges((key, state) -> {
            if (state == null) {
              sink.remove(key(of, key));
            } else {
              sink.put(key(of, key), state);
            }
          });
    }
  }

  /** Everything that changed is stored now. */
  void markStored() {
    groups.forEach(KeyedStates::markStored);
  }

  /** Offers every entry. */
  void writeAll(StateEntries.Sink sink) {
    for (int group = 0; group < groups.size(); group++) {
      int of = group;
      groups
          .get(group)
          .visitAll((key, state) -> {
            if (state != null) {
              sink.put(key(of, key), state);
            }
          });
    }
  }

  /** Takes in one stored entry of kind {@link StateEntries#SHARED}. */
  void load(byte[] key, byte[] value) {
    ByteSource rest = new ByteSource(key, 1);
    KeyedStates states = groups.get(rest.count(groups.size() - 1));
    ByteSource source = new ByteSource(value);
    states.load(rest.restAsText(), source);
    source.end();
  }

  private static byte[] key(int group, String key) {
    return new ByteSink()
        .raw(StateEntries.SHARED)
        .raw(group)
        .rest(key.getBytes(StandardCharsets.UTF_8))
        .toBytes();
  }
}
