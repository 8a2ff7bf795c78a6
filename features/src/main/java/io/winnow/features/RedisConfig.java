package io.winnow.features;

import io.winnow.core.WinnowException;
import java.time.Duration;

/**
 * Where a Redis-backed online store is, and its sizes.
 *
 * @param uri as Redis clients take it: {@code redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]}, or
 *     {@code rediss://}
 * @param prefix begins every key, so that applications can share a server
 * @param reading what a server that answers requests holds
 * @param folding what a worker that writes users holds
 */
public record RedisConfig(String uri, String prefix, Reading reading, Folding folding) {
  private static final int MAX_PREFIX = 100;

  /** Checks the prefix; the address is checked on opening. */
  public RedisConfig {
    if (prefix.isBlank()
        || prefix.length() > MAX_PREFIX
        || prefix.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw WinnowException.invalid(
          "prefix", prefix, "1 to " + MAX_PREFIX + " visible ASCII characters");
    }
  }

  /** The default sizes. */
  public static RedisConfig of(String uri, String prefix) {
    return new RedisConfig(uri, prefix, Reading.DEFAULT, Folding.DEFAULT);
  }

  /** Without the address, which may hold a password. */
  @Override
  public String toString() {
    return "RedisConfig[prefix=" + prefix + ", " + reading + ", " + folding + "]";
  }

  /**
   * What a server holds.
   *
   * @param cachedUsers how many users it keeps up to date in memory
   * @param tailRecords how many changes of users it holds that Redis may not hold yet; where the
   *     workers lag further behind, answers are old
   * @param timeout how long a read waits for Redis before it is answered from what is known
   */
  public record Reading(int cachedUsers, int tailRecords, Duration timeout) {
    /** For a machine that is shared with the rest of Winnow. */
    public static final Reading DEFAULT = new Reading(50_000, 1_000_000, Duration.ofMillis(10));

    /** Checks the sizes. */
    public Reading {
      atLeast("reading.cachedUsers", cachedUsers, 1);
      atLeast("reading.tailRecords", tailRecords, 1);
      positive("reading.timeout", timeout);
    }
  }

  /**
   * What a worker holds.
   *
   * @param cachedUsers how many users it keeps in memory; at most half as many wait to be written
   * @param flushRecords how many records it folds at most before it writes their effect
   * @param flushEvery how long an effect waits at most before it is written
   * @param lease how long a worker that died keeps its users from being folded by others
   * @param checkpointRecords after how many records the items are written, which bounds what is
   *     replayed when a server or a worker starts
   */
  public record Folding(
      int cachedUsers,
      int flushRecords,
      Duration flushEvery,
      Duration lease,
      int checkpointRecords) {
    /** For a worker within a server. */
    public static final Folding DEFAULT =
        new Folding(50_000, 20_000, Duration.ofMillis(100), Duration.ofSeconds(10), 200_000);

    /** Checks the sizes. */
    public Folding {
      atLeast("folding.cachedUsers", cachedUsers, 2);
      atLeast("folding.flushRecords", flushRecords, 1);
      positive("folding.flushEvery", flushEvery);
      positive("folding.lease", lease);
      atLeast("folding.checkpointRecords", checkpointRecords, 1);
    }
  }

  private static void atLeast(String field, int value, int least) {
    if (value < least) {
      throw WinnowException.invalid(field, value, ">= " + least);
    }
  }

  private static void positive(String field, Duration value) {
    if (value.toMillis() < 1) {
      throw WinnowException.invalid(field, value, ">= 1 ms");
    }
  }
}
