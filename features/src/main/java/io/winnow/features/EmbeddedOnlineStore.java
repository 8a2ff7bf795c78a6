package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An {@link OnlineStore} over RocksDB. Items live in memory, users in a bounded cache.
 *
 * <p>Write-behind: after {@link EmbeddedConfig#flushRecords} records, some seconds, or when half of
 * the cached users have changed, what changed is written in one atomic batch together with the
 * applied offset. The batches are not synced: after a crash the folder holds a prefix of them, each
 * whole, and the event log, which is the truth, replays the rest. Flushing happens on the applying
 * thread without the write lock, so readers do not wait for the disk.
 */
final class EmbeddedOnlineStore implements OnlineStore {
  private static final Logger LOGGER = LoggerFactory.getLogger(EmbeddedOnlineStore.class);

  /** How many records are applied under one write lock: it bounds what a reader waits. */
  private static final int SLICE = 256;

  /** So many records are worth a flush if the last one was a while ago. */
  private static final int FLUSH_SOON_RECORDS = 20_000;

  private static final long FLUSH_SOON_NANOS = 5_000_000_000L;

  private final FeaturePlan plan;
  private final Path folder;
  private final EmbeddedConfig config;
  private volatile Generation now;
  private volatile boolean closed;
  private long storedOffset; // Guarded by this, as the next two.
  private boolean halfApplied;
  private long flushedNanos = System.nanoTime();

  /** A fold over one open database. */
  private record Generation(StateDatabase database, CachedUsers users, FeatureState state) {}

  EmbeddedOnlineStore(FeaturePlan plan, Path folder, EmbeddedConfig config) {
    this.plan = plan;
    this.folder = folder;
    this.config = config;
    this.now = open();
    this.storedOffset = now.state.appliedOffset();
  }

  /** Opens the folder; what it holds is discarded if it is damaged or of other features. */
  private Generation open() {
    try {
      return load();
    } catch (WinnowException e) {
      if (e.code() != ErrorCode.CORRUPT) {
        throw e;
      }
      LOGGER.warn(
          "the stored feature state is discarded and the log will rebuild it: {}", e.getMessage());
    }
    StateDatabase.delete(folder);
    return load();
  }

  private Generation load() {
    StateDatabase database = new StateDatabase(folder, plan.hash(), config.blockCacheBytes());
    boolean loaded = false;
    try {
      CachedUsers users =
          new CachedUsers(
              config.cachedUsers() - config.cachedUsers() / 2,
              user -> loadUser(database, user),
              _ -> new UserState(plan, true));
      FeatureState state = new FeatureState(plan, users);
      long offset = database.appliedOffset();
      for (int kind : FeatureState.KINDS) {
        database.scan(prefix(kind), state::load);
      }
      state.markStored();
      state.restore(offset);
      loaded = true;
      return new Generation(database, users, state);
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw database.corrupt("an entry does not fit the others: " + e);
    } finally {
      if (!loaded) {
        database.close();
      }
    }
  }

  private @Nullable UserState loadUser(StateDatabase database, UserId user) {
    try {
      return loadUser(plan, database, user);
    } catch (WinnowException e) {
      if (e.code() == ErrorCode.CORRUPT) {
        LOGGER.error("{}: user {}: {}; restart to rebuild it", folder, user, e.getMessage());
        database.markDamaged();
      }
      throw e;
    }
  }

  /** Reads a user from a database; null if it is not there. */
  static @Nullable UserState loadUser(FeaturePlan plan, StateDatabase database, UserId user) {
    byte[] prefix = UserState.prefix(user);
    UserState state = new UserState(plan, true);
    boolean[] found = {false};
    database.scan(
        prefix,
        (key, value) -> {
          found[0] = true;
          state.load(key, prefix.length, value);
        });
    state.loaded();
    return found[0] ? state : null;
  }

  private static byte[] prefix(int kind) {
    return new byte[] {(byte) kind};
  }

  @Override
  public synchronized void apply(long[] offsets, List<LogRecord> records) {
    FeatureState state = state();
    if (offsets.length != records.size()) {
      throw new IllegalArgumentException(
          "offsets: " + offsets.length + " (expected: " + records.size() + ", one a record)");
    }
    for (int from = 0; from < offsets.length; from += SLICE) {
      // Before the slice: where the disk does not take writes, nothing more is taken in either.
      if (isFlushDue(state.appliedOffset() - storedOffset)) {
        flush();
      }
      int to = Math.min(offsets.length, from + SLICE);
      boolean applied = false;
      try {
        state.apply(Arrays.copyOfRange(offsets, from, to), records.subList(from, to));
        applied = true;
      } finally {
        // A record that is in a part of the state only must not be stored: replay would double it.
        halfApplied |= !applied;
      }
    }
  }

  /** Many records share the cost of a flush, so a stream in full flow waits for more of them. */
  private boolean isFlushDue(long unstored) {
    return now.users.changedCount() >= config.cachedUsers() / 2
        || unstored >= config.flushRecords()
        || (unstored >= FLUSH_SOON_RECORDS && System.nanoTime() - flushedNanos >= FLUSH_SOON_NANOS);
  }

  private void flush() {
    Generation generation = now;
    long offset = generation.state.appliedOffset();
    if (offset == storedOffset || halfApplied) {
      return;
    }
    try (StateDatabase.Batch batch = generation.database.newBatch()) {
      generation.state.writeChanges(batch);
      generation
          .users
          .changed()
          .forEach((id, user) -> user.writeChanges(UserState.prefix(id), batch));
      batch.write(offset);
    }
    generation.state.markStored();
    generation.users.markStored();
    storedOffset = offset;
    flushedNanos = System.nanoTime();
  }

  @Override
  public synchronized String stateDigest() {
    state();
    flush();
    StateEntries.Digest digest = new StateEntries.Digest();
    now.database.scan(new byte[0], digest::add);
    return digest.hex();
  }

  @Override
  public synchronized void discard() {
    Generation old = now;
    old.state.lock().writeLock().lock();
    try {
      old.database.close();
    } finally {
      old.state.lock().writeLock().unlock();
    }
    StateDatabase.delete(folder);
    now = load();
    storedOffset = 0;
    halfApplied = false;
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    Generation generation = now;
    try {
      flush();
    } finally {
      generation.state.lock().writeLock().lock();
      try {
        closed = true;
        generation.database.close();
      } finally {
        generation.state.lock().writeLock().unlock();
      }
    }
  }

  private FeatureState state() {
    if (closed) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, folder + ": the feature store is closed");
    }
    return now.state;
  }

  @Override
  public Catalog catalog() {
    return state().catalog();
  }

  @Override
  public FeatureSchema schema() {
    return plan.schema();
  }

  @Override
  public long appliedOffset() {
    return now.state.appliedOffset();
  }

  @Override
  public UserHistory history(UserId user) {
    return state().history(user);
  }

  @Override
  public Map<String, AttributeValue> userAttributes(UserId user) {
    return state().userAttributes(user);
  }

  @Override
  public FeatureRows read(FeatureQuery query) {
    return state().read(query);
  }

  @Override
  public FeatureRows read(FeatureQuery query, FeatureSchema wanted) {
    return state().read(query, wanted);
  }

  @Override
  public List<Problem> missing(FeatureSchema wanted) {
    return state().missing(wanted);
  }

  @Override
  public PairRows read(PairQuery query) {
    return state().read(query);
  }

  @Override
  public PairRows read(PairQuery query, FeatureSchema schema) {
    return state().read(query, schema);
  }

  @Override
  public float[] itemCounts(int days, long timeMs) {
    return state().itemCounts(days, timeMs);
  }

  @Override
  public float itemCount(int item, int days, long timeMs) {
    return state().itemCount(item, days, timeMs);
  }

  @Override
  public int[] lastItems(UserId user, String feature, long timeMs) {
    return state().lastItems(user, feature, timeMs);
  }

  @Override
  public long droppedLate() {
    return now.state.droppedLate();
  }
}
