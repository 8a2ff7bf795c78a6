package io.winnow.ranking.reranking;

import java.util.BitSet;
import java.util.SplittableRandom;

/**
 * Mixes the greedy choice with a uniform draw, and knows the probability of what it did.
 *
 * <p>Each position is an exploration slot with probability e, independently; its item is drawn
 * uniformly from the pool P, the greedy choice g included. Therefore, given the slate so far,
 * {@code Pr(item) = (1 - e) [item = g] + e / |P|} for each item of P, whichever way it came to be
 * shown: the epsilon-greedy logging policy of the off-policy literature (Langford, Strehl, Wortman:
 * Exploration scavenging, 2008), which gives every candidate a propensity above zero.
 *
 * <p>Lives for one request; not thread-safe.
 */
final class Exploration {
  private final double share;
  private final SplittableRandom random;

  /**
   * Exploration in a share of the slots.
   *
   * @param share e, in [0, 1]
   */
  Exploration(double share, long seed) {
    this.share = share;
    this.random = new SplittableRandom(seed);
  }

  /** Decides between the greedy candidate and a draw from the pool, which contains it. */
  Choice choose(int greedy, BitSet pool) {
    int size = pool.cardinality();
    boolean explored = random.nextDouble() < share;
    int candidate = explored ? nth(pool, random.nextInt(size)) : greedy;
    return new Choice(candidate, propensity(share, candidate, greedy, size), explored);
  }

  /**
   * The probability that a candidate of the pool is chosen, in [0, 1].
   *
   * @param share e
   * @param size |P|
   */
  static double propensity(double share, int candidate, int greedy, int size) {
    double uniform = share / size;
    return candidate == greedy ? 1 - share + uniform : uniform;
  }

  private static int nth(BitSet pool, int n) {
    int candidate = pool.nextSetBit(0);
    for (int i = 0; i < n; i++) {
      candidate = pool.nextSetBit(candidate + 1);
    }
    return candidate;
  }

  /**
   * What stands at a position.
   *
   * @param propensity the candidate's probability at this position, in (0, 1]
   * @param explored whether it was drawn, rather than chosen
   */
  record Choice(int candidate, double propensity, boolean explored) {}
}
