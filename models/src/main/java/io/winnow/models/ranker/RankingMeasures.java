package io.winnow.models.ranker;

import java.util.Arrays;

/** Measures of scores and probabilities against what happened. */
public final class RankingMeasures {
  private static final int BINS = 15;

  private RankingMeasures() {}

  /** The share of pairs (outcome, no outcome) in the right order, ties half; NaN without pairs. */
  public static double auc(float[] scores, float[] labels) {
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
  public static double logLoss(float[] probabilities, float[] labels) {
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

  /**
   * The expected calibration error: rows in {@value #BINS} bins of equal size by probability; the
   * mean distance between a bin's mean probability and its share of outcomes, weighted by size
   * (Naeini et al. 2015, with bins of equal mass).
   */
  public static double expectedCalibrationError(float[] probabilities, float[] labels) {
    int n = probabilities.length;
    long[] order = new long[n];
    for (int i = 0; i < n; i++) {
      // Probabilities are not negative, so their bits sort as they do.
      order[i] = ((long) Float.floatToIntBits(probabilities[i]) << 32) | i;
    }
    Arrays.sort(order);
    double error = 0;
    for (int bin = 0; bin < BINS; bin++) {
      int from = (int) ((long) n * bin / BINS);
      int to = (int) ((long) n * (bin + 1) / BINS);
      double difference = 0;
      for (int i = from; i < to; i++) {
        int row = (int) order[i];
        difference += probabilities[row] - labels[row];
      }
      error += Math.abs(difference);
    }
    return n == 0 ? Double.NaN : error / n;
  }
}
