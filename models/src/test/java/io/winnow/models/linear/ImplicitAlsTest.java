package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.linear.ImplicitAls.Config;
import io.winnow.models.linear.ImplicitAls.Factors;
import io.winnow.models.linear.ImplicitAls.Histories;
import io.winnow.models.linear.ImplicitAls.Loss;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class ImplicitAlsTest {
  private static final Loss LOSS = new Loss(0.2, 0.02, 0.5);
  private static final Histories ALL = new Histories(1000, 0);
  private static final Seed SEED = new Seed(11);

  private static Config config(int blockSize, int iterations) {
    return new Config(new Factors(12, blockSize, iterations), LOSS, ALL);
  }

  /** Alternating least squares as written down: dense, in double precision. */
  private static final class NaiveAls {
    private final boolean[][] had;
    private final double[][] users;
    private final double[][] items;

    NaiveAls(Interactions data, int dimension) {
      had = new boolean[data.userCount()][data.itemCount()];
      for (int u = 0; u < data.userCount(); u++) {
        for (int e = data.userOffsets()[u]; e < data.userOffsets()[u + 1]; e++) {
          had[u][data.items()[e]] = true;
        }
      }
      users = new double[data.userCount()][dimension];
      items = new double[data.itemCount()][dimension];
      RandomGenerator random = SEED.generator("ials");
      for (double[] item : items) {
        Arrays.setAll(item, i -> (float) (0.1 / Math.sqrt(dimension) * random.nextGaussian()));
      }
    }

    private boolean had(boolean byUser, int row, int other) {
      return byUser ? had[row][other] : had[other][row];
    }

    private double ridge(boolean byUser, int row) {
      int others = byUser ? items.length : users.length;
      int known = 0;
      for (int other = 0; other < others; other++) {
        known += had(byUser, row, other) ? 1 : 0;
      }
      return known == 0 ? 0 : 0.02 * Math.sqrt(known + 0.2 * others);
    }

    void solve(boolean byUser) {
      double[][] fixed = byUser ? items : users;
      double[][] solved = byUser ? users : items;
      int n = fixed[0].length;
      for (int row = 0; row < solved.length; row++) {
        double ridge = ridge(byUser, row);
        double[][] a = new double[n][n];
        double[] b = new double[n];
        for (int i = 0; i < n; i++) {
          a[i][i] = ridge;
        }
        for (int other = 0; other < fixed.length; other++) {
          double weight = 0.2 + (had(byUser, row, other) ? 1 : 0);
          for (int i = 0; i < n; i++) {
            b[i] += had(byUser, row, other) ? fixed[other][i] : 0;
            for (int j = 0; j < n; j++) {
              a[i][j] += weight * fixed[other][i] * fixed[other][j];
            }
          }
        }
        solved[row] = ridge == 0 ? new double[n] : DenseSolve.solve(a, b);
      }
    }

    double objective() {
      double sum = 0;
      int pairs = 0;
      for (int u = 0; u < users.length; u++) {
        for (int i = 0; i < items.length; i++) {
          double prediction = dot(users[u], items[i]);
          sum += 0.2 * prediction * prediction;
          sum += had[u][i] ? (1 - prediction) * (1 - prediction) : 0;
          pairs += had[u][i] ? 1 : 0;
        }
      }
      for (int u = 0; u < users.length; u++) {
        sum += ridge(true, u) * dot(users[u], users[u]);
      }
      for (int i = 0; i < items.length; i++) {
        sum += ridge(false, i) * dot(items[i], items[i]);
      }
      return sum / pairs;
    }

    private static double dot(double[] a, double[] b) {
      double sum = 0;
      for (int i = 0; i < a.length; i++) {
        sum += a[i] * b[i];
      }
      return sum;
    }
  }

  @Test
  void train_blockOfAllDimensions_isDenseAlternatingLeastSquares() {
    Interactions data = Generated.random(9, 120, 60, 30);
    NaiveAls naive = new NaiveAls(data, 12);
    List<Double> expected = new ArrayList<>();
    for (int iteration = 0; iteration < 4; iteration++) {
      naive.solve(true);
      naive.solve(false);
      expected.add(naive.objective());
    }
    List<Double> objectives = new ArrayList<>();
    ImplicitAls model =
        ImplicitAls.train(
            data,
            config(12, 4),
            SEED,
            2,
            (name, step, steps, value) -> objectives.add(value.getAsDouble()));
    assertEquals(4, objectives.size());
    for (int iteration = 0; iteration < 4; iteration++) {
      assertEquals(expected.get(iteration), objectives.get(iteration), 1e-4);
    }
    for (int item = 0; item < 60; item++) {
      float[] factor = model.itemFactor(item);
      for (int i = 0; i < 12; i++) {
        assertEquals(naive.items[item][i], factor[i], 2e-3, "item " + item);
      }
    }
  }

  @Test
  void train_anyBlockSize_everyIterationLowersTheObjective() {
    Interactions data = Generated.random(10, 200, 80, 30);
    List<Double> full = objectives(data, config(12, 40));
    for (int blockSize : new int[] {1, 4, 5, 11, 12, 64}) {
      List<Double> values = objectives(data, config(blockSize, 40));
      assertEquals(40, values.size());
      for (int i = 1; i < 40; i++) {
        assertTrue(values.get(i) <= values.get(i - 1) + 1e-6, blockSize + ": " + values);
      }
      // Different ways into a valley of about the same depth.
      assertEquals(full.getLast(), values.getLast(), 0.03 * full.getLast(), blockSize + "");
    }
  }

  private static List<Double> objectives(Interactions data, Config config) {
    List<Double> values = new ArrayList<>();
    ImplicitAls.train(
        data,
        config,
        SEED,
        1,
        (name, step, steps, value) -> {
          assertEquals("ials", name);
          assertEquals(values.size() + 1, step);
          assertEquals(config.factors().iterations(), steps);
          values.add(value.getAsDouble());
        });
    return values;
  }

  @Test
  void userFactor_history_solvesItsNormalEquations() {
    Interactions data = Generated.random(9, 200, 80, 30);
    Config decaying =
        new Config(new Factors(12, 5, 6), new Loss(0.2, 0.02, 0.5), new Histories(1000, 2));
    ImplicitAls model = ImplicitAls.train(data, decaying, SEED, 2);
    int[] history = {4, 9, 9, 30};
    double[] weights = new double[80];
    weights[30] = 1;
    weights[9] = Math.pow(2, -2);
    weights[4] = Math.pow(3, -2);
    float[] x = model.userFactor(history);
    double ridge = 0.02 * Math.sqrt(3 + 0.2 * 80);
    for (int d = 0; d < 12; d++) {
      double gradient = ridge * x[d];
      for (int i = 0; i < 80; i++) {
        float[] y = model.itemFactor(i);
        double prediction = Kernels.Scalar.dot(x, 0, y, 0, 12);
        gradient += 0.2 * prediction * y[d] + weights[i] * (prediction - 1) * y[d];
      }
      assertEquals(0, gradient, 1e-4);
    }
    assertTrue(Kernels.Scalar.dot(x, 0, x, 0, 12) > 1e-3);
  }

  @Test
  void score_noHistory_isZero() {
    ImplicitAls model = ImplicitAls.train(Generated.random(9, 200, 80, 30), config(12, 6), SEED, 1);
    float[] scores = Generated.floats(SEED.generator("noise"), 80);
    model.score(new int[0], new long[0], 0, scores);
    assertArrayEquals(new float[80], scores);
  }

  @Test
  void train_threadsAndSeed_sameBitsForTheSameSeedOnly() {
    Interactions data = Generated.random(10, 2_000, 80, 30);
    for (int blockSize : new int[] {5, 12}) {
      ImplicitAls one = ImplicitAls.train(data, config(blockSize, 4), SEED, 1);
      for (int threads : new int[] {2, 3, 8}) {
        ImplicitAls more = ImplicitAls.train(data, config(blockSize, 4), SEED, threads);
        for (int item = 0; item < 80; item++) {
          assertArrayEquals(one.itemFactor(item), more.itemFactor(item));
        }
      }
      float[] other = ImplicitAls.train(data, config(blockSize, 4), new Seed(12), 1).itemFactor(5);
      assertTrue(one.itemFactor(5)[0] != other[0]);
    }
  }

  @Test
  void leaveOneOut_groupsOfItems_beatsPopularity() {
    Evaluation evaluation = Evaluation.leaveOneOut(Generated.groups(11, 400, 10, 20, 8));
    for (int blockSize : new int[] {4, 12}) {
      Evaluation.Result ials =
          evaluation.run(ImplicitAls.train(evaluation.training(), config(blockSize, 6), SEED, 1));
      Evaluation.Result popularity =
          evaluation.run(Popularity.train(evaluation.training(), Popularity.Config.COUNTS));
      assertTrue(ials.ndcg10() > 2 * popularity.ndcg10(), ials + " against " + popularity);
    }
  }

  @Test
  void train_moreFactorsThanFitAnArray_isRefusedBeforeAnythingIsAllocated() {
    Interactions data =
        new Interactions(3_000_000, new int[] {0, 1}, new int[] {7}, new long[] {1});
    Config wide = new Config(new Factors(1024, 64, 1), LOSS, ALL);
    WinnowException e =
        assertThrows(WinnowException.class, () -> ImplicitAls.train(data, wide, SEED, 1));
    assertEquals("items", e.problems().getFirst().field());
    assertEquals("0 to 2097151", e.problems().getFirst().expectation());
  }

  @Test
  void checkSize_factorsDoNotFitTheHeap_saysHowManyWould() {
    AlsTrainer.checkSize(1_000_000, 48_576, 64, 256L << 20);
    WinnowException e =
        assertThrows(
            WinnowException.class, () -> AlsTrainer.checkSize(1_000_000, 48_577, 64, 256L << 20));
    assertEquals("users + items: 1048577.0 (expected: 0 to 1048576)", e.getMessage());
  }

  @Test
  void config_outOfRange_namesEveryField() {
    WinnowException factors = assertThrows(WinnowException.class, () -> new Factors(0, 2000, 0));
    assertEquals(3, factors.problems().size());
    WinnowException loss = assertThrows(WinnowException.class, () -> new Loss(0, Double.NaN, 1.5));
    assertEquals(3, loss.problems().size());
    assertEquals("frequencyPower: 1.5 (expected: 0 to 1)", loss.problems().getLast().toString());
    assertEquals(
        2, assertThrows(WinnowException.class, () -> new Histories(0, -1)).problems().size());
  }
}
