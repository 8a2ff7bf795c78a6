package io.winnow.lifecycle.evaluation;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntToDoubleFunction;

/**
 * The figures of one model over some targets, each of which is one event.
 *
 * <p>With one relevant item a target, NDCG@k is {@code 1 / log2(rank + 2)} where the rank, counted
 * from 0, is below k, else 0 (Järvelin, Kekäläinen: Cumulated gain-based evaluation of IR
 * techniques, 2002), recall@k equals the hit rate, and the mean percentile is the expected
 * percentile ranking of Hu, Koren and Volinsky (2008): 0 the best, 0.5 a random order. Sums are
 * taken in the order of the targets, so they do not depend on how many threads there were.
 */
final class RankMetrics {
  static final int TOP = 10;
  static final String NDCG = "ndcg@10";
  static final String HITS = "hr@10";

  private RankMetrics() {}

  /** What an outcome at a rank, from 0, is worth. */
  static double discount(int rank) {
    return Math.log(2) / Math.log(rank + 2);
  }

  /**
   * Means over targets.
   *
   * @param targets indices of the targets, ascending, at least one
   */
  static Map<String, Double> ranking(Placements placements, int[] targets) {
    Map<String, Double> values = new LinkedHashMap<>();
    values.put(NDCG, mean(targets, placements::ndcg));
    values.put(HITS, mean(targets, target -> placements.within(target, TOP)));
    values.put("mrr", mean(targets, placements::reciprocal));
    values.put("recall@100", mean(targets, target -> placements.within(target, 100)));
    values.put("recall@500", mean(targets, target -> placements.within(target, 500)));
    values.put("percentile", mean(targets, placements::percentile));
    return values;
  }

  /**
   * What the first items of all lists are like; figures that are not defined are left out.
   *
   * @param catalogSize how many items could have been shown
   */
  static Map<String, Double> beyond(ModelAnswers answers, int catalogSize) {
    Map<String, Double> values = new LinkedHashMap<>();
    long[] exposure = Arrays.copyOf(answers.exposure(), Math.max(1, catalogSize));
    long covered = Arrays.stream(exposure).filter(count -> count > 0).count();
    values.put("coverage@10", covered / (double) exposure.length);
    values.put("gini@10", gini(exposure));
    values.put("new_share@10", answers.newShare());
    ListMeasures.Values measures = answers.measures();
    values.put("novelty", definedMean(measures.novelty()));
    values.put("diversity", definedMean(measures.diversity()));
    values.put("miscalibration", definedMean(measures.miscalibration()));
    values.values().removeIf(value -> !Double.isFinite(value));
    return values;
  }

  /** Each user's sum over some targets. */
  static double[] sumsByUser(int[] targets, int[] userOf, int users, IntToDoubleFunction value) {
    double[] sums = new double[users];
    for (int target : targets) {
      sums[userOf[target]] += value.applyAsDouble(target);
    }
    return sums;
  }

  /**
   * How unequal counts are: 0 if all are the same, 1 - 1/n if one has all; NaN if all are 0 (Gini
   * index by the mean difference of sorted values; for exposure see Fleder, Hosanagar: Blockbuster
   * culture's next rise or fall, Management Science 2009).
   */
  static double gini(long[] counts) {
    long[] sorted = counts.clone();
    Arrays.sort(sorted);
    double weighted = 0;
    double total = 0;
    int n = sorted.length;
    for (int i = 0; i < n; i++) {
      weighted += (2.0 * (i + 1) - n - 1) * sorted[i];
      total += sorted[i];
    }
    return weighted / (n * total);
  }

  private static double mean(int[] targets, IntToDoubleFunction value) {
    double sum = 0;
    for (int target : targets) {
      sum += value.applyAsDouble(target);
    }
    return sum / targets.length;
  }

  private static double definedMean(float[] values) {
    double sum = 0;
    int defined = 0;
    for (float value : values) {
      if (!Float.isNaN(value)) {
        sum += value;
        defined++;
      }
    }
    return sum / defined;
  }
}
