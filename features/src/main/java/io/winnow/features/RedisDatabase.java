package io.winnow.features;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.Delay;
import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The keys in Redis, all below {@code prefix:format-features:}, and the steps on them.
 *
 * <pre>
 * meta                  hash: epoch, format, how many shards
 * EPOCH:offsets         hash: shard -> the offset up to which its users contain the log
 * EPOCH:u:USER          hash: the rest of the entry's key -> the entry, of each user
 * EPOCH:items           hash: key -> entry, of everything that is no user's
 * EPOCH:checkpoint      hash: the offset of the items; the entries that are being moved there
 * EPOCH:leases          hash: shard -> until when who folds it
 * EPOCH:workers         sorted set: worker, by the time until which it counts
 * EPOCH:staged:NAME:N   hash: key -> entry, of entries on their way to the items
 * </pre>
 *
 * <p>The epoch is drawn when the state begins and when it is discarded, and every step fails with
 * {@code CONFLICT} if it is no longer the caller's: so nothing that belongs to an earlier state can
 * be written to a later one, or be read from it.
 *
 * <p>Thread-safe. Every wait is bounded; what does not answer in time is {@code UNAVAILABLE}, and
 * may have happened.
 */
final class RedisDatabase implements AutoCloseable {
  /** Changes with the meaning or layout of any key or entry. */
  static final int FORMAT = 1;

  /** Into how many parts users are split, each with an offset of its own. */
  static final int SHARDS = 64;

  private static final int SHARD_BITS = 6;

  /** How long a step of a worker, or on opening, may take. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final int QUEUED_COMMANDS_MAX = 65_536;
  private static final int SCANNED_AT_ONCE = 1_000;

  private final String address;
  private final String prefix;
  private final ClientResources resources;
  private final RedisClient client;
  private volatile StatefulRedisConnection<byte[], byte[]> connection;
  private volatile RedisKeys keys;

  /** A user as Redis holds it: at which offset, and the entries by the rest of their keys. */
  record StoredUser(long offset, SortedMap<byte[], byte[]> entries) {
    /** The user's state. */
    UserState load(FeaturePlan plan, boolean tracked) {
      UserState state = new UserState(plan, tracked);
      entries.forEach((field, value) -> state.load(field, 0, value));
      state.loaded();
      return state;
    }
  }

  /** What to change of one user: entries by the rest of their keys. */
  static final class UserWrite implements StateEntries.Sink {
    private final List<byte[]> puts = new ArrayList<>();
    private final List<byte[]> removes = new ArrayList<>();

    @Override
    public void put(byte[] field, byte[] value) {
      puts.add(field);
      puts.add(value);
    }

    @Override
    public void remove(byte[] field) {
      removes.add(field);
    }

    private boolean isEmpty() {
      return puts.isEmpty() && removes.isEmpty();
    }
  }

  /**
   * How far everything is.
   *
   * @param offsets by shard
   * @param checkpoint the offset of the items
   * @param staged the name of entries that are being moved there, or null
   * @param chunks how many chunks of them there are
   */
  record Status(long[] offsets, long checkpoint, @Nullable String staged, int chunks) {
    /** The lowest offset of any shard. */
    long lowest() {
      return Arrays.stream(offsets).min().orElse(0);
    }

    /** The highest offset of anything that is stored. */
    long highest() {
      return Math.max(checkpoint, Arrays.stream(offsets).max().orElse(0));
    }
  }

  /** A worker's fair number of shards, and what it holds. */
  record Leases(int share, List<Integer> shards, boolean items) {}

