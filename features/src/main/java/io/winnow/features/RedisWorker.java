package io.winnow.features;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordSource;
import io.winnow.features.RedisDatabase.Leases;
import io.winnow.features.RedisDatabase.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link FeatureWorker} over Redis.
 *
 * <p>It folds the log with the one {@link FeatureState}, whose user table takes changes of users of
 * its shards only, and writes the users of a shard together with the shard's offset, in one step
 * that fails if the offset is not the one that it began with. Leases share the shards among the
 * workers, but nothing rests on them: of two workers on one shard, each write of one makes that of
 * the other fail, and whoever failed reads again what is stored.
 *
 * <p>What it may not know for certain, it forgets: after a failure, after a refused write, and when
 * it gets a shard that is behind its fold, it begins again with the {@link RedisCheckpoint}, which
 * no shard is behind of, and folds from there.
 */
final class RedisWorker implements FeatureWorker {
  private static final Logger LOGGER = LoggerFactory.getLogger(RedisWorker.class);

  /** How many records are folded at once: their users are loaded in one go. */
  private static final int SLICE = 1024;

  private static final Duration LOOK_EVERY = Duration.ofMillis(100);
  private static final Duration TEND_EVERY = Duration.ofSeconds(1);

  /** After how many failures in a row another connection is tried. */
  private static final int RECONNECT_AFTER = 3;

  /** How long Redis may be ahead of the log before that is trouble. */
  private static final long AHEAD_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final Duration RETRY_AFTER = Duration.ofMillis(200);

  private final FeaturePlan plan;
  private final Set<String> types;
  private final boolean impressionsChangeUsers;
  private final RedisConfig.Folding config;
  private final String id;
  private final RecordSource log;
  private final RedisDatabase database;
  private final Thread thread;

  private final ReentrantLock mutex = new ReentrantLock();
  private final Condition changed = mutex.newCondition();
  private boolean woken; // Guarded by mutex, as are the next two.
  private boolean closing;
  private boolean abandoned;

  private int failuresInARow; // Of the worker's thread, as the next.
  private long notAheadAt = System.nanoTime();
  private volatile int shards;
  private volatile long storedOffset;
  private volatile @Nullable String failure;
  private volatile @Nullable String lostRecords;

  /**
   * Starts a worker.
   *
   * @param id no other worker has, nor had before
   */
  RedisWorker(FeaturePlan plan, RedisConfig config, String id, RecordSource log) {
    this.plan = plan;
    this.types = Set.copyOf(plan.typeNames());
    this.impressionsChangeUsers = plan.impressionsChangeUsers();
    this.config = config.folding();
    this.id = id;
    this.log = log;
    this.database = new RedisDatabase(config, plan.hash());
    this.thread = Thread.ofPlatform().daemon().name("winnow-features-" + id).unstarted(this::run);
    thread.start();
  }

  private void run() {
    while (!isClosing()) {
      Run run = null;
      try {
        run = new Run();
        run.follow();
      } catch (WinnowException e) {
        recover(e);
      } catch (RuntimeException e) {
        failure = String.valueOf(e);
        LOGGER.error("feature worker {} begins again", id, e);
      }
      shards = 0;
      if (!isClosing()) {
        await(RETRY_AFTER);
      }
    }
  }

  private void recover(WinnowException e) {
    if (e.code() == ErrorCode.CONFLICT) {
      // Others got ahead, or left something behind: nothing is wrong.
      LOGGER.info("feature worker {} begins again: {}", id, e.getMessage());
      failuresInARow = 0;
      return;
    }
    failure = e.getMessage();
    LOGGER.warn("feature worker {} begins again: {}", id, e.getMessage());
    try {
      if (e.code() == ErrorCode.CORRUPT) {
        database.discard();
      } else if (++failuresInARow % RECONNECT_AFTER == 0) {
        database.reconnect();
      }
    } catch (WinnowException again) {
      LOGGER.warn("feature worker {}: {}", id, again.getMessage());
    }
  }

  /** A fold, from its loading to the first thing that makes it doubtful. */
  private final class Run {
    private final RedisWorkerUsers users =
        new RedisWorkerUsers(database, plan, config.cachedUsers() - config.cachedUsers() / 2);
    private final FeatureState state = new FeatureState(plan, users);
    private final RedisCheckpoint checkpoint;
    private long position;
    private long unwritten;
    private boolean holdsItems;
    private long tendAt = System.nanoTime();
    private long flushAt = tendAt;
    private long checkpointAt = tendAt;

    Run() {
      database.enter();
      RedisCheckpoint.load(database, state);
      checkpoint = new RedisCheckpoint(database, id, state.appliedOffset());
      position = state.appliedOffset();
    }

    void follow() {
      while (!isClosing()) {
        if (System.nanoTime() - tendAt >= 0) {
          tend();
          tendAt = System.nanoTime() + Math.min(config.lease().toNanos() / 3, TEND_EVERY.toNanos());
        }
        boolean folded = fold();
        if (unwritten >= config.flushRecords()
            || users.changedCount() >= config.cachedUsers() / 2
            || (unwritten > 0 && System.nanoTime() - flushAt >= 0)) {
          flush();
        }
        writeItems();
        failure = null;
        failuresInARow = 0;
        if (!folded) {
          await(unwritten > 0 ? config.flushEvery() : LOOK_EVERY);
        }
      }
      if (!isAbandoned()) {
        flush();
        database.leave(id, users.held());
      }
    }

