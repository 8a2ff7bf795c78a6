package io.winnow.features;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Where {@link StateFolders} keeps the states themselves. Thread-safe. */
sealed interface StateEngine {
  /** Whether there is a state that can go on from where it is. */
  boolean isWhole(FeaturePlan plan, Path state);

  /** Opens a state; one that is not there is empty. */
  OnlineStore open(FeaturePlan plan, Path state);

  /** Computes a state from what the log holds now, and opens it. */
  OnlineStore compute(
      FeaturePlan plan, Path state, RecordSource log, int threads, BackfillProgress progress);

  /** Lets states that are opened, now and later, fold from the log by themselves if they do so. */
  void follow(RecordSource log);

  /** Each state is a RocksDB in a folder of its own. */
  record OnDisk(EmbeddedConfig config) implements StateEngine {
    @Override
    public boolean isWhole(FeaturePlan plan, Path state) {
      try (StateDatabase database =
          new StateDatabase(state, plan.hash(), config.blockCacheBytes())) {
        return database.appliedOffset() > 0;
      }
    }

    @Override
    public OnlineStore open(FeaturePlan plan, Path state) {
      return new EmbeddedOnlineStore(plan, state, config);
    }

    @Override
    public OnlineStore compute(
        FeaturePlan plan, Path state, RecordSource log, int threads, BackfillProgress progress) {
      new ParallelFold(plan, config, threads, progress).run(log, state);
      return open(plan, state);
    }

    @Override
    public void follow(RecordSource log) {}
  }

  /**
   * Each state lies in Redis under the hash of its plan, where workers write the users; this
   * process runs one for every state that it opens.
   */
  final class InRedis implements StateEngine {
    private static final int BATCH = 1_000;

    private final RedisConfig config;
    private final String worker;
    private final AtomicInteger workers = new AtomicInteger();
    private final ArrayDeque<RedisOnlineStore> waiting =
        new ArrayDeque<>(); // Guarded by this, as is log.
    private @Nullable RecordSource log;

    InRedis(RedisConfig config, String worker) {
      this.config = config;
      this.worker = worker;
    }

    /** Workers bring it up to the log's end, if it was at one before: the file says so. */
    @Override
    public boolean isWhole(FeaturePlan plan, Path state) {
      return Files.exists(state);
    }

    @Override
    public synchronized OnlineStore open(FeaturePlan plan, Path state) {
      RedisOnlineStore store = new RedisOnlineStore(plan, config);
      markWhole(state);
      if (log == null) {
        waiting.add(store);
      } else {
        work(store, log);
      }
      return store;
    }

    private void work(RedisOnlineStore store, RecordSource source) {
      String id = worker + "-" + workers.incrementAndGet();
      store.attach(new RedisWorker(store.plan(), config, id, source));
    }

    /** Applies the log here for the items, and waits until the workers have written the users. */
    @Override
    public OnlineStore compute(
        FeaturePlan plan, Path state, RecordSource source, int threads, BackfillProgress progress) {
      RedisOnlineStore store = new RedisOnlineStore(plan, config);
      boolean whole = false;
      try {
        work(store, source);
        long end = source.endOffset();
        progress.begin(end, 1);
        Batch batch = new Batch(store, progress);
        source.replay(store.appliedOffset(), end, batch::add);
        batch.apply();
        store.awaitWorkers(end, progress::check);
        markWhole(state);
        whole = true;
        return store;
      } finally {
        if (!whole) {
          store.close();
        }
      }
    }

    private static void markWhole(Path state) {
      try {
        Files.writeString(state, "in Redis\n");
      } catch (IOException e) {
        throw new WinnowException(ErrorCode.UNAVAILABLE, state + ": cannot be written", e);
      }
    }

    @Override
    public synchronized void follow(RecordSource source) {
      log = source;
      for (RedisOnlineStore store = waiting.poll(); store != null; store = waiting.poll()) {
        if (!store.isClosed()) {
          work(store, source);
        }
      }
    }

    /** Records on their way into a store. */
    private static final class Batch {
      private final OnlineStore store;
      private final BackfillProgress progress;
      private final List<LogRecord> records = new ArrayList<>();
      private final List<Long> offsets = new ArrayList<>();

      Batch(OnlineStore store, BackfillProgress progress) {
        this.store = store;
        this.progress = progress;
      }

      void add(long offset, LogRecord logged) {
        records.add(logged);
        offsets.add(offset);
        if (records.size() == BATCH) {
          apply();
        }
      }

      void apply() {
        if (!records.isEmpty()) {
          store.apply(offsets.stream().mapToLong(o -> o).toArray(), List.copyOf(records));
          progress.add(records.size());
          records.clear();
          offsets.clear();
        }
      }
    }
  }
}
