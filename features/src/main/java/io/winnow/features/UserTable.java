package io.winnow.features;

import io.winnow.core.UserId;
import java.util.HashMap;
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
   * Makes a change, or keeps it for later; returns how many features dropped its event as too old.
   * Called with the write lock held, in log order.
   */
  default int apply(UserChange change, FeaturePlan plan) {
    return change.applyTo(change(change.user()), plan);
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
      return users.computeIfAbsent(user, _ -> new UserState(plan, false));
    }

    /** Visits every user. */
    void forEach(BiConsumer<UserId, UserState> visitor) {
      users.forEach(visitor);
    }
  }
}
