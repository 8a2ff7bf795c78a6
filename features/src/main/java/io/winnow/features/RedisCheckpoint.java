package io.winnow.features;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.features.RedisDatabase.Status;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is no user's, in Redis: the catalogue, the features of items and their counts, as they were
 * at one offset. Everyone folds it in memory and begins with it.
 *
 * <p>The offset never gets ahead of a shard's. For a worker decides the changes of a user by the
 * item's categories at the event's offset, so it needs the items as they were when its users were
 * written, and from there on the log.
 *
 * <p>A change of many entries would keep Redis from answering for long, so it is not one step.
 * First the entries are put aside, in chunks. Then one small step commits them: it moves the offset
 * and names them. From then on they count before those where they belong, wherever anyone reads.
 * Then they are moved there, chunk by chunk, and at last one step says that they are. Whoever finds
 * committed entries that were not moved can move them: to move a chunk twice changes nothing, and
 * no chunk is moved once the next ones are committed.
 *
 * <p>Used by one thread.
 */
final class RedisCheckpoint {
  private static final int CHUNK_ENTRIES = 500;
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int LOADS_MAX = 20;
  private static final byte REMOVED = 0;
  private static final byte PRESENT = 1;

  private final RedisDatabase database;
  private final String worker;

  /** The fold's changes since here are all remembered, by it or in {@link #pending}. */
  private long knownSince;

  private @Nullable Snapshot pending;
  private int staged;

  /** Entries that changed, with a first byte that says whether they are, and the offset. */
  private record Snapshot(long offset, SortedMap<byte[], byte[]> entries) {}

  /**
   * For a fold that was loaded.
   *
   * @param worker names what it puts aside
   */
  RedisCheckpoint(RedisDatabase database, String worker, long loadedOffset) {
    this.database = database;
    this.worker = worker;
    this.knownSince = loadedOffset;
  }

  /**
   * Loads it into an empty fold.
   *
   * @throws WinnowException with {@code CORRUPT} if the entries do not fit each other
   */
  static void load(RedisDatabase database, FeatureState state) {
    for (int attempt = 0; attempt < LOADS_MAX; attempt++) {
      Status before = database.await(database.status(), RedisDatabase.PATIENCE);
      TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
      database.scanItems(entries::put);
      if (before.staged() != null) {
        for (int chunk = 0; chunk < before.chunks(); chunk++) {
          database
              .staged(before.staged(), chunk)
              .forEach((key, value) -> {
                if (value[0] == REMOVED) {
                  entries.remove(key);
                } else {
                  entries.put(key, Arrays.copyOfRange(value, 1, value.length));
                }
              });
        }
      }
      Status after = database.await(database.status(), RedisDatabase.PATIENCE);
      if (before.checkpoint() == after.checkpoint()
          && Objects.equals(before.staged(), after.staged())) {
        fill(state, entries, before.checkpoint());
        return;
      }
    }
    throw new WinnowException(
        ErrorCode.UNAVAILABLE,
        "Redis at " + database.address() + ": the items changed " + LOADS_MAX + " times meanwhile");
  }

  private static void fill(FeatureState state, SortedMap<byte[], byte[]> entries, long offset) {
    try {
      int loaded = 0;
      for (int kind : FeatureState.KINDS) {
        SortedMap<byte[], byte[]> ofKind =
            entries.subMap(new byte[] {(byte) kind}, new byte[] {(byte) (kind + 1)});
        ofKind.forEach(state::load);
        loaded += ofKind.size();
      }
      if (loaded != entries.size()) {
        throw new IllegalArgumentException("an entry of another kind");
      }
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT, "feature state: an entry does not fit the others: " + e, e);
    }
    state.markStored();
    state.restore(offset);
  }

  /** Takes what changed from the fold, if so much of the log was folded since the last time. */
  void take(FeatureState state, int records) {
    if (pending != null || state.appliedOffset() - knownSince < records) {
      return;
    }
    TreeMap<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
    StateEntries.Sink sink =
        new StateEntries.Sink() {
          @Override
          public void put(byte[] key, byte[] value) {
            entries.put(key, new ByteSink().raw(PRESENT).rest(value).toBytes());
          }

          @Override
          public void remove(byte[] key) {
            entries.put(key, new byte[] {REMOVED});
          }
        };
    state.writeChanges(sink);
    state.markStored();
    pending = new Snapshot(state.appliedOffset(), entries);
  }

  /** Whether something was taken that is not written yet. */
  boolean isPending() {
    return pending != null;
  }

  /**
   * Writes what was taken, once every shard has got there.
   *
   * @throws WinnowException with {@code CONFLICT} if the checkpoint fell behind what this fold
   *     remembers, because Redis lost its newest part: the fold is to be loaded again
   */
  void write(Status status) {
    Status now = status;
    if (now.staged() != null) {
      database.merge(now.staged(), now.chunks());
      now = database.await(database.status(), RedisDatabase.PATIENCE);
    }
    if (now.checkpoint() < knownSince) {
      throw new WinnowException(
          ErrorCode.CONFLICT,
          "the items went back to offset %d (expected: >= %d)"
              .formatted(now.checkpoint(), knownSince));
    }
    Snapshot snapshot = pending;
    if (snapshot == null
        || (now.lowest() < snapshot.offset && now.checkpoint() < snapshot.offset)) {
      return;
    }
    if (now.checkpoint() < snapshot.offset && !commit(now, snapshot)) {
      return;
    }
    // Written, or another worker has written a newer one.
    knownSince = snapshot.offset;
    pending = null;
  }

  private boolean commit(Status now, Snapshot snapshot) {
    String name = worker + ":" + snapshot.offset + ":" + staged++;
    int chunks = 0;
    int bytes = 0;
    SortedMap<byte[], byte[]> chunk = new TreeMap<>(Arrays::compareUnsigned);
    for (Map.Entry<byte[], byte[]> entry : snapshot.entries.entrySet()) {
      chunk.put(entry.getKey(), entry.getValue());
      bytes += entry.getValue().length;
      if (chunk.size() == CHUNK_ENTRIES || bytes >= CHUNK_BYTES) {
        database.stage(name, chunks++, chunk);
        chunk.clear();
        bytes = 0;
      }
    }
    if (!chunk.isEmpty()) {
      database.stage(name, chunks++, chunk);
    }
    if (!database.commit(now.checkpoint(), snapshot.offset, name, chunks)) {
      database.unstage(name, chunks);
      return false;
    }
    database.merge(name, chunks);
    return true;
  }
}
