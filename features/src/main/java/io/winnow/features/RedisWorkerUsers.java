package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.features.RedisDatabase.StoredUser;
import io.winnow.features.RedisDatabase.UserWrite;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The users that a worker folds: those of the shards that it holds, and of each shard only the
 * changes at or above the offset that Redis has. Changes of others cost nothing. Used by one
 * thread.
 */
final class RedisWorkerUsers implements UserTable {
  private static final long NOT_HELD = -1;
  private static final byte[] NO_PREFIX = new byte[0];

  private final RedisDatabase database;
  private final FeaturePlan plan;
  private final int capacity;
  private final long[] stored = new long[RedisDatabase.SHARDS];
  private final List<Map<UserId, UserState>> changed = new ArrayList<>();
  private final LinkedHashMap<UserId, UserState> clean = new LinkedHashMap<>(16, 0.75f, true);
  private int changedCount;

  /**
   * Holds nothing.
   *
   * @param capacity most users that wait for nothing but to be used again
   */
  RedisWorkerUsers(RedisDatabase database, FeaturePlan plan, int capacity) {
    this.database = database;
    this.plan = plan;
    this.capacity = capacity;
    Arrays.fill(stored, NOT_HELD);
    for (int shard = 0; shard < RedisDatabase.SHARDS; shard++) {
      changed.add(new HashMap<>());
    }
  }

  /** The shards that are held, ascending. */
  List<Integer> held() {
    List<Integer> shards = new ArrayList<>();
    for (int shard = 0; shard < stored.length; shard++) {
      if (stored[shard] != NOT_HELD) {
        shards.add(shard);
      }
    }
    return shards;
  }

  boolean holds(int shard) {
    return stored[shard] != NOT_HELD;
  }

  /**
   * Checks that Redis has the shards where this left them: another worker may have written them, or
   * Redis may have lost its newest part, which nothing else would show while the log rests.
   *
   * @throws WinnowException with {@code CONFLICT} if it has not
   */
  void check(long[] offsets) {
    for (int shard : held()) {
      check(shard, offsets[shard]);
    }
  }

  private void check(int shard, long offset) {
    if (offset != stored[shard]) {
      throw new WinnowException(
          ErrorCode.CONFLICT,
          "shard %d is at offset %d (expected: %d)".formatted(shard, offset, stored[shard]));
    }
  }

  /** Begins to fold a shard that Redis has at an offset. */
  void hold(int shard, long offset) {
    drop(shard);
    stored[shard] = offset;
  }

  /** Forgets a shard and what was not written of it. */
  void drop(int shard) {
    stored[shard] = NOT_HELD;
    changedCount -= changed.get(shard).size();
    changed.get(shard).clear();
    clean.keySet().removeIf(user -> RedisDatabase.shard(user) == shard);
  }

  /** How many users have changes that Redis does not have. */
  int changedCount() {
    return changedCount;
  }

  /** Whether a change at an offset is one to fold. */
  private boolean takes(UserId user, long offset) {
    long from = stored[RedisDatabase.shard(user)];
    return from != NOT_HELD && offset >= from;
  }

  /**
   * Loads the users that the next records change and that are not here, all at once.
   *
   * @param users with the offset of a record that changes them
   * @throws WinnowException with {@code CONFLICT} if another worker has written one of their shards
   */
  void prefetch(Map<UserId, Long> users) {
    Map<UserId, CompletableFuture<StoredUser>> missing = new LinkedHashMap<>();
    users.forEach((user, offset) -> {
      if (takes(user, offset) && find(user) == null) {
        missing.put(user, database.user(user));
      }
    });
    missing.forEach((user, answer) -> {
      StoredUser found = database.await(answer, RedisDatabase.PATIENCE);
      check(RedisDatabase.shard(user), found.offset());
      clean.put(user, found.load(plan, true));
    });
  }

  /** Lets users go that were used longest ago; not between loading them and folding. */
  void shrink() {
    while (clean.size() > capacity) {
      clean.pollFirstEntry();
    }
  }

  @Override
  public int add(long offset, Event event, int item, int type, List<List<String>> categories) {
    return takes(event.user(), offset)
        ? change(event.user()).addAll(event, item, type, categories)
        : 0;
  }

  @Override
  public void put(long offset, UserId user, Map<String, AttributeValue> attributes) {
    if (takes(user, offset)) {
      change(user).putAttributes(attributes);
    }
  }

  @Override
  public @Nullable UserState find(UserId user) {
    UserState state = changed.get(RedisDatabase.shard(user)).get(user);
    return state == null ? clean.get(user) : state;
  }

  @Override
  public UserState change(UserId user) {
    Map<UserId, UserState> ofShard = changed.get(RedisDatabase.shard(user));
    UserState known = ofShard.get(user);
    if (known != null) {
      return known;
    }
    UserState state = clean.remove(user);
    if (state == null) {
      throw new IllegalStateException("user " + user + " was not loaded");
    }
    ofShard.put(user, state);
    changedCount++;
    return state;
  }

  /**
   * Writes every shard that is below an offset.
   *
   * @return the shards that another worker wrote meanwhile; of them nothing was written, and they
   *     are no longer held
   */
  List<Integer> flush(long offset) {
    Map<Integer, Long> unchanged = new TreeMap<>();
    Map<Integer, CompletableFuture<Boolean>> writes = new TreeMap<>();
    for (int shard : held()) {
      if (stored[shard] < offset) {
        if (changed.get(shard).isEmpty()) {
          unchanged.put(shard, stored[shard]);
        } else {
          writes.put(
              shard, database.write(shard, stored[shard], offset, writesOf(changed.get(shard))));
        }
      }
    }
    List<Integer> refused = new ArrayList<>();
    if (!unchanged.isEmpty()) {
      refused.addAll(database.await(database.advance(unchanged, offset), RedisDatabase.PATIENCE));
    }
    writes.forEach((shard, written) -> {
      if (!database.await(written, RedisDatabase.PATIENCE)) {
        refused.add(shard);
      }
    });
    refused.forEach(this::drop);
    markStored(unchanged.keySet(), offset);
    markStored(writes.keySet(), offset);
    shrink();
    return refused;
  }

  private static Map<UserId, UserWrite> writesOf(Map<UserId, UserState> users) {
    Map<UserId, UserWrite> writes = new HashMap<>();
    users.forEach((user, state) -> {
      UserWrite write = new UserWrite();
      state.writeChanges(NO_PREFIX, write);
      writes.put(user, write);
    });
    return writes;
  }

  private void markStored(Collection<Integer> shards, long offset) {
    for (int shard : shards) {
      if (!holds(shard)) {
        continue;
      }
      stored[shard] = offset;
      Map<UserId, UserState> users = changed.get(shard);
      users.forEach((user, state) -> {
        state.markStored();
        clean.put(user, state);
      });
      changedCount -= users.size();
      users.clear();
    }
  }
}
