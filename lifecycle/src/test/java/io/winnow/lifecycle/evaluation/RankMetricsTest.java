package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.winnow.core.Seed;
import io.winnow.lifecycle.evaluation.EvaluationTable.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class RankMetricsTest {
  @Test
  void ranking_ofFourTargets_givesTheTextbookValues() {
    Placements placements =
        new Placements.Listed(new int[] {2, 10, 450, -1}, new float[] {0.1f, 0.2f, 0.9f, 1});
    Map<String, Double> values = RankMetrics.ranking(placements, new int[] {0, 1, 2, 3});
    assertEquals(0.5 / 4, value(values, "ndcg@10"), 1e-12, "1 / log2(4) of one in four");
    assertEquals(1.0 / 4, value(values, "hr@10"), 1e-12);
    assertEquals((1.0 / 3 + 1.0 / 11 + 1.0 / 451) / 4, value(values, "mrr"), 1e-12);
    assertEquals(2.0 / 4, value(values, "recall@100"), 1e-12);
    assertEquals(3.0 / 4, value(values, "recall@500"), 1e-12);
    assertEquals(2.2 / 4, value(values, "percentile"), 1e-7);
    assertEquals(
        0.5,
        value(RankMetrics.ranking(placements, new int[] {0}), "ndcg@10"),
        1e-12,
        "only the targets that are asked for");
  }

  @Test
  void beyond_ofTwoLists_countsPlacesOverTheWholeCatalogue() {
    ModelAnswers answers = new ModelAnswers(Kind.SIMPLE, 2);
    answers.expose(0, false);
    answers.expose(1, true);
    answers.expose(0, false);
    answers.expose(3, false);
    answers.measures().novelty()[0] = 3;
    answers.measures().novelty()[1] = 5;
    answers.measures().diversity()[1] = 0.25f;
    Map<String, Double> values = RankMetrics.beyond(answers, 8);
    assertEquals(3.0 / 8, value(values, "coverage@10"), 1e-12);
    assertEquals(1.0 / 4, value(values, "new_share@10"), 1e-12);
    assertEquals(4.0, value(values, "novelty"), 1e-12);
    assertEquals(0.25, value(values, "diversity"), 1e-12, "the mean of those that are defined");
    assertFalse(values.containsKey("miscalibration"), "nothing had categories");
    assertEquals(naiveGini(new long[] {2, 1, 0, 1, 0, 0, 0, 0}), value(values, "gini@10"), 1e-12);
  }

  @Test
  void gini_ofRandomCounts_isHalfTheRelativeMeanDifference() {
    RandomGenerator random = new Seed(2).generator("counts");
    for (int round = 0; round < 50; round++) {
      long[] counts = random.longs(random.nextInt(1, 40), 0, 20).toArray();
      counts[0]++;
      assertEquals(naiveGini(counts), RankMetrics.gini(counts), 1e-12);
    }
    assertEquals(0, RankMetrics.gini(new long[] {3, 3, 3}), 1e-12);
    assertEquals(0.75, RankMetrics.gini(new long[] {0, 9, 0, 0}), 1e-12);
  }

  @Test
  void join_ofShards_isWhatOneShardHolds() {
    RandomGenerator random = new Seed(3).generator("targets");
    int targets = 101;
    ModelAnswers whole = new ModelAnswers(Kind.SOURCE, targets);
    List<ModelAnswers> shards = new ArrayList<>();
    for (int s = 0; s < 3; s++) {
      shards.add(new ModelAnswers(Kind.SOURCE, (targets - s + 2) / 3));
    }
    for (int target = 0; target < targets; target++) {
      int rank = random.nextInt(-1, 30);
      int item = random.nextInt(9);
      for (ModelAnswers answers : List.of(whole, shards.get(target % 3))) {
        int at = answers == whole ? target : target / 3;
        answers.set(at, rank, rank / 30f);
        answers.expose(item, item == 4);
        answers.measures().novelty()[at] = item;
      }
    }
    ModelAnswers joined = ModelAnswers.join(shards, targets);
    int[] all = java.util.stream.IntStream.range(0, targets).toArray();
    assertEquals(
        RankMetrics.ranking(whole.placements(), all),
        RankMetrics.ranking(joined.placements(), all),
        "to the last bit");
    assertEquals(RankMetrics.beyond(whole, 9), RankMetrics.beyond(joined, 9));
    assertArrayEquals(whole.measures().novelty(), joined.measures().novelty());
  }

  private static double naiveGini(long[] counts) {
    double differences = 0;
    double total = 0;
    for (long a : counts) {
      total += a;
      for (long b : counts) {
        differences += Math.abs(a - b);
      }
    }
    return differences / (2 * counts.length * total);
  }

  private static double value(Map<String, Double> values, String name) {
    return Objects.requireNonNull(values.get(name), name);
  }
}