  /**
   * Connects, and begins a state if there is none.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if the address is not one of Redis,
   *     {@code UNAVAILABLE} if Redis does not answer or may forget keys, {@code CORRUPT} if the
   *     state is of another format
   */
  RedisDatabase(RedisConfig config, long planHash) {
    RedisURI uri;
    try {
      uri = RedisURI.create(config.uri());
    } catch (IllegalArgumentException e) {
      // The address itself may hold a password.
      throw WinnowException.invalid(
          "engines.features", "(not shown)", "redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]");
    }
    uri.setTimeout(PATIENCE);
    this.address = uri.getHost() + ":" + uri.getPort();
    this.prefix = "%s:%d-%016x:".formatted(config.prefix(), FORMAT, planHash);
    this.resources =
        ClientResources.builder()
            .ioThreadPoolSize(2)
            .computationThreadPoolSize(2)
            .reconnectDelay(
                Delay.equalJitter(
                    Duration.ofMillis(10), Duration.ofMillis(500), 2, TimeUnit.MILLISECONDS))
            .build();
    this.client = RedisClient.create(resources, uri);
    client.setOptions(
        ClientOptions.builder()
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .requestQueueSize(QUEUED_COMMANDS_MAX)
            .socketOptions(SocketOptions.builder().connectTimeout(PATIENCE).keepAlive(true).build())
            .build());
    boolean entered = false;
    try {
      this.connection = client.connect(ByteArrayCodec.INSTANCE);
      this.keys = new RedisKeys(prefix, "");
      refuseForgetting();
      enter();
      entered = true;
    } catch (RedisException e) {
      throw unavailable(e);
    } finally {
      if (!entered) {
        shutDown();
      }
    }
  }

