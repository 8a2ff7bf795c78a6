package io.winnow.features;

import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.features.RedisDatabase.Status;
import io.winnow.features.RedisDatabase.StoredUser;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An {@link OnlineStore} whose users are in Redis, where {@link RedisWorker}s write them. It folds
 * everything else itself, in memory, and keeps the changes of users that Redis may not hold yet.
 *
 * <p>A user is read together with the offset o of its shard, and the changes of the user from o up
 * to this store's own offset are made to what was read, by the code that folds: so a read is of
 * exactly one offset, like that of any other store, and an event is visible as soon as this store
 * has applied it, however far the workers are. A user that was read is kept and changed with every
 * record that concerns it; only users that were not asked for lately cost a round trip.
 *
 * <p>Where Redis does not answer in time, or the workers lag by more than the tail holds, an answer
 * is made of the tail alone, and {@link #trouble()} says so. After some such answers in a row Redis
 * is not asked any more by requests, until a thread in the background finds that it answers again.
 */
final class RedisOnlineStore implements OnlineStore {
  private static final Logger LOGGER = LoggerFactory.getLogger(RedisOnlineStore.class);

  /** How many records are applied under one write lock: it bounds what a reader waits. */
  private static final int SLICE = 256;

  private static final Duration LOOK_EVERY = Duration.ofMillis(50);
  private static final Duration LOOK_AT_MOST = Duration.ofSeconds(1);

  /** How often a read of many users asks Redis for those that are missing. */
  private static final int ROUNDS_MAX = 3;

  /** Failed reads in a row after which requests no longer ask. */
  private static final int FAILURES_MAX = 3;

  /** How long an old answer counts as trouble. */
  private static final long TROUBLE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * How long changes are kept beyond what Redis says that it holds: with {@code appendfsync
   * everysec} a crash takes up to two seconds back.
   */
  private static final long KEPT_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** After how long without an answer another connection is tried. */
  private static final long RECONNECT_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** How long a warning counts for those that would follow. */
  private static final long WARN_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final Duration DIGEST_WITHIN = Duration.ofSeconds(60);

  private final FeaturePlan plan;
  private final RedisConfig.Reading config;
  private final RedisDatabase database;
  private final long openedAt;
  private final ScheduledExecutorService background;
  private final AtomicInteger failures = new AtomicInteger();
  private final AtomicLong warnedAt = new AtomicLong(System.nanoTime() - 2 * WARN_NANOS);
  private final ArrayDeque<Seen> seen = new ArrayDeque<>(); // Of the background thread.
  private long answeredAt = System.nanoTime(); // Likewise.
  private final Object progress = new Object();
  private long looks; // Guarded by progress.
  private volatile Generation now;
  private volatile Status status;
  private volatile long[] trimmable = new long[RedisDatabase.SHARDS];
  private volatile @Nullable Old old;
  private volatile @Nullable FeatureWorker worker;
  private volatile boolean closed;

  /** A fold and its users. */
  private record Generation(FeatureState state, RedisTail tail) {}

  /** What the shards had at a time. */
  private record Seen(long nanos, long[] offsets) {}

  /** A user as it was at an offset. */
  private record Found(UserState state, long offset) {}

  /** The last answer that was old. */
  private record Old(long nanos, String reason) {}

  RedisOnlineStore(FeaturePlan plan, RedisConfig config) {
    this.plan = plan;
    this.config = config.reading();
    this.database = new RedisDatabase(config, plan.hash());
    boolean opened = false;
    try {
      this.now = load();
      this.status = database.await(database.status(), RedisDatabase.PATIENCE);
      this.openedAt = status.highest();
      opened = true;
    } finally {
      if (!opened) {
        database.close();
      }
    }
    this.background =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("winnow-redis-watch").factory());
    background.scheduleWithFixedDelay(
        this::look, LOOK_EVERY.toMillis(), LOOK_EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  private Generation load() {
    try {
      return loadItems();
    } catch (WinnowException e) {
      if (e.code() != ErrorCode.CORRUPT) {
        throw e;
      }
      LOGGER.warn(
          "the stored feature state is discarded and the log will rebuild it: {}", e.getMessage());
    }
    database.discard();
    return loadItems();
  }

  private Generation loadItems() {
    RedisTail tail = new RedisTail(plan, config.tailRecords(), config.cachedUsers());
    FeatureState state = new FeatureState(plan, tail);
    RedisCheckpoint.load(database, state);
    // The tail begins where the items do; no shard is behind them.
    tail.begin(state.appliedOffset());
    return new Generation(state, tail);
  }

  /** Sees how far the workers are, and whether Redis answers. */
  private void look() {
    try {
      Status read = database.await(database.status(), LOOK_AT_MOST);
      long nanos = System.nanoTime();
      status = read;
      if (!seen.isEmpty() && wentBack(seen.getLast().offsets(), read.offsets())) {
        forgetSeen();
      }
      seen.add(new Seen(nanos, read.offsets()));
      while (seen.size() > 1 && nanos - seen.getFirst().nanos() > KEPT_NANOS) {
        trimmable = seen.removeFirst().offsets();
      }
      failures.set(0);
      synchronized (progress) {
        looks++;
        progress.notifyAll();
      }
      answeredAt = nanos;
    } catch (WinnowException e) {
      fail(e);
      if (System.nanoTime() - answeredAt > RECONNECT_NANOS) {
        reconnect();
      }
    } catch (RuntimeException e) {
      LOGGER.error("the background thread of the feature store goes on after a defect", e);
    }
  }

  private void reconnect() {
    answeredAt = System.nanoTime();
    try {
      database.reconnect();
    } catch (WinnowException e) {
      LOGGER.warn("{}", e.getMessage());
    }
  }

  private static boolean wentBack(long[] before, long[] after) {
    for (int shard = 0; shard < before.length; shard++) {
      if (after[shard] < before[shard]) {
        return true;
      }
    }
    return false;
  }

  /** What was seen is no longer stored: nothing more is trimmed for it. */
  private void forgetSeen() {
    seen.clear();
    trimmable = new long[RedisDatabase.SHARDS];
  }

  private void fail(WinnowException e) {
    noteOld(String.valueOf(e.getMessage()));
    if (e.code() == ErrorCode.CONFLICT) {
      enter();
    } else if (failures.incrementAndGet() == FAILURES_MAX) {
      long nanos = System.nanoTime();
      long before = warnedAt.get();
      if (nanos - before > WARN_NANOS && warnedAt.compareAndSet(before, nanos)) {
        LOGGER.warn("users are answered from memory: {}", e.getMessage());
      }
    }
  }

  /** Goes on with the state that is in Redis now: it was emptied, or someone discarded it. */
  private void enter() {
    forgetSeen();
    try {
      database.enter();
    } catch (WinnowException e) {
      LOGGER.warn("{}", e.getMessage());
    }
  }

  /** Reads something of a user, at one offset. */
  private <T> T read(UserId user, BiFunction<FeatureState, @Nullable UserState, T> reader) {
    Generation generation = generation();
    FeatureState state = generation.state;
    state.lock().readLock().lock();
    try {
      UserState known = generation.tail.find(user);
      if (known != null) {
        return reader.apply(state, known);
      }
    } finally {
      state.lock().readLock().unlock();
    }
    Found found = find(state, user);
    state.lock().readLock().lock();
    try {
      return reader.apply(state, complete(generation.tail, user, found));
    } finally {
      state.lock().readLock().unlock();
    }
  }

  /** The user as Redis has it, at an offset that this store has got to; null if there is none. */
  private @Nullable Found find(FeatureState state, UserId user) {
    return failures.get() >= FAILURES_MAX ? null : find(state, user, database.user(user));
  }

  /** The same, where Redis has been asked already. */
  private @Nullable Found find(
      FeatureState state, UserId user, CompletableFuture<StoredUser> asked) {
    if (failures.get() >= FAILURES_MAX) {
      return null;
    }
    long deadline = System.nanoTime() + config.timeout().toNanos();
    try {
      StoredUser stored = database.await(asked, config.timeout());
      failures.set(0);
      if (awaitApplied(state, stored.offset(), deadline)) {
        return new Found(stored.load(plan, false), stored.offset());
      }
      noteOld(
          "Redis holds records up to %d, this server has got to %d"
              .formatted(stored.offset(), state.appliedOffset()));
    } catch (WinnowException e) {
      if (Thread.currentThread().isInterrupted()) {
        noteOld("a read was interrupted"); // By whoever asks: that says nothing of Redis.
      } else if (e.code() == ErrorCode.UNAVAILABLE) {
        fail(e);
      } else {
        if (e.code() == ErrorCode.CORRUPT) {
          LOGGER.error("user {} cannot be read: {}", user, e.getMessage());
        }
        noteOld(String.valueOf(e.getMessage()));
      }
    }
    return null;
  }

  private void noteOld(String reason) {
    old = new Old(System.nanoTime(), reason);
  }

  private boolean awaitApplied(FeatureState state, long offset, long deadline) {
    if (state.appliedOffset() >= offset) {
      return true;
    }
    synchronized (progress) {
      try {
        for (long left = deadline - System.nanoTime();
            state.appliedOffset() < offset && left > 0;
            left = deadline - System.nanoTime()) {
          TimeUnit.NANOSECONDS.timedWait(progress, left);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return state.appliedOffset() >= offset;
  }

  @Override
  public synchronized void apply(long[] offsets, List<LogRecord> records) {
    Generation generation = generation();
    if (offsets.length != records.size()) {
      throw new IllegalArgumentException(
          "offsets: " + offsets.length + " (expected: " + records.size() + ", one a record)");
    }
    for (int from = 0; from < offsets.length; from += SLICE) {
      int to = Math.min(offsets.length, from + SLICE);
      generation.state.lock().writeLock().lock();
      try {
        generation.tail.trim(trimmable);
        generation.state.apply(Arrays.copyOfRange(offsets, from, to), records.subList(from, to));
        // Nobody writes them from here.
        generation.state.markStored();
      } finally {
        generation.state.lock().writeLock().unlock();
      }
      synchronized (progress) {
        progress.notifyAll();
      }
    }
    FeatureWorker attached = worker;
    if (attached != null) {
      attached.wake();
    }
  }

  @Override
  public Optional<String> trouble() {
    if (failures.get() >= FAILURES_MAX) {
      Old last = old;
      return Optional.of(last == null ? database.address() + " does not answer" : last.reason);
    }
    long[] offsets = status.offsets();
    for (int shard = 0; shard < offsets.length; shard++) {
      if (offsets[shard] < now.tail.completeFrom(shard)) {
        return Optional.of(lag(shard, offsets[shard], now.tail));
      }
    }
    Old last = old;
    if (last != null && System.nanoTime() - last.nanos <= TROUBLE_NANOS) {
      return Optional.of(last.reason);
    }
    FeatureWorker attached = worker;
    return attached == null ? Optional.empty() : attached.trouble();
  }

  private String lag(int shard, long offset, RedisTail tail) {
    return "feature workers lag by %d records: shard %d of users is at %d, this server's tail begins at %d"
        .formatted(now.state.appliedOffset() - offset, shard, offset, tail.completeFrom(shard));
  }

  /** How many changes of users the tail holds. */
  int tailSize() {
    now.state.lock().readLock().lock();
    try {
      return now.tail.size();
    } finally {
      now.state.lock().readLock().unlock();
    }
  }

  @Override
  public long storedOffset() {
    return Math.max(openedAt, now.state.appliedOffset());
  }

  /** Waits for the workers, at most a minute, and reads all users. */
  @Override
  public synchronized String stateDigest() {
    FeatureState state = generation().state;
    long offset = state.appliedOffset();
    long deadline = System.nanoTime() + DIGEST_WITHIN.toNanos();
    StateEntries.Sorted entries = new StateEntries.Sorted();
    while (!hasReached(offset)) {
      if (System.nanoTime() > deadline) {
        throw new WinnowException(
            ErrorCode.UNAVAILABLE,
            "the feature workers did not get from %d to %d within %s"
                .formatted(status.lowest(), offset, DIGEST_WITHIN));
      }
      awaitLook();
    }
    database.scanUsers(entries::put);
    if (!isAt(offset)) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "the feature workers went beyond offset " + offset);
    }
    state.lock().readLock().lock();
    try {
      state.writeAll(entries);
    } finally {
      state.lock().readLock().unlock();
    }
    return entries.digest();
  }

  /** Waits until the background thread has looked again, or a little while. */
  private void awaitLook() {
    synchronized (progress) {
      long before = looks;
      long deadline = System.nanoTime() + LOOK_AT_MOST.toNanos();
      try {
        for (long left = LOOK_AT_MOST.toNanos();
            looks == before && left > 0;
            left = deadline - System.nanoTime()) {
          TimeUnit.NANOSECONDS.timedWait(progress, left);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new WinnowException(ErrorCode.UNAVAILABLE, "interrupted", e);
      }
    }
  }

  /** Whether every shard is at an offset; not yet, where Redis does not answer. */
  private boolean hasReached(long offset) {
    try {
      return isAt(offset);
    } catch (WinnowException e) {
      LOGGER.debug("not yet: {}", e.getMessage());
      return false;
    }
  }

  private boolean isAt(long offset) {
    long[] offsets = database.await(database.status(), RedisDatabase.PATIENCE).offsets();
    return Arrays.stream(offsets).allMatch(each -> each == offset);
  }

  @Override
  public synchronized void discard() {
    generation();
    database.discard();
    now = load();
    status = database.await(database.status(), RedisDatabase.PATIENCE);
    trimmable = new long[RedisDatabase.SHARDS];
  }

  /** The features that it holds. */
  FeaturePlan plan() {
    return plan;
  }

  /**
   * Takes a worker of the same state over: it is woken by what is applied, and closed with this.
   */
  synchronized void attach(FeatureWorker attached) {
    if (closed) {
      attached.close();
    } else {
      worker = attached;
    }
  }

  boolean isClosed() {
    return closed;
  }

  /**
   * Waits until all users are stored as of an offset, or as of a later one.
   *
   * @param check called from time to time; what it throws ends the waiting
   */
  void awaitWorkers(long offset, Runnable check) {
    while (status.lowest() < offset) {
      check.run();
      generation();
      awaitLook();
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      FeatureWorker attached = worker;
      if (attached != null) {
        attached.close();
      }
      closed = true;
      background.shutdownNow();
      database.close();
    }
  }

  private Generation generation() {
    if (closed) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE,
          "Redis at " + database.address() + ": the feature store is closed");
    }
    return now;
  }

  @Override
  public Catalog catalog() {
    return generation().state.catalog();
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
    return read(
        user, (_, known) -> known == null ? UserHistory.empty(plan.typeNames()) : known.history());
  }

  @Override
  public Map<String, AttributeValue> userAttributes(UserId user) {
    return read(user, (_, known) -> known == null ? Map.of() : attributes(user, known));
  }

  /**
   * Of what the tail alone knows, attributes that were put: they replaced all before. That none
   * were put it cannot say.
   */
  private Map<String, AttributeValue> attributes(UserId user, UserState known) {
    if (!known.isComplete() && known.attributes().isEmpty()) {
      Old last = old;
      throw new WinnowException(
          ErrorCode.UNAVAILABLE,
          "the attributes of user %s are not known: %s"
              .formatted(
                  user.value(),
                  last == null ? database.address() + " does not answer" : last.reason));
    }
    return known.attributes();
  }

  @Override
  public FeatureRows read(FeatureQuery query) {
    return read(query, plan.schema());
  }

  @Override
  public FeatureRows read(FeatureQuery query, FeatureSchema wanted) {
    return read(query.user(), (state, known) -> state.read(known, query, wanted));
  }

  @Override
  public List<Problem> missing(FeatureSchema wanted) {
    return plan.held().missing(wanted);
  }

  @Override
  public PairRows read(PairQuery query) {
    return read(query, plan.schema());
  }

  /**
   * Asks Redis for all users that are not in memory at once, and reads them under one lock. A user
   * that other requests pushed out of memory meanwhile is asked for in another round.
   */
  @Override
  public PairRows read(PairQuery query, FeatureSchema schema) {
    Generation generation = generation();
    FeatureState state = generation.state;
    Map<UserId, Found> found = new HashMap<>();
    for (int round = 1; ; round++) {
      ask(generation, query, found);
      state.lock().readLock().lock();
      try {
        Map<UserId, UserState> known = new HashMap<>();
        boolean all = true;
        for (UserId user : users(query)) {
          UserState cached = generation.tail.find(user);
          if (cached != null) {
            known.put(user, cached);
          } else {
            all &= found.containsKey(user);
          }
        }
        if (all || round == ROUNDS_MAX || failures.get() >= FAILURES_MAX) {
          found.forEach((user, one) ->
              known.computeIfAbsent(user, _ -> complete(generation.tail, user, one)));
          return state.read(
              query,
              schema,
              user -> known.computeIfAbsent(user, _ -> complete(generation.tail, user, null)));
        }
      } finally {
        state.lock().readLock().unlock();
      }
    }
  }

  private static Set<UserId> users(PairQuery query) {
    Set<UserId> users = new LinkedHashSet<>();
    for (Pair pair : query.pairs()) {
      UserId user = pair.user();
      if (user != null) {
        users.add(user);
      }
    }
    return users;
  }

  /** Adds what Redis has of those users of a query that are neither in memory nor found. */
  private void ask(Generation generation, PairQuery query, Map<UserId, Found> found) {
    Map<UserId, CompletableFuture<StoredUser>> asked = new LinkedHashMap<>();
    for (UserId user : users(query)) {
      if (failures.get() < FAILURES_MAX
          && !found.containsKey(user)
          && generation.tail.find(user) == null) {
        asked.put(user, database.user(user));
      }
    }
    asked.forEach((user, answer) -> {
      Found one = find(generation.state, user, answer);
      if (one != null) {
        found.put(user, one);
      }
    });
  }

  /** The user up to this server's offset, or what is known of it; called with the read lock. */
  private UserState complete(RedisTail tail, UserId user, @Nullable Found found) {
    UserState known = tail.find(user);
    if (known == null && found != null) {
      known = tail.install(user, found.state, found.offset);
      if (known == null) {
        noteOld(lag(RedisDatabase.shard(user), found.offset, tail));
      }
    }
    return known == null ? tail.alone(user) : known;
  }

  @Override
  public float[] itemCounts(int days, long timeMs) {
    return generation().state.itemCounts(days, timeMs);
  }

  @Override
  public float itemCount(int item, int days, long timeMs) {
    return generation().state.itemCount(item, days, timeMs);
  }

  @Override
  public int[] lastItems(UserId user, String feature, long timeMs) {
    return read(user, (state, known) -> state.lastItems(known, feature, timeMs));
  }

  /** Counts what concerns items and users that are in memory; the rest the workers drop. */
  @Override
  public long droppedLate() {
    return now.state.droppedLate();
  }
}
