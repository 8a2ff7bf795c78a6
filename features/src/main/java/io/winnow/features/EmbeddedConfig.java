package io.winnow.features;

import io.winnow.core.WinnowException;

/**
 * Sizes of the embedded online store.
 *
 * @param cachedUsers how many users are held in memory; at most half as many wait to be written
 * @param flushRecords how many records are applied at most before their effect is written, which
 *     bounds what the log replays after a crash: a million take one to two seconds
 * @param blockCacheBytes memory for stored users that are not in the cache
 */
public record EmbeddedConfig(int cachedUsers, int flushRecords, long blockCacheBytes) {
  /** For a machine that is shared with the rest of Winnow. */
  public static final EmbeddedConfig DEFAULT = new EmbeddedConfig(200_000, 1_000_000, 32L << 20);

  /** Checks the sizes. */
  public EmbeddedConfig {
    if (cachedUsers < 2) {
      throw WinnowException.invalid("cachedUsers", cachedUsers, ">= 2");
    }
    if (flushRecords < 1) {
      throw WinnowException.invalid("flushRecords", flushRecords, ">= 1");
    }
    if (blockCacheBytes < 1 << 20) {
      throw WinnowException.invalid("blockCacheBytes", blockCacheBytes, ">= 1 MiB");
    }
  }
}
