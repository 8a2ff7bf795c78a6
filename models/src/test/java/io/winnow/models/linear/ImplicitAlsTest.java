package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.models.Interactions;
import org.junit.jupiter.api.Test;

class ImplicitAlsTest {
  private static final ImplicitAls.Config SMALL =
      new ImplicitAls.Config(12, 6, 5, 0.1, 0.05, 0.5, 1000, Double.POSITIVE_INFINITY);

  private static final Seed SEED = new Seed(11);

  @Test
  void userFactor_history_solvesItsNormalEquations() {
    Interactions data = Generated.random(9, 200, 80, 30);
    ImplicitAls model = ImplicitAls.train(data, SMALL, SEED, 2);
    int[] history = {4, 9, 30};
    float[] x = model.userFactor(history);
    double ridge = 0.1 * Math.pow(3 + 0.05 * 80, 0.5);
    for (int d = 0; d < 12; d++) {
      // The gradient: λ s x + Σ_i c_i (x·y_i - p_i) y_i must vanish.
      double gradient = ridge * x[d];
      for (int i = 0; i < 80; i++) {
        boolean had = i == 4 || i == 9 || i == 30;
        float[] y = model.itemFactor(i);
        double error = Kernels.Scalar.dot(x, 0, y, 0, 12) - (had ? 1 : 0);
        gradient += (had ? 6 : 1) * error * y[d];
      }
      assertEquals(0, gradient, 1e-3);
    }
    assertTrue(Kernels.Scalar.dot(x, 0, x, 0, 12) > 1e-3);
  }

  @Test
  void score_noHistory_isZero() {
    ImplicitAls model = ImplicitAls.train(Generated.random(9, 200, 80, 30), SMALL, SEED, 1);
    float[] scores = Generated.floats(SEED.generator("noise"), 80);
    model.score(new int[0], new long[0], 0, scores);
    assertArrayEquals(new float[80], scores);
  }

  @Test
  void train_threadsAndSeed_sameBitsForTheSameSeedOnly() {
    Interactions data = Generated.random(10, 200, 80, 30);
    float[] one = ImplicitAls.train(data, SMALL, SEED, 1).itemFactor(5);
    assertArrayEquals(one, ImplicitAls.train(data, SMALL, SEED, 2).itemFactor(5));
    float[] other = ImplicitAls.train(data, SMALL, new Seed(12), 1).itemFactor(5);
    assertTrue(one[0] != other[0]);
  }

  @Test
  void leaveOneOut_groupsOfItems_beatsPopularity() {
    Evaluation evaluation = Evaluation.leaveOneOut(Generated.groups(11, 400, 10, 20, 8));
    Evaluation.Result ials =
        evaluation.run(ImplicitAls.train(evaluation.training(), SMALL, SEED, 1));
    Evaluation.Result popularity =
        evaluation.run(Popularity.train(evaluation.training(), Popularity.Config.COUNTS));
    assertTrue(ials.ndcg10() > 2 * popularity.ndcg10(), ials + " against " + popularity);
  }
}