  /** A server that evicts keys by itself would lose users one by one, unseen. */
  private void refuseForgetting() {
    String memory = await(command(commands().info("memory")), PATIENCE);
    Map<String, String> fields =
        memory
            .lines()
            .filter(line -> line.contains(":"))
            .collect(
                Collectors.toMap(
                    line -> line.substring(0, line.indexOf(':')),
                    line -> line.substring(line.indexOf(':') + 1).strip(),
                    (first, _) -> first));
    String policy = fields.getOrDefault("maxmemory_policy", "noeviction");
    if (policy.startsWith("allkeys") && !fields.getOrDefault("maxmemory", "0").equals("0")) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE,
          "Redis at " + address + ": maxmemory-policy " + policy + " (expected: noeviction)");
    }
  }

  private RedisAsyncCommands<byte[], byte[]> commands() {
    return connection.async();
  }

  /**
   * Opens another connection in place of one that does not answer: where the network lost it, it
   * would take the operating system a quarter of an hour to notice.
   *
   * @throws WinnowException with {@code UNAVAILABLE} if there is none to be had; the old one stays
   */
  void reconnect() {
    try {
      StatefulRedisConnection<byte[], byte[]> before = connection;
      connection = client.connect(ByteArrayCodec.INSTANCE);
      before.closeAsync();
    } catch (RedisException e) {
      throw unavailable(e);
    }
  }

  /** Host and port. */
  String address() {
    return address;
  }

  /** Begins a state if there is none, and goes on with the epoch that it has now. */
  void enter() {
    List<Object> answer =
        await(
            run(
                RedisScript.ENTER,
                new byte[][] {keys.meta()},
                bytes(Integer.toString(FORMAT)),
                bytes(Integer.toString(SHARDS))),
            PATIENCE);
    String format = text(answer.get(1));
    String shards = text(answer.get(2));
    if (!format.equals(Integer.toString(FORMAT)) || !shards.equals(Integer.toString(SHARDS))) {
      throw new WinnowException(
          ErrorCode.CORRUPT,
          "Redis at %s: %smeta has format %s, %s shards (expected: %d, %d)"
              .formatted(address, prefix, format, shards, FORMAT, SHARDS));
    }
    keys = new RedisKeys(prefix, text(answer.get(0)));
  }

  /** The shard of a user: FNV-1a (64 bit) of its UTF-16 units, mixed. It never changes. */
  static int shard(UserId user) {
    String id = user.value();
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < id.length(); i++) {
      hash = (hash ^ id.charAt(i)) * 0x100000001b3L;
    }
    return (int) (Seed.mix(hash) >>> (Long.SIZE - SHARD_BITS));
  }

  /** A user and the offset of its shard, read in one step. */
  CompletableFuture<StoredUser> user(UserId user) {
    RedisKeys now = keys;
    return this.<List<Object>>run(
            RedisScript.READ,
            new byte[][] {now.meta(), now.offsets(), now.user(user)},
            now.epoch(),
            bytes(Integer.toString(shard(user))))
        .thenApply(answer -> new StoredUser(number(answer.get(0)), map((List<?>) answer.get(1))));
  }

  /**
   * Writes users of one shard together with the offset that they lead to.
   *
   * @param expected the offset that the shard must have
   * @return whether it had; nothing was written otherwise
   */
  CompletableFuture<Boolean> write(
      int shard, long expected, long next, Map<UserId, UserWrite> users) {
    RedisKeys now = keys;
    List<byte[]> names = new ArrayList<>(List.of(now.meta(), now.offsets()));
    List<byte[]> arguments = new ArrayList<>();
    arguments.add(now.epoch());
    arguments.add(bytes(Integer.toString(shard)));
    arguments.add(bytes(Long.toString(expected)));
    arguments.add(bytes(Long.toString(next)));
    users.forEach((user, write) -> {
      if (!write.isEmpty()) {
        names.add(now.user(user));
        arguments.add(bytes(Integer.toString(write.puts.size())));
        arguments.addAll(write.puts);
        arguments.add(bytes(Integer.toString(write.removes.size())));
        arguments.addAll(write.removes);
      }
    });
    return this.<Long>run(
            RedisScript.WRITE, names.toArray(byte[][]::new), arguments.toArray(byte[][]::new))
        .thenApply(written -> written == 1);
  }

  /**
   * Moves shards on of which no user changed.
   *
   * @param expected by shard, the offset that it must have
   * @return the shards that had another
   */
  CompletableFuture<List<Integer>> advance(Map<Integer, Long> expected, long next) {
    RedisKeys now = keys;
    List<Integer> shards = new ArrayList<>(expected.keySet());
    List<byte[]> arguments = new ArrayList<>(List.of(now.epoch(), bytes(Long.toString(next))));
    for (int shard : shards) {
      arguments.add(bytes(Integer.toString(shard)));
      arguments.add(bytes(Long.toString(expected.getOrDefault(shard, 0L))));
    }
    return this.<List<Object>>run(
            RedisScript.ADVANCE,
            new byte[][] {now.meta(), now.offsets()},
            arguments.toArray(byte[][]::new))
        .thenApply(answers -> {
          List<Integer> refused = new ArrayList<>();
          for (int i = 0; i < answers.size(); i++) {
            if (!Long.valueOf(1).equals(answers.get(i))) {
              refused.add(shards.get(i));
            }
          }
          return refused;
        });
  }

  /** How far everything is, read in one step. */
  CompletableFuture<Status> status() {
    RedisKeys now = keys;
    return this.<List<Object>>run(
            RedisScript.STATUS,
            new byte[][] {now.meta(), now.offsets(), now.checkpoint()},
            now.epoch())
        .thenApply(answer -> {
          long[] offsets = new long[SHARDS];
          map((List<?>) answer.get(0))
              .forEach((shard, offset) -> offsets[Math.toIntExact(number(shard))] = number(offset));
          Map<String, String> checkpoint =
              map((List<?>) answer.get(1)).entrySet().stream()
                  .collect(
                      Collectors.toMap(
                          entry -> text(entry.getKey()), entry -> text(entry.getValue())));
          return new Status(
              offsets,
              Long.parseLong(checkpoint.getOrDefault("offset", "0")),
              checkpoint.get("staged"),
              Integer.parseInt(checkpoint.getOrDefault("chunks", "0")));
        });
  }

  /** Registers a worker, renews its leases and takes free ones up to its share. */
  Leases tend(String worker, Duration lease) {
    RedisKeys now = keys;
    List<Object> answer =
        await(
            run(
                RedisScript.TEND,
                new byte[][] {now.meta(), now.leases(), now.workers()},
                now.epoch(),
                bytes(worker),
                bytes(Long.toString(lease.toMillis())),
                bytes(Integer.toString(SHARDS))),
            PATIENCE);
    List<Integer> shards = new ArrayList<>();
    boolean items = false;
    for (Object name : answer.subList(1, answer.size())) {
      if (text(name).equals("items")) {
        items = true;
      } else {
        shards.add(Integer.parseInt(text(name)));
      }
    }
    return new Leases(Math.toIntExact((Long) answer.getFirst()), shards, items);
  }

  /** Gives leases of shards back. */
  void release(String worker, List<Integer> shards) {
    release(worker, shards.stream().map(String::valueOf).toList().toArray(String[]::new));
  }

  /** Gives all leases back, and counts no more. */
  void leave(String worker, List<Integer> shards) {
    release(worker, shards);
    release(worker, "items");
    await(command(commands().zrem(keys.workers(), bytes(worker))), PATIENCE);
  }

  private void release(String worker, String... names) {
    RedisKeys now = keys;
    List<byte[]> arguments = new ArrayList<>(List.of(now.epoch(), bytes(worker)));
    for (String name : names) {
      arguments.add(bytes(name));
    }
    await(
        run(
            RedisScript.RELEASE,
            new byte[][] {now.meta(), now.leases()},
            arguments.toArray(byte[][]::new)),
        PATIENCE);
  }

  /** Puts staged entries aside, for at most an hour if they are not committed. */
  void stage(String name, int chunk, Map<byte[], byte[]> entries) {
    byte[] key = keys.staged(name, chunk);
    CompletableFuture<Long> put = command(commands().hset(key, entries));
    await(command(commands().expire(key, Duration.ofHours(1))), PATIENCE);
    await(put, PATIENCE);
  }

  /** Makes staged entries part of the checkpoint; see {@link RedisScript#COMMIT}. */
  boolean commit(long expected, long next, String name, int chunks) {
    RedisKeys now = keys;
    List<byte[]> names = new ArrayList<>(List.of(now.meta(), now.checkpoint(), now.offsets()));
    for (int chunk = 0; chunk < chunks; chunk++) {
      names.add(now.staged(name, chunk));
    }
    long committed =
        this.<Long>await(
            run(
                RedisScript.COMMIT,
                names.toArray(byte[][]::new),
                now.epoch(),
                bytes(Long.toString(expected)),
                bytes(Long.toString(next)),
                bytes(name),
                bytes(Integer.toString(SHARDS))),
            PATIENCE);
    return committed == 1;
  }

  /** Moves committed entries to where they belong; may be repeated, by anyone. */
  void merge(String name, int chunks) {
    RedisKeys now = keys;
    for (int chunk = 0; chunk < chunks; chunk++) {
      byte[][] names = {now.meta(), now.checkpoint(), now.items(), now.staged(name, chunk)};
      long moved =
          this.<Long>await(run(RedisScript.MERGE, names, now.epoch(), bytes(name)), PATIENCE);
      if (moved == 0) {
        return; // Someone else has finished.
      }
    }
    await(
        run(
            RedisScript.FINISH,
            new byte[][] {now.meta(), now.checkpoint()},
            now.epoch(),
            bytes(name)),
        PATIENCE);
    unstage(name, chunks);
  }

  /** Deletes staged entries. */
  void unstage(String name, int chunks) {
    RedisKeys now = keys;
    for (int chunk = 0; chunk < chunks; chunk++) {
      await(command(commands().unlink(now.staged(name, chunk))), PATIENCE);
    }
  }

  /** The committed entries of a chunk that may not be where they belong yet. */
  Map<byte[], byte[]> staged(String name, int chunk) {
    return await(command(commands().hgetall(keys.staged(name, chunk))), PATIENCE);
  }

  /** Visits the entries that are where they belong, in any order, some perhaps twice. */
  void scanItems(StateDatabase.EntryVisitor visitor) {
    ScanCursor cursor = ScanCursor.INITIAL;
    do {
      var page =
          await(
              command(
                  commands().hscan(keys.items(), cursor, ScanArgs.Builder.limit(SCANNED_AT_ONCE))),
              PATIENCE);
      page.getMap().forEach(visitor::visit);
      cursor = page;
    } while (!cursor.isFinished());
  }

  /** Visits the entries of every user, in any order, with their whole keys. */
  void scanUsers(StateDatabase.EntryVisitor visitor) {
    byte[] base = bytes(keys.users());
    scanKeys(
        keys.users(),
        page -> {
          List<CompletableFuture<Map<byte[], byte[]>>> users =
              page.stream().map(key -> command(commands().hgetall(key))).toList();
          for (int i = 0; i < page.size(); i++) {
            byte[] key = page.get(i);
            byte[] id = Arrays.copyOfRange(key, base.length, key.length);
            byte[] start = UserState.prefix(new UserId(new String(id, StandardCharsets.UTF_8)));
            await(users.get(i), PATIENCE)
                .forEach((field, value) ->
                    visitor.visit(new ByteSink().rest(start).rest(field).toBytes(), value));
          }
        });
  }

  /** Begins an empty state, and deletes the one before. */
  void discard() {
    RedisKeys old = keys;
    await(run(RedisScript.RENEW, new byte[][] {old.meta()}, old.epoch()), PATIENCE);
    enter();
    scanKeys(
        old.base(),
        page -> {
          if (!page.isEmpty()) {
            await(command(commands().unlink(page.toArray(byte[][]::new))), PATIENCE);
          }
        });
  }

  private void scanKeys(String start, Consumer<List<byte[]>> visitor) {
    String pattern = start.replaceAll("([\\\\*?\\[\\]])", "\\\\$1") + "*";
    ScanArgs arguments = ScanArgs.Builder.matches(pattern).limit(SCANNED_AT_ONCE);
    ScanCursor cursor = ScanCursor.INITIAL;
    do {
      KeyScanCursor<byte[]> page = await(command(commands().scan(cursor, arguments)), PATIENCE);
      visitor.accept(page.getKeys());
      cursor = page;
    } while (!cursor.isFinished());
  }

  /**
   * Runs a script by its digest; Redis forgets scripts when it restarts, and then gets the text.
   */
  private <T> CompletableFuture<T> run(RedisScript script, byte[][] names, byte[]... arguments) {
    try {
      CompletionStage<T> answer =
          commands().<T>evalsha(script.sha1(), script.output(), names, arguments);
      return answer
          .exceptionallyCompose(e -> {
            Throwable cause = e instanceof CompletionException ? e.getCause() : e;
            return cause instanceof RedisNoScriptException
                ? commands().<T>eval(script.text(), script.output(), names, arguments)
                : CompletableFuture.failedStage(cause);
          })
          .toCompletableFuture();
    } catch (RedisException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static <T> CompletableFuture<T> command(CompletionStage<T> answer) {
    return answer.toCompletableFuture();
  }

  /**
   * Waits for an answer.
   *
   * @throws WinnowException with {@code UNAVAILABLE} if there is none in time or it is an error,
   *     {@code CONFLICT} if the state was replaced
   */
  <T> T await(CompletableFuture<T> answer, Duration atMost) {
    try {
      return answer.get(Math.max(0, atMost.toNanos()), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof RedisCommandExecutionException
          && String.valueOf(cause.getMessage()).startsWith(RedisScript.EPOCH)) {
        throw new WinnowException(
            ErrorCode.CONFLICT, "Redis at " + address + ": the feature state was replaced");
      }
      throw unavailable(cause == null ? e : cause);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw unavailable("no answer within " + atMost.toMillis() + " ms", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unavailable("interrupted", e);
    }
  }

  private WinnowException unavailable(Throwable cause) {
    return unavailable(String.valueOf(cause.getMessage()), cause);
  }

  private WinnowException unavailable(String what, Throwable cause) {
    return new WinnowException(ErrorCode.UNAVAILABLE, "Redis at " + address + ": " + what, cause);
  }

  private void shutDown() {
    client.shutdown(0, PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    resources.shutdown(0, PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    if (connection.isOpen()) {
      connection.close();
    }
    shutDown();
  }

  /** Entries in the unsigned order of their keys, from a list of keys and values in turn. */
  private static SortedMap<byte[], byte[]> map(List<?> flat) {
    SortedMap<byte[], byte[]> map = new TreeMap<>(Arrays::compareUnsigned);
    for (int i = 0; i < flat.size(); i += 2) {
      map.put((byte[]) flat.get(i), (byte[]) flat.get(i + 1));
    }
    return map;
  }

  private static long number(Object value) {
    return Long.parseLong(text(value));
  }

  private static String text(Object value) {
    return new String((byte[]) value, StandardCharsets.UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
