package io.winnow.models.ranker;

import java.util.Arrays;

/** Measures of a ranking. */
final class RankingMeasures {
  private RankingMeasures() {}

  /** The share of pairs (outcome, no outcome) in the right order, ties half; NaN without pairs. */
  static double auc(float[] scores, float[] labels) {
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> Float.compare(scores[a], scores[b]));
    double positives = 0;
    double rankSum = 0;
    int i = 0;
    while (i < order.length) {
      int end = i;
      while (end < order.length && scores[order[end]] == scores[order[i]]) {
        end++;
      }
      double rank = (i + 1 + end) / 2.0;
      for (; i < end; i++) {
        if (labels[order[i]] > 0.5f) {
          positives++;
          rankSum += rank;
        }
      }
    }
    double negatives = scores.length - positives;
    return (rankSum - positives * (positives + 1) / 2) / (positives * negatives);
  }

  /** Mean of −ln of the probability given to what happened. */
  static double logLoss(float[] probabilities, float[] labels) {
    double sum = 0;
    for (int i = 0; i < labels.length; i++) {
      double p = Math.clamp(probabilities[i], 1e-7, 1 - 1e-7);
      sum -= labels[i] > 0.5f ? Math.log(p) : Math.log(1 - p);
    }
    return sum / labels.length;
  }

  /**
   * NDCG at {@code depth} of one request; ties count against the outcome. NaN without gains.
   *
   * @param scores shape (C)
   * @param gains shape (C), at least 0
   */
  static double ndcg(float[] scores, float[] gains, int depth) {
    Integer[] order = new Integer[scores.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(
        order,
        (a, b) ->
            scores[a] != scores[b]
                ? Float.compare(scores[b], scores[a])
                : Float.compare(gains[a], gains[b]));
    float[] ideal = gains.clone();
    Arrays.sort(ideal);
    double sum = 0;
    double best = 0;
    for (int rank = 0; rank < Math.min(depth, scores.length); rank++) {
      double discount = Math.log(2) / Math.log(rank + 2.0);
      sum += gains[order[rank]] * discount;
      best += ideal[ideal.length - 1 - rank] * discount;
    }
    return sum / best;
  }
}
