package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.models.Interactions;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class EaseTest {
  private static final double NEVER = Double.POSITIVE_INFINITY;

  /** B of the paper in double precision: Gauss-Jordan on the dense matrix. */
  private static double[][] naive(Interactions data, double lambda) {
    int n = data.itemCount();
    double[][] a = new double[n][2 * n];
    for (int u = 0; u < data.userCount(); u++) {
      int[] items =
          Arrays.stream(data.items(), data.userOffsets()[u], data.userOffsets()[u + 1])
              .distinct()
              .toArray();
      for (int i : items) {
        for (int j : items) {
          a[i][j]++;
        }
      }
    }
    for (int i = 0; i < n; i++) {
      a[i][i] += lambda;
      a[i][n + i] = 1;
    }
    for (int p = 0; p < n; p++) {
      double pivot = a[p][p];
      for (int j = 0; j < 2 * n; j++) {
        a[p][j] /= pivot;
      }
      for (int i = 0; i < n; i++) {
        double factor = a[i][p];
        for (int j = 0; i != p && j < 2 * n; j++) {
          a[i][j] -= factor * a[p][j];
        }
      }
    }
    double[][] b = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        b[i][j] = i == j ? 0 : -a[i][n + j] / a[j][n + j];
      }
    }
    return b;
  }

  @Test
  void score_history_agreesWithTheClosedForm() {
    Interactions data = Generated.random(5, 300, 150, 30);
    double[][] b = naive(data, 20);
    Ease model = Ease.train(data, new Ease.Config(20, 0, 1000, 1000, 1000, 2), 2);
    int[] history = {7, 3, 7, 140, 999, 3};
    double[] expected = new double[150];
    int[] newestFirst = {3, 140, 7};
    for (int s = 0; s < 3; s++) {
      for (int j = 0; j < 150; j++) {
        expected[j] += Math.pow(0.5, s / 2.0) * b[newestFirst[s]][j];
      }
    }
    float[] scores = new float[150];
    model.score(history, new long[6], 0, scores);
    for (int j = 0; j < 150; j++) {
      assertEquals(expected[j], scores[j], 1e-4);
    }
  }

  @Test
  void train_itemLimit_onlyThePopularScore() {
    Interactions data = Generated.random(6, 300, 150, 30);
    Ease model = Ease.train(data, new Ease.Config(20, 0, 10, 1000, 1000, NEVER), 1);
    int[] counts = data.itemCounts();
    int[] sorted = counts.clone();
    Arrays.sort(sorted);
    float[] scores = new float[150];
    model.score(data.items(), data.timesMs(), 0, scores);
    int scored = 0;
    for (int j = 0; j < 150; j++) {
      scored += scores[j] != 0 ? 1 : 0;
      assertTrue(scores[j] == 0 || counts[j] >= sorted[140]);
    }
    assertEquals(10, scored);
  }

  @Test
  void train_threads_giveTheSameScores() {
    Interactions data = Generated.random(7, 300, 150, 30);
    float[] one = new float[150];
    float[] two = new float[150];
    Ease.train(data, Ease.Config.DEFAULT, 1).score(new int[] {1, 2}, new long[2], 0, one);
    Ease.train(data, Ease.Config.DEFAULT, 2).score(new int[] {1, 2}, new long[2], 0, two);
    assertArrayEquals(one, two);
  }

  @Test
  void temporal_groupsOfItems_beatsPopularity() {
    Evaluation evaluation = Evaluation.temporal(Generated.groups(8, 400, 10, 20, 8), 0.8, true);
    Evaluation.Result ease =
        evaluation.run(Ease.train(evaluation.training(), Ease.Config.DEFAULT, 1));
    Evaluation.Result popularity =
        evaluation.run(Popularity.train(evaluation.training(), Popularity.Config.COUNTS));
    assertTrue(ease.ndcg10() > 2 * popularity.ndcg10(), ease + " against " + popularity);
  }
}
