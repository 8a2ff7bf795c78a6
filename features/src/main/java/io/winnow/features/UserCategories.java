package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.UserId;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The users' values of those attributes that serve as keys of entities, such as {@code
 * user.country}. Held in memory for all users that have any, since every event needs those of its
 * user. Guarded by {@link FeatureState}'s lock.
 */
final class UserCategories {
  private static final List<String> NONE = List.of();

  private final List<String> attributes;
  private final Map<UserId, List<List<String>>> byUser = new HashMap<>();
  private final Set<UserId> changed = new HashSet<>();

  /**
   * Without users.
   *
   * @param attributes the attributes; elsewhere an attribute is its place here
   */
  UserCategories(List<String> attributes) {
    this.attributes = List.copyOf(attributes);
  }

  /** A user's values of an attribute. */
  List<String> of(UserId user, int attribute) {
    List<List<String>> values = byUser.get(user);
    return values == null ? NONE : values.get(attribute);
  }

  /** Takes in a user's attributes, which replace all that were known. */
  void put(UserId user, Map<String, AttributeValue> values) {
    if (attributes.isEmpty()) {
      return;
    }
    List<List<String>> categories =
        attributes.stream()
            .map(name -> {
              AttributeValue value = values.get(name);
              return value == null ? NONE : value.categories();
            })
            .toList();
    if (byUser.containsKey(user) || !categories.stream().allMatch(List::isEmpty)) {
      byUser.put(user, categories);
      changed.add(user);
    }
  }

  /** Offers the entries that changed since {@link #markStored()}. */
  void writeChanges(StateEntries.Sink sink) {
    changed.forEach(user -> write(user, sink));
  }

  /** Everything that changed is stored now. */
  void markStored() {
    changed.clear();
  }

  /** Offers every entry. */
  void writeAll(StateEntries.Sink sink) {
    byUser.keySet().forEach(user -> write(user, sink));
  }

  /** Takes in one stored entry of kind {@link StateEntries#USER_CATEGORIES}. */
  void load(byte[] key, byte[] value) {
    ByteSource source = new ByteSource(value);
    List<List<String>> categories =
        attributes.stream()
            .map(_ -> {
              String[] values = new String[source.count(value.length)];
              for (int i = 0; i < values.length; i++) {
                values[i] = source.text();
              }
              return List.of(values);
            })
            .toList();
    source.end();
    byUser.put(new UserId(new ByteSource(key, 1).restAsText()), categories);
  }

  private void write(UserId user, StateEntries.Sink sink) {
    ByteSink value = new ByteSink();
    for (List<String> categories : byUser.getOrDefault(user, List.of())) {
      value.varint(categories.size());
      categories.forEach(value::text);
    }
    sink.put(
        new ByteSink()
            .raw(StateEntries.USER_CATEGORIES)
            .rest(user.value().getBytes(StandardCharsets.UTF_8))
            .toBytes(),
        value.toBytes());
  }
}