    /** Renews the leases, and gives up or takes up shards. */
    private void tend() {
      Leases leases = database.tend(id, config.lease());
      holdsItems = leases.items();
      for (int shard : users.held()) {
        if (!leases.shards().contains(shard)) {
          users.drop(shard);
        }
      }
      Status status = status();
      users.check(status.offsets());
      List<Integer> gained = leases.shards().stream().filter(shard -> !users.holds(shard)).toList();
      if (gained.stream().anyMatch(shard -> status.offsets()[shard] < state.appliedOffset())) {
        flush();
        throw new WinnowException(
            ErrorCode.CONFLICT, gained.size() + " shards are behind the items: fold again");
      }
      gained.forEach(shard -> users.hold(shard, status.offsets()[shard]));
      List<Integer> held = users.held();
      if (held.size() > leases.share()) {
        List<Integer> surplus = held.subList(leases.share(), held.size());
        flush();
        database.release(id, surplus);
        surplus.forEach(users::drop);
      }
      shards = users.held().size();
    }

    /** Folds the next records; false if there are none. */
    private boolean fold() {
      long end = log.endOffset();
      if (position >= end) {
        return false;
      }
      long to = Math.min(end, position + SLICE);
      List<Long> offsets = new ArrayList<>();
      List<LogRecord> records = new ArrayList<>();
      Map<UserId, Long> needed = new HashMap<>();
      log.replay(
          position,
          to,
          (offset, record) -> {
            offsets.add(offset);
            records.add(record);
            switch (record) {
              case LogRecord.Happened(Event event) -> {
                if (types.contains(event.type())
                    || (event.impression() != null && impressionsChangeUsers)) {
                  needed.put(event.user(), offset);
                }
              }
              case LogRecord.UserPut put -> needed.put(put.user(), offset);
              case LogRecord.ItemPut _, LogRecord.ItemRemoved _, LogRecord.Exposed _ -> {}
            }
          });
      users.prefetch(needed);
      state.apply(offsets.stream().mapToLong(Long::longValue).toArray(), records);
      users.shrink();
      position = to;
      unwritten += records.size();
      return true;
    }

    private void flush() {
      long offset = state.appliedOffset();
      List<Integer> refused = users.flush(offset);
      unwritten = 0;
      flushAt = System.nanoTime() + config.flushEvery().toNanos();
      if (!refused.isEmpty()) {
        throw new WinnowException(
            ErrorCode.CONFLICT, "another worker wrote the shards " + refused + " meanwhile");
      }
      storedOffset = users.held().isEmpty() ? storedOffset : offset;
    }

    private void writeItems() {
      if (!holdsItems) {
        return;
      }
      checkpoint.take(state, config.checkpointRecords());
      if (checkpoint.isPending() && System.nanoTime() - checkpointAt >= 0) {
        checkpoint.write(status());
        checkpointAt = System.nanoTime() + config.flushEvery().toNanos();
      }
    }

    private Status status() {
      Status status = database.await(database.status(), RedisDatabase.PATIENCE);
      long end = log.endOffset();
      long nanos = System.nanoTime();
      if (status.highest() <= end) {
        notAheadAt = nanos;
        lostRecords = null;
      } else if (nanos - notAheadAt > AHEAD_NANOS) {
        // Not just another worker that sees the log's end a little earlier.
        lostRecords =
            "Redis holds records up to %d, the log ends at %d: discard what Redis holds"
                .formatted(status.highest(), end);
      }
      return status;
    }
  }

  @Override
  public void wake() {
    mutex.lock();
    try {
      woken = true;
      changed.signalAll();
    } finally {
      mutex.unlock();
    }
  }

  /** Waits until there may be something to do, at most so long. */
  private void await(Duration atMost) {
    mutex.lock();
    try {
      long left = atMost.toNanos();
      while (!woken && !closing && left > 0) {
        left = changed.awaitNanos(left);
      }
      woken = false;
    } catch (InterruptedException e) {
      closing = true; // Nobody interrupts this thread but to end it.
    } finally {
      mutex.unlock();
    }
  }

  private boolean isClosing() {
    mutex.lock();
    try {
      return closing;
    } finally {
      mutex.unlock();
    }
  }

  private boolean isAbandoned() {
    mutex.lock();
    try {
      return abandoned;
    } finally {
      mutex.unlock();
    }
  }

  @Override
  public int shards() {
    return shards;
  }

  @Override
  public long storedOffset() {
    return storedOffset;
  }

  @Override
  public Optional<String> trouble() {
    String reason = failure;
    return Optional.ofNullable(reason == null ? lostRecords : reason);
  }

  /** Ends as a killed process does: writes nothing more and gives no lease back. */
  void abandon() {
    mutex.lock();
    try {
      abandoned = true;
    } finally {
      mutex.unlock();
    }
    close();
  }

  @Override
  public void close() {
    mutex.lock();
    try {
      closing = true;
      changed.signalAll();
    } finally {
      mutex.unlock();
    }
    try {
      thread.join(TimeUnit.SECONDS.toMillis(30));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    database.close();
  }
}
