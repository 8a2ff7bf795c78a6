package io.winnow.experiments.analysis;

import io.winnow.core.Seed;

/**
 * Ids as 64 bits. Analysis keeps these in the place of text: of ten million ids, two are the same
 * with a chance of 1 in 370,000, and then two units are one.
 */
final class Hashes {
  private static final long START = 0x5EED_0F_1D5L;

  private Hashes() {}

  static long of(String id) {
    long hash = START + id.length();
    for (int i = 0; i < id.length(); i++) {
      hash = (hash ^ id.charAt(i)) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 29;
    }
    return Seed.mix(hash);
  }

  /** A key made of two. */
  static long pair(long one, long other) {
    return Seed.mix(one ^ Seed.mix(other));
  }

  /**
   * Whether something is in a sample of 1 in 2^level; each level's is within the one's before it.
   */
  static boolean sampled(long hash, int level) {
    return level == 0 || Seed.mix(hash ^ START) >>> (Long.SIZE - level) == 0;
  }
}
