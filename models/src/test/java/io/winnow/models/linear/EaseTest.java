package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class EaseTest {
  /** B of the paper in double precision: Gauss-Jordan on the dense matrix. */
  private static double[][] naive(Interactions data, double lambda, double userPower) {
    int n = data.itemCount();
    double[][] a = new double[n][2 * n];
    for (int u = 0; u < data.userCount(); u++) {
      int[] items =
          Arrays.stream(data.items(), data.userOffsets()[u], data.userOffsets()[u + 1])
              .distinct()
              .toArray();
      for (int i : items) {
        for (int j : items) {
          a[i][j] += Math.pow(items.length, -userPower);
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
    for (double userPower : new double[] {0, 0.5}) {
      double[][] b = naive(data, 20, userPower);
      assertAgrees(b, Ease.train(data, new Ease.Config(20, userPower, 1000, 1000, 1000, 0.7), 2));
    }
  }

  private static void assertAgrees(double[][] b, Ease model) {
    int[] history = {7, 3, 7, 140, 999, 3};
    double[] expected = new double[150];
    int[] newestFirst = {3, 140, 7};
    for (int s = 0; s < 3; s++) {
      for (int j = 0; j < 150; j++) {
        expected[j] += Math.pow(1 + s, -0.7) * b[newestFirst[s]][j];
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
    Ease model = Ease.train(data, new Ease.Config(20, 0, 10, 1000, 1000, 0), 1);
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
    Ease.Config config = new Ease.Config(50, 0.3, 100, 50, 20, 4);
    float[] one = new float[150];
    Ease.train(data, config, 1).score(new int[] {1, 2}, new long[2], 0, one);
    for (int threads : new int[] {2, 3, 8}) {
      float[] more = new float[150];
      Ease.train(data, config, threads).score(new int[] {1, 2}, new long[2], 0, more);
      assertArrayEquals(one, more);
    }
  }

  @Test
  void train_progress_hearsOfEveryBlock() {
    List<String> steps = new ArrayList<>();
    Ease.train(
        Generated.random(7, 900, 400, 30),
        Ease.Config.DEFAULT,
        1,
        (model, step, of, objective) ->
            steps.add(model + step + "/" + of + objective.getAsDouble()));
    assertEquals(4, steps.size());
    assertEquals("ease4/4NaN", steps.getLast());
  }

  @Test
  void checkHeap_matrixDoesNotFit_saysWhatWould() {
    Ease.checkHeap(4_000, 1_000, 200L << 20);
    WinnowException e =
        assertThrows(WinnowException.class, () -> Ease.checkHeap(20_000, 1_000, 512L << 20));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("itemLimit: 20000 (expected: at most 9,"), message);
    assertTrue(message.endsWith("with a heap of 512 MiB)"), message);
  }

  @Test
  void train_regularisationBelowWhatRoundingNeeds_isRefusedByName() {
    // Everybody had the same items, so XᵀX is singular; and single precision adds 40,000 and 0.001
    // to 40,000.
    int users = 40_000;
    int[] offsets = new int[users + 1];
    int[] items = new int[users * 3];
    Arrays.setAll(items, e -> e % 3);
    Arrays.setAll(offsets, u -> u * 3);
    Interactions data = new Interactions(3, offsets, items, new long[items.length]);
    Ease.Config tiny = new Ease.Config(1e-3, 0, 100, 100, 100, 4);
    WinnowException e = assertThrows(WinnowException.class, () -> Ease.train(data, tiny, 1));
    assertTrue(
        String.valueOf(e.getMessage()).startsWith("lambda: 0.001 (expected: more"), e::getMessage);
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
