package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.TopK;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TransitionsTest {
  private static final Transitions.Config BOTH_WAYS =
      new Transitions.Config(3, 0.5, 0.7, 0.25, 0.8, 0.3, 2, 1000);

  /** The definition, pair by pair into a dense matrix. */
  private static float[] naive(Interactions data, Transitions.Config config, int[] history) {
    int n = data.itemCount();
    double[][] counts = new double[n][n];
    for (int u = 0; u < data.userCount(); u++) {
      for (int a = data.userOffsets()[u]; a < data.userOffsets()[u + 1]; a++) {
        for (int b = a + 1; b < data.userOffsets()[u + 1] && b - a <= config.steps(); b++) {
          double weight = Math.pow(config.decay(), b - a - 1);
          counts[data.items()[a]][data.items()[b]] += weight;
          counts[data.items()[b]][data.items()[a]] += config.backward() * weight;
        }
      }
    }
    float[] scores = new float[n];
    for (int s = 1; s <= Math.min(config.steps(), history.length); s++) {
      int i = history[history.length - s];
      double row = Arrays.stream(counts[i]).sum() + config.smoothing();
      for (int j = 0; j < n; j++) {
        double column = config.smoothing();
        for (int other = 0; other < n; other++) {
          column += counts[other][j];
        }
        scores[j] +=
            (float)
                (Math.pow(config.requestDecay(), s - 1)
                    * counts[i][j]
                    / (Math.pow(row, config.rowPower()) * Math.pow(column, config.targetPower())));
      }
    }
    return scores;
  }

  @Test
  void score_generatedHistories_agreesWithTheDefinition() {
    Interactions data = Generated.random(1, 60, 25, 20);
    for (Transitions.Config config :
        new Transitions.Config[] {BOTH_WAYS, Transitions.Config.DEFAULT}) {
      Transitions model = Transitions.train(data, config, 2);
      for (int[] history : new int[][] {{}, {3}, {1, 2, 3, 4, 5, 6, 7}, {0, 0, 0}}) {
        float[] scores = new float[25];
        model.score(history, new long[history.length], 0, scores);
        assertArrayEquals(naive(data, config, history), scores, 1e-4f);
      }
    }
  }

  @Test
  void train_threads_giveTheSameScores() {
    Interactions data = Generated.random(5, 400, 90, 40);
    float[] one = new float[90];
    Transitions.train(data, BOTH_WAYS, 1).score(new int[] {3, 8, 1}, new long[3], 0, one);
    assertTrue(one[0] > 0);
    for (int threads : new int[] {2, 3, 8}) {
      float[] more = new float[90];
      Transitions.train(data, BOTH_WAYS, threads).score(new int[] {3, 8, 1}, new long[3], 0, more);
      assertArrayEquals(one, more);
    }
  }

  @Test
  void train_withoutWeightBeyondTheNextItem_countsTheNextOnly() {
    Interactions data = Generated.random(1, 60, 5, 200);
    Transitions.Config next = new Transitions.Config(1, 1, 0.7, 0, 1, 0, 0, 5);
    Transitions.Config decayed = new Transitions.Config(10, 0, 0.7, 0, 1, 0, 0, 5);
    float[] expected = new float[5];
    float[] actual = new float[5];
    Transitions.train(data, next, 1).score(new int[] {3}, new long[1], 0, expected);
    Transitions.train(data, decayed, 1).score(new int[] {3}, new long[1], 0, actual);
    assertArrayEquals(expected, actual);
    assertTrue(expected[0] > 0);
  }

  @Test
  void score_itemsUnknownToTheModel_areIgnoredAndTakeNoStep() {
    Transitions model = Transitions.train(Generated.random(2, 60, 25, 20), BOTH_WAYS, 1);
    float[] with = new float[25];
    float[] without = new float[25];
    model.score(new int[] {1, 2, 99, 3, 25}, new long[5], 0, with);
    model.score(new int[] {1, 2, 3}, new long[3], 0, without);
    assertArrayEquals(without, with);
    assertTrue(without[0] > 0);
  }

  @Test
  void train_rowLimit_keepsTheLargest() {
    Interactions data = Generated.random(3, 60, 25, 20);
    Transitions.Config limited = new Transitions.Config(5, 0.8, 0.8, 0, 1, 0, 0, 3);
    Transitions.Config full = new Transitions.Config(5, 0.8, 0.8, 0, 1, 0, 0, 25);
    float[] top = new float[25];
    float[] all = new float[25];
    Transitions.train(data, limited, 1).score(new int[] {0}, new long[1], 0, top);
    Transitions.train(data, full, 1).score(new int[] {0}, new long[1], 0, all);
    float[] sorted = all.clone();
    Arrays.sort(sorted);
    int kept = 0;
    for (int j = 0; j < 25; j++) {
      kept += top[j] > 0 ? 1 : 0;
      assertTrue(top[j] == 0 || (top[j] == all[j] && all[j] >= sorted[22]));
    }
    assertEquals(3, kept);
  }

  @Test
  void offsets_moreEntriesThanTheBound_areRefused() {
    TopK.Ranked row = new TopK.Ranked(new int[] {1, 2}, new float[] {2, 1});
    TopK.Ranked[] rows = {row, row, row};
    assertArrayEquals(new int[] {0, 2, 4, 6}, SparseRows.offsets(rows, 6));
    WinnowException e = assertThrows(WinnowException.class, () -> SparseRows.offsets(rows, 5));
    assertEquals(
        "rowLimit: more than 5 entries in 3 rows (expected: fewer entries a row)", e.getMessage());
  }

  @Test
  void leaveOneOut_chainsOfItems_findsTheNext() {
    Evaluation evaluation = Evaluation.leaveOneOut(Generated.groups(4, 400, 10, 20, 8));
    Evaluation.Result transitions =
        evaluation.run(Transitions.train(evaluation.training(), Transitions.Config.DEFAULT, 1));
    Evaluation.Result popularity =
        evaluation.run(Popularity.train(evaluation.training(), Popularity.Config.COUNTS));
    assertEquals(400, transitions.targets());
    assertTrue(transitions.ndcg10() > 0.6, transitions::toString);
    assertTrue(transitions.ndcg10() > 4 * popularity.ndcg10(), popularity::toString);
  }

  @Test
  void config_outOfRange_namesEveryField() {
    WinnowException e =
        assertThrows(
            WinnowException.class,
            () -> new Transitions.Config(0, 1.5, Double.NaN, 0, 1, 0, 0, 10));
    assertEquals(3, e.problems().size());
    assertEquals("steps: 0.0 (expected: 1 to 100)", e.problems().get(0).toString());
  }
}
