package io.winnow.features;

import io.lettuce.core.ScriptOutputType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A Lua script, which Redis runs as one atomic step. Each of them but {@link #ENTER} begins with
 * the check that the state is still the one that the caller knows: its key 1 is the meta hash, its
 * argument 1 the epoch.
 *
 * @param text its source
 * @param output what it answers
 * @param sha1 by which Redis knows it once it was sent
 */
record RedisScript(String text, ScriptOutputType output, String sha1) {
  /** The error of a script whose caller knows a state that was replaced. */
  static final String EPOCH = "EPOCH";

  private static final String CHECK =
      """
      if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
        return redis.error_reply('EPOCH the feature state was replaced')
      end
      """;

  private static final String NEW_EPOCH =
      """
      local time = redis.call('TIME')
      local fresh = time[1] .. string.format('%06d', time[2])
      """;

  /** Keys: meta. Arguments: format, shards. Answers epoch, format, shards; makes them if absent. */
  static final RedisScript ENTER =
      of(
          NEW_EPOCH
              + """
              if redis.call('EXISTS', KEYS[1]) == 0 then
                redis.call('HSET', KEYS[1], 'epoch', fresh, 'format', ARGV[1], 'shards', ARGV[2])
              end
              return redis.call('HMGET', KEYS[1], 'epoch', 'format', 'shards')
              """,
          ScriptOutputType.MULTI);

  /** Keys: meta. Replaces the epoch, so that nobody reads or writes the state of the old one. */
  static final RedisScript RENEW =
      of(
          CHECK
              + NEW_EPOCH
              + """
              redis.call('HSET', KEYS[1], 'epoch', fresh)
              return 1
              """,
          ScriptOutputType.INTEGER);

  /** Keys: meta, offsets, user. Arguments: epoch, shard. Answers the shard's offset, the hash. */
  static final RedisScript READ =
      of(
          CHECK
              + """
              return {redis.call('HGET', KEYS[2], ARGV[2]) or '0', redis.call('HGETALL', KEYS[3])}
              """,
          ScriptOutputType.MULTI);

  /**
   * Keys: meta, offsets, users. Arguments: epoch, shard, the offset that the shard must have, the
   * one that it gets, and for each user how many arguments to put and they, how many fields to
   * remove and they. Answers 1, or 0 if the shard has another offset; nothing was changed then.
   */
  static final RedisScript WRITE =
      of(
          CHECK
              + """
              if (redis.call('HGET', KEYS[2], ARGV[2]) or '0') ~= ARGV[3] then
                return 0
              end
              redis.call('HSET', KEYS[2], ARGV[2], ARGV[4])
              local at = 5
              for user = 3, #KEYS do
                for _, command in ipairs({'HSET', 'HDEL'}) do
                  local last = at + tonumber(ARGV[at])
                  at = at + 1
                  while at <= last do
                    local to = math.min(at + 3999, last)
                    redis.call(command, KEYS[user], unpack(ARGV, at, to))
                    at = to + 1
                  end
                end
              end
              return 1
              """,
          ScriptOutputType.INTEGER);

  /**
   * Keys: meta, offsets. Arguments: epoch, an offset, and for each shard without changes its number
   * and the offset that it must have. Answers 1 or 0 for each shard.
   */
  static final RedisScript ADVANCE =
      of(
          CHECK
              + """
              local answers = {}
              for at = 3, #ARGV, 2 do
                local fits = (redis.call('HGET', KEYS[2], ARGV[at]) or '0') == ARGV[at + 1]
                if fits then
                  redis.call('HSET', KEYS[2], ARGV[at], ARGV[2])
                end
                answers[#answers + 1] = fits and 1 or 0
              end
              return answers
              """,
          ScriptOutputType.MULTI);

  /** Keys: meta, offsets, checkpoint. Arguments: epoch. Answers both hashes. */
  static final RedisScript STATUS =
      of(
          CHECK
              + """
              return {redis.call('HGETALL', KEYS[2]), redis.call('HGETALL', KEYS[3])}
              """,
          ScriptOutputType.MULTI);

  /**
   * Keys: meta, leases, workers. Arguments: epoch, worker, how long it is known from now in
   * milliseconds, shards. Answers the worker's fair share and the names of its leases.
   *
   * <p>Time is Redis's own, so that the workers' clocks do not matter. A worker keeps what it has,
   * even beyond its share, until it releases it: only it knows when it has written.
   */
  static final RedisScript TEND =
      of(
          CHECK
              + """
              local time = redis.call('TIME')
              local now = time[1] * 1000 + math.floor(time[2] / 1000)
              local expiry = now + ARGV[3]
              redis.call('ZADD', KEYS[3], expiry, ARGV[2])
              redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
              local share = math.ceil(ARGV[4] / redis.call('ZCARD', KEYS[3]))
              local answer = {share}
              local free = {}
              local function hold(name)
                redis.call('HSET', KEYS[2], name, string.format('%.0f', expiry) .. ' ' .. ARGV[2])
                answer[#answer + 1] = name
              end
              local function look(name)
                local lease = redis.call('HGET', KEYS[2], name)
                local until_, owner = string.match(lease or '', '^(%d+) (.*)$')
                if owner == ARGV[2] then
                  hold(name)
                elseif not owner or tonumber(until_) <= now then
                  free[#free + 1] = name
                end
              end
              for shard = 0, ARGV[4] - 1 do
                look(string.format('%d', shard))
              end
              for _, name in ipairs(free) do
                if #answer - 1 < share then
                  hold(name)
                end
              end
              free = {}
              look('items')
              if #free == 1 then
                hold('items')
              end
              return answer
              """,
          ScriptOutputType.MULTI);

  /** Keys: meta, leases, workers. Arguments: epoch, worker, names of leases to give back. */
  static final RedisScript RELEASE =
      of(
          CHECK
              + """
              for at = 3, #ARGV do
                local lease = redis.call('HGET', KEYS[2], ARGV[at])
                if lease and string.match(lease, '^%d+ (.*)$') == ARGV[2] then
                  redis.call('HDEL', KEYS[2], ARGV[at])
                end
              end
              return 1
              """,
          ScriptOutputType.INTEGER);

  /**
   * Keys: meta, checkpoint, offsets, staged chunks. Arguments: epoch, the offset that the
   * checkpoint must have, the one that it gets, the name of the staged entries, shards. Answers 1,
   * or 0 if the checkpoint has another offset or staged entries, a chunk is missing, or a shard is
   * below the new offset.
   */
  static final RedisScript COMMIT =
      of(
          CHECK
              + """
              if (redis.call('HGET', KEYS[2], 'offset') or '0') ~= ARGV[2]
                  or redis.call('HEXISTS', KEYS[2], 'staged') == 1 then
                return 0
              end
              for shard = 0, ARGV[5] - 1 do
                local offset = redis.call('HGET', KEYS[3], string.format('%d', shard)) or '0'
                if tonumber(offset) < tonumber(ARGV[3]) then
                  return 0
                end
              end
              for chunk = 4, #KEYS do
                if redis.call('PERSIST', KEYS[chunk]) == 0 then
                  return 0
                end
              end
              redis.call('HSET', KEYS[2],
                  'offset', ARGV[3], 'staged', ARGV[4], 'chunks', #KEYS - 3)
              return 1
              """,
          ScriptOutputType.INTEGER);

  /**
   * Keys: meta, checkpoint, items, a staged chunk. Arguments: epoch, the name of the staged
   * entries. Moves a chunk to where it belongs. Answers 1, or 0 if other entries are staged.
   */
  static final RedisScript MERGE =
      of(
          CHECK
              + """
              if redis.call('HGET', KEYS[2], 'staged') ~= ARGV[2] then
                return 0
              end
              local entries = redis.call('HGETALL', KEYS[4])
              for at = 1, #entries, 2 do
                local value = entries[at + 1]
                if string.byte(value) == 1 then
                  redis.call('HSET', KEYS[3], entries[at], string.sub(value, 2))
                else
                  redis.call('HDEL', KEYS[3], entries[at])
                end
              end
              return 1
              """,
          ScriptOutputType.INTEGER);

  /** Keys: meta, checkpoint. Arguments: epoch, the name of the entries that were all moved. */
  static final RedisScript FINISH =
      of(
          CHECK
              + """
              if redis.call('HGET', KEYS[2], 'staged') ~= ARGV[2] then
                return 0
              end
              redis.call('HDEL', KEYS[2], 'staged', 'chunks')
              return 1
              """,
          ScriptOutputType.INTEGER);

  private static RedisScript of(String text, ScriptOutputType output) {
    try {
      byte[] sha1 =
          MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
      return new RedisScript(text, output, HexFormat.of().formatHex(sha1));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-1", e);
    }
  }
}
