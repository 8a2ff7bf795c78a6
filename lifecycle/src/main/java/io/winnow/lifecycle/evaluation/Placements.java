package io.winnow.lifecycle.evaluation;

import java.util.Arrays;

/**
 * Where a model placed the items that were chosen: one place for each target. Thread-safe once
 * filled.
 */
sealed interface Placements {
  /** NDCG at {@link RankMetrics#TOP} of one target, in [0, 1]. */
  double ndcg(int target);

  /** Whether the target is among the first k; an expectation lies between 0 and 1. */
  double within(int target, int k);

  /** 1 / (place from 1); 0 if it has none. */
  double reciprocal(int target);

  /** Its place as a share of all items that were allowed: 0 the best, 1 the worst or none. */
  double percentile(int target);

  /**
   * Places of a real list. A list that ends before the target says nothing of it; its percentile is
   * that of a random order of the items that are not in the list.
   *
   * @param ranks places from 0, by target; -1 if it has none; owned by this
   * @param percentiles by target; owned by this
   */
  record Listed(int[] ranks, float[] percentiles) implements Placements {
    /** The percentile of a place. */
    static float percentile(int rank, int listed, int allowed, boolean reachable) {
      if (!reachable) {
        return 1;
      }
      double place = rank >= 0 ? rank : listed + (allowed - listed - 1) / 2.0;
      return (float) (place / Math.max(1, allowed - 1));
    }

    @Override
    public double ndcg(int target) {
      int rank = ranks[target];
      return rank >= 0 && rank < RankMetrics.TOP ? RankMetrics.discount(rank) : 0;
    }

    @Override
    public double within(int target, int k) {
      return ranks[target] >= 0 && ranks[target] < k ? 1 : 0;
    }

    @Override
    public double reciprocal(int target) {
      return ranks[target] < 0 ? 0 : 1.0 / (ranks[target] + 1);
    }

    @Override
    public double percentile(int target) {
      return percentiles[target];
    }
  }

  /**
   * What a random order of the allowed items gives in expectation, without drawing one.
   *
   * @param allowed how many items were allowed, by target; 0 if the target was not among them;
   *     owned by this
   * @param harmonic sums 1 + 1/2 + … + 1/n by n
   */
  record Random(int[] allowed, double[] harmonic) implements Placements {
    /** For these counts. */
    static Random of(int[] allowed) {
      double[] harmonic = new double[Arrays.stream(allowed).max().orElse(0) + 1];
      for (int n = 1; n < harmonic.length; n++) {
        harmonic[n] = harmonic[n - 1] + 1.0 / n;
      }
      return new Random(allowed, harmonic);
    }

    @Override
    public double ndcg(int target) {
      int n = allowed[target];
      double sum = 0;
      for (int rank = 0; rank < Math.min(n, RankMetrics.TOP); rank++) {
        sum += RankMetrics.discount(rank);
      }
      return n == 0 ? 0 : sum / n;
    }

    @Override
    public double within(int target, int k) {
      int n = allowed[target];
      return n == 0 ? 0 : Math.min(n, k) / (double) n;
    }

    @Override
    public double reciprocal(int target) {
      int n = allowed[target];
      return n == 0 ? 0 : harmonic[n] / n;
    }

    @Override
    public double percentile(int target) {
      return allowed[target] == 0 ? 1 : allowed[target] == 1 ? 0 : 0.5;
    }
  }
}
