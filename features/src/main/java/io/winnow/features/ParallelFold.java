package io.winnow.features;

import io.winnow.events.RecordSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Folds a whole log into the folder of an {@link EmbeddedOnlineStore} on several threads.
 *
 * <p>Each thread replays the whole log through a {@link FeatureState} of its own, which computes
 * one {@link Share} of the state: the log need not be divided, no thread waits for another, and
 * each entity sees its events in log order, so the result is that of one thread, entry by entry.
 * What it costs is that every thread decodes every record and keeps the catalogue.
 *
 * <p>All write into one database. Users beyond the bound of the cache are written and read back as
 * in serving; items at the end. The applied offset is written last, so a folder that was not
 * finished is discarded when it is opened.
 */
final class ParallelFold {
  private static final int STEP = 256;

  private final FeaturePlan plan;
  private final EmbeddedConfig config;
  private final int threads;
  private final BackfillProgress progress;
  private final AtomicBoolean failed = new AtomicBoolean();

  ParallelFold(FeaturePlan plan, EmbeddedConfig config, int threads, BackfillProgress progress) {
    this.plan = plan;
    this.config = config;
    this.threads = threads;
    this.progress = progress;
  }

  /**
   * Folds the records that the log holds now.
   *
   * @param folder what is in it is deleted
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  void run(RecordSource log, Path folder) {
    StateDatabase.delete(folder);
    long end = log.endOffset();
    progress.begin(end, threads);
    try (StateDatabase database = new StateDatabase(folder, plan.hash(), config.blockCacheBytes());
        ExecutorService pool =
            Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("winnow-backfill-", 0).factory())) {
      List<Future<Long>> parts = new ArrayList<>();
      for (int index = 0; index < threads; index++) {
        Worker worker = new Worker(new Share(index, threads), database);
        parts.add(pool.submit(() -> worker.run(log, end)));
      }
      database.completeBulk(join(parts));
    }
  }

  /** Waits for all, also when one fails: they use the database. */
  private long join(List<Future<Long>> parts) {
    long offset = 0;
    RuntimeException failure = null;
    boolean interrupted = false;
    for (Future<Long> part : parts) {
      while (true) {
        try {
          offset = part.get();
          break;
        } catch (ExecutionException e) {
          RuntimeException cause =
              e.getCause() instanceof RuntimeException known
                  ? known
                  : new IllegalStateException(e.getCause());
          if (failure == null) {
            failure = cause;
          } else {
            failure.addSuppressed(cause);
          }
          break;
        } catch (InterruptedException e) {
          interrupted = true;
          progress.cancel();
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw failure;
    }
    return offset;
  }

  /** Computes one share. */
  private final class Worker {
    private final Share share;
    private final StateDatabase database;
    private final CachedUsers users;
    private final FeatureState state;
    private int sinceStep;

    Worker(Share share, StateDatabase database) {
      this.share = share;
      this.database = database;
      int capacity = Math.max(1, (config.cachedUsers() - config.cachedUsers() / 2) / threads);
      this.users =
          new CachedUsers(
              capacity,
              user -> EmbeddedOnlineStore.loadUser(plan, database, user),
              _ -> new UserState(plan, true));
      this.state = new FeatureState(plan, users, share);
    }

    long run(RecordSource log, long end) {
      int changedMax = Math.max(1, config.cachedUsers() / 2 / threads);
      try (StateDatabase.Bulk bulk = database.newBulk()) {
        log.replay(
            0,
            end,
            (offset, record) -> {
              if (users.changedCount() >= changedMax) {
                writeUsers(bulk);
              }
              state.apply(offset, record);
              if (++sinceStep == STEP) {
                step();
              }
            });
        step();
        writeUsers(bulk);
        StateEntries.Sink mine = share.first() ? bulk : new WithoutCopies(bulk);
        state.writeAll(mine);
        bulk.write();
        return state.appliedOffset();
      } catch (RuntimeException e) {
        failed.set(true);
        throw e;
      }
    }

    private void step() {
      progress.add(sinceStep);
      sinceStep = 0;
      if (failed.get()) {
        throw new java.util.concurrent.CancellationException("another thread failed");
      }
    }

    private void writeUsers(StateDatabase.Bulk bulk) {
      users.changed().forEach((id, user) -> user.writeChanges(UserState.prefix(id), bulk));
      bulk.write();
      users.markStored();
    }
  }

  /** Passes on what only this share has; what all have is the first one's to write. */
  private record WithoutCopies(StateEntries.Sink sink) implements StateEntries.Sink {
    @Override
    public void put(byte[] key, byte[] value) {
      if (key[0] != StateEntries.ITEM && key[0] != StateEntries.USER_CATEGORIES) {
        sink.put(key, value);
      }
    }

    @Override
    public void remove(byte[] key) {
      sink.remove(key);
    }
  }
}
