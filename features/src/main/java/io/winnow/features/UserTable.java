package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.UserId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Where {@link FeatureState} finds its users. */
interface UserTable {
  /**
   * The user's state to read, or null if nothing is known. Called with the read lock held, from
   * many threads.
   */
  @Nullable UserState find(UserId user);

  /** The user's state to change; created if absent. Called with the write lock held. */
  UserState change(UserId user);

  /**
   * Whether the user's own state is kept; where not, events change only what is shared. A table
   * that stops keeping a user never begins again.
   */
  default boolean keeps(UserId user) {
    return true;
  }

  /**
   * Takes an event into its user's state, or keeps it for later. Called with the write lock held,
   * in log order.
   *
   * @param type the index of its type in the plan
   * @param categories of its item now, of each of the plan's item attributes
   * @return how many features dropped it as too old
   */
  default int add(long offset, Event event, int item, int type, List<List<String>> categories) {
    return keeps(event.user()) ? change(event.user()).addAll(event, item, type, categories) : 0;
  }

  /** Puts a user's attributes, or keeps them for later; called as {@link #add}. */
  default void put(long offset, UserId user, Map<String, AttributeValue> attributes) {
    if (keeps(user)) {
      change(user).putAttributes(attributes);
    }
  }

  /** Looks at a user that will be changed soon, if that is cheap; see {@link FeatureState}. */
  default long touch(UserId user) {
    return 0;
  }

  /** All users in memory, without bound: for replay and tests. */
  final class InMemory implements UserTable {
    private final FeaturePlan plan;
    private final Map<UserId, UserState> users = new HashMap<>();

    InMemory(FeaturePlan plan) {
      this.plan = plan;
    }

    @Override
    public @Nullable UserState find(UserId user) {
      return users.get(user);
    }

    @Override
    public UserState change(UserId user) {
      UserState state = users.get(user);
      if (state == null) {
        state = new UserState(plan, false);
        users.put(user, state);
      }
      return state;
    }

    @Override
    public long touch(UserId user) {
      UserState state = users.get(user);
      return state == null ? 0 : state.touch();
    }

    /** Visits every user. */
    void forEach(BiConsumer<UserId, UserState> visitor) {
      users.forEach(visitor);
    }
  }
}
