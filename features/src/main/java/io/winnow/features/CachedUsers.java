package io.winnow.features;

import io.winnow.core.UserId;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A bounded part of all users, over a store that holds the rest. A user that was changed stays
 * until the change is stored; of the others the least recently used one gives way.
 *
 * <p>Thread-safe as {@link UserTable} asks: a user is loaded outside the monitor, which is sound
 * because a reader holds the read lock, so the user cannot change meanwhile, and because a user
 * with changes that are not stored is never loaded.
 */
final class CachedUsers implements UserTable {
  private final int capacity;
  private final Function<UserId, @Nullable UserState> loader;
  private final Function<UserId, UserState> creator;
  private final Map<UserId, UserState> changed = new HashMap<>();
  private final LinkedHashMap<UserId, UserState> clean = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * An empty cache.
   *
   * @param capacity most clean users
   * @param loader reads a user from the store; null if it is not there
   * @param creator makes a user without state
   */
  CachedUsers(
      int capacity,
      Function<UserId, @Nullable UserState> loader,
      Function<UserId, UserState> creator) {
    this.capacity = capacity;
    this.loader = loader;
    this.creator = creator;
  }

  @Override
  public @Nullable UserState find(UserId user) {
    synchronized (this) {
      UserState known = cached(user);
      if (known != null) {
        return known;
      }
    }
    UserState loaded = loader.apply(user);
    if (loaded == null) {
      return null;
    }
    synchronized (this) {
      UserState raced = cached(user);
      if (raced != null) {
        return raced;
      }
      clean.put(user, loaded);
      shrink();
      return loaded;
    }
  }

  @Override
  public UserState change(UserId user) {
    // Only the writer, which calls this, changes the map; so it may look without the monitor.
    UserState waiting = changed.get(user);
    if (waiting != null) {
      return waiting;
    }
    UserState state = find(user);
    if (state == null) {
      state = creator.apply(user);
    }
    synchronized (this) {
      clean.remove(user);
      changed.put(user, state);
    }
    return state;
  }

  @Override
  public long touch(UserId user) {
    UserState waiting = changed.get(user);
    return waiting == null ? 0 : waiting.touch();
  }

  /** How many users have changes that are not stored. Called by the writer only, as below. */
  int changedCount() {
    return changed.size();
  }

  /** The users with changes that are not stored; only the writer adds and removes any. */
  Map<UserId, UserState> changed() {
    return changed;
  }

  /** The changes of all users are stored now. */
  synchronized void markStored() {
    changed.forEach((user, state) -> {
      state.markStored();
      clean.put(user, state);
    });
    changed.clear();
    shrink();
  }

  private @Nullable UserState cached(UserId user) {
    UserState state = changed.get(user);
    return state == null ? clean.get(user) : state;
  }

  private void shrink() {
    while (clean.size() > capacity) {
      clean.pollFirstEntry();
    }
  }
}
