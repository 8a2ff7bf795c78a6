package io.winnow.lifecycle.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class RankMetricsTest {
  private static final RankMetrics.Beyond ITEMS =
      new RankMetrics.Beyond() {
        @Override
        public int catalogSize() {
          return 8;
        }

        @Override
        public double surprise(int item) {
          return item;
        }

        @Override
        public double similarity(int a, int b) {
          return a % 2 == b % 2 ? 1 : 0;
        }
      };

  @Test
  void add_oneTarget_givesTheTextbookValues() {
    RankMetrics metrics = new RankMetrics(1, ITEMS);
    metrics.add(0, 2, new int[] {0, 1, 2, 4});
    assertEquals(0.5, value(metrics, "ndcg@10"), 1e-12, "1 / log2(4)");
    assertEquals(1.0, value(metrics, "hr@10"));
    assertEquals(1.0 / 3, value(metrics, "mrr"), 1e-12);
    assertEquals(0.5, value(metrics, "coverage@10"));
    assertEquals(7.0 / 4, value(metrics, "novelty"), 1e-12);
    assertEquals(0.5, value(metrics, "diversity"), 1e-12, "3 of 6 pairs are alike");
  }

  @Test
  void add_beyondTheCutOrMissing_countsAsMiss() {
    RankMetrics metrics = new RankMetrics(1, ITEMS);
    metrics.add(0, 10, new int[] {1});
    metrics.add(0, 450, new int[] {1});
    metrics.add(0, -1, new int[0]);
    assertEquals(0, value(metrics, "ndcg@10"));
    assertEquals(1.0 / 3, value(metrics, "recall@100"), 1e-12);
    assertEquals(2.0 / 3, value(metrics, "recall@500"), 1e-12);
    assertEquals((1.0 / 11 + 1.0 / 451) / 3, value(metrics, "mrr"), 1e-12);
  }

  @Test
  void merge_ofShards_equalsOnePass() {
    RandomGenerator random = new Seed(3).generator("targets");
    RankMetrics whole = new RankMetrics(5, ITEMS);
    RankMetrics left = new RankMetrics(5, ITEMS);
    RankMetrics right = new RankMetrics(5, ITEMS);
    for (int i = 0; i < 200; i++) {
      int user = random.nextInt(5);
      int rank = random.nextInt(-1, 20);
      int[] list = random.ints(3, 0, 8).toArray();
      whole.add(user, rank, list);
      (i % 2 == 0 ? left : right).add(user, rank, list);
    }
    left.merge(right);
    assertEquals(200, left.targets());
    whole.values().forEach((name, value) -> assertEquals(value, value(left, name), 1e-9));
  }

  @Test
  void intervals_holdTheValueAndNarrowWithUsers() {
    assertTrue(width(2000) < width(50) / 3);
  }

  private static double value(RankMetrics metrics, String name) {
    return Objects.requireNonNull(metrics.values().get(name), name);
  }

  private static double width(int users) {
    RandomGenerator random = new Seed(5).generator("ranks");
    RankMetrics metrics = new RankMetrics(users, ITEMS);
    for (int user = 0; user < users; user++) {
      metrics.add(user, random.nextInt(30), new int[] {1});
    }
    double[] interval = Objects.requireNonNull(metrics.intervals(new Seed(1)).get("ndcg@10"));
    double value = value(metrics, "ndcg@10");
    assertTrue(interval[0] < value && value < interval[1]);
    return interval[1] - interval[0];
  }
}
