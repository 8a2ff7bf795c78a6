package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.UserId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * What a server knows of users: the changes that Redis may not hold yet, and the users that were
 * read of late, kept up to date.
 *
 * <p>Guarded by {@link FeatureState}'s lock: who changes holds the write lock, who reads the read
 * lock. A user's state is complete if it was stored at an offset from which on the tail holds every
 * change of its shard.
 */
final class RedisTail implements UserTable {
  private final FeaturePlan plan;
  private final int capacity;
  private final int cachedUsersMax;
  private final List<ArrayDeque<UserChange>> byShard = new ArrayList<>();
  private final Map<UserId, ArrayDeque<UserChange>> byUser = new HashMap<>();
  private final AtomicLongArray completeFrom = new AtomicLongArray(RedisDatabase.SHARDS);
  private final LinkedHashMap<UserId, UserState> cached = new LinkedHashMap<>(16, 0.75f, true);
  private int size;

  /**
   * An empty tail.
   *
   * @param capacity most changes
   * @param cachedUsersMax most users that are kept up to date
   */
  RedisTail(FeaturePlan plan, int capacity, int cachedUsersMax) {
    this.plan = plan;
    this.capacity = capacity;
    this.cachedUsersMax = cachedUsersMax;
    for (int shard = 0; shard < RedisDatabase.SHARDS; shard++) {
      byShard.add(new ArrayDeque<>());
    }
  }

  /** Begins at an offset: of the first change that it will get. */
  void begin(long offset) {
    for (int shard = 0; shard < RedisDatabase.SHARDS; shard++) {
      completeFrom.set(shard, offset);
    }
  }

  /** From which offset on all changes of a shard are here. May be called without a lock. */
  long completeFrom(int shard) {
    return completeFrom.get(shard);
  }

  @Override
  public int add(long offset, Event event, int item, int type, List<List<String>> categories) {
    return apply(new UserChange.Happened(offset, event, item, type, categories));
  }

  @Override
  public void put(long offset, UserId user, Map<String, AttributeValue> attributes) {
    apply(new UserChange.AttributesPut(offset, user, attributes));
  }

  private int apply(UserChange change) {
    UserId user = change.user();
    UserState known;
    synchronized (cached) {
      known = cached.get(user);
    }
    int dropped = known == null ? 0 : change.applyTo(known);
    int shard = RedisDatabase.shard(user);
    if (change.offset() >= completeFrom.get(shard)) {
      byShard.get(shard).add(change);
      byUser.computeIfAbsent(user, _ -> new ArrayDeque<>(2)).add(change);
      if (++size > capacity) {
        forgetOldest();
      }
    }
    return dropped;
  }

  /** Forgets changes that Redis holds. */
  void trim(long[] stored) {
    for (int shard = 0; shard < stored.length; shard++) {
      if (stored[shard] > completeFrom.get(shard)) {
        forget(shard, stored[shard]);
      }
    }
  }

  private void forgetOldest() {
    int oldest = -1;
    long offset = Long.MAX_VALUE;
    for (int shard = 0; shard < byShard.size(); shard++) {
      UserChange first = byShard.get(shard).peekFirst();
      if (first != null && first.offset() < offset) {
        oldest = shard;
        offset = first.offset();
      }
    }
    forget(oldest, offset + 1);
  }

  private void forget(int shard, long before) {
    ArrayDeque<UserChange> changes = byShard.get(shard);
    while (!changes.isEmpty() && changes.getFirst().offset() < before) {
      UserChange change = changes.removeFirst();
      ArrayDeque<UserChange> ofUser = byUser.get(change.user());
      if (ofUser != null) {
        ofUser.removeFirst(); // Both are in log order, so it is the same change.
        if (ofUser.isEmpty()) {
          byUser.remove(change.user());
        }
      }
      size--;
    }
    completeFrom.set(shard, before);
  }

  /** How many changes are held. */
  int size() {
    return size;
  }

  /** A user that is up to date in memory, or null. */
  @Override
  public @Nullable UserState find(UserId user) {
    synchronized (cached) {
      return cached.get(user);
    }
  }

  @Override
  public UserState change(UserId user) {
    throw new IllegalStateException("a server's users change in the tail only");
  }

  /**
   * Brings a user that was read from Redis up to date and keeps it; null if changes between it and
   * the tail are missing.
   *
   * @param state as it was at an offset; the tail's from now on
   */
  @Nullable UserState install(UserId user, UserState state, long offset) {
    if (offset < completeFrom.get(RedisDatabase.shard(user))) {
      return null;
    }
    replay(user, offset, state);
    synchronized (cached) {
      UserState raced = cached.get(user);
      if (raced != null) {
        return raced;
      }
      cached.put(user, state);
      while (cached.size() > cachedUsersMax) {
        cached.pollFirstEntry();
      }
    }
    return state;
  }

  /** What the tail alone knows of a user. */
  UserState alone(UserId user) {
    UserState state = new UserState(plan, false);
    replay(user, 0, state);
    state.markIncomplete();
    return state;
  }

  private void replay(UserId user, long from, UserState state) {
    ArrayDeque<UserChange> changes = byUser.get(user);
    if (changes != null) {
      for (UserChange change : changes) {
        if (change.offset() >= from) {
          change.applyTo(state);
        }
      }
    }
  }
}
