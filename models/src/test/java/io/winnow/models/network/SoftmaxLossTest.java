package io.winnow.models.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.Seed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class SoftmaxLossTest {
  private static final Seed SEED = new Seed(21);
  private static final int POSITIONS = 45;
  private static final int ITEMS = 40;
  private static final int WIDTH = 20;

  private static Parameter random(String name, int rows, RandomGenerator random) {
    float[] values = new float[rows * WIDTH];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Parameter.of(name, values, rows, WIDTH);
  }

  /** The loss of queries that a function of parameters gives, so that gradients pass through. */
  private static Torch.Loss loss(
      Parameter queries, Parameter items, SoftmaxTargets choice, boolean closed) {
    return new Torch.Loss() {
      @Override
      public <V> V of(TrainingGraph<V> g) {
        V wider = g.multiply(g.parameter(queries), g.constant(new float[] {1.5f}, 1));
        TrainingGraph<V> used = closed ? g : new Automatic<>(g);
        return used.softmaxLoss(wider, g.parameter(items), choice);
      }
    };
  }

  private static SoftmaxTargets choice(int candidates, boolean corrected, RandomGenerator random) {
    int[] targets = new int[POSITIONS];
    for (int p = 0; p < POSITIONS; p++) {
      targets[p] = p % 7 == 3 ? -1 : random.nextInt(ITEMS);
    }
    float[] corrections = new float[candidates];
    for (int c = 0; c < candidates && corrected; c++) {
      corrections[c] = random.nextFloat() * 3;
    }
    return new SoftmaxTargets(targets, candidates, corrections, 0.1f);
  }

  private static void assertAgrees(int candidates, boolean corrected) {
    RandomGenerator random = SEED.generator("test");
    Parameter queries = random("queries", POSITIONS, random);
    Parameter items = random("items", ITEMS, random);
    SoftmaxTargets choice = choice(candidates, corrected, random);
    List<Parameter> both = List.of(queries, items);
    try (Torch torch = Torch.open(SEED, 0)) {
      float expected = torch.step(both, loss(queries, items, choice, false));
      float[] byQuery = queries.gradient().clone();
      float[] byItem = items.gradient().clone();
      float closed = torch.step(both, loss(queries, items, choice, true));
      assertEquals(expected, closed, 1e-4 * expected);
      assertEquals(expected, torch.evaluate(loss(queries, items, choice, true))[0], 1e-3);
      assertArrayEquals(byQuery, queries.gradient(), 2e-5f);
      assertArrayEquals(byItem, items.gradient(), 2e-5f);
      assertEquals(0, torch.liveArrays());
    }
  }

  @Test
  void softmaxLoss_wholeCatalogue_agreesWithAutomaticDifferentiation() {
    assertAgrees(ITEMS, false);
  }

  @Test
  void softmaxLoss_sampledWithCorrections_agreesWithAutomaticDifferentiation() {
    assertAgrees(17, true);
  }

  @Test
  void softmaxLoss_moreRowsThanAChunk_agreesWithAutomaticDifferentiation() {
    RandomGenerator random = SEED.generator("large");
    int rows = 40_000;
    Parameter queries = random("queries", POSITIONS, random);
    Parameter items = random("items", rows, random);
    int[] targets = random.ints(POSITIONS, 0, rows).toArray();
    SoftmaxTargets choice = new SoftmaxTargets(targets, rows, new float[rows], 1f);
    List<Parameter> both = List.of(queries, items);
    try (Torch torch = Torch.open(SEED, 0)) {
      float expected = torch.step(both, loss(queries, items, choice, false));
      float[] byQuery = queries.gradient().clone();
      float[] byItem = items.gradient().clone();
      assertEquals(expected, torch.step(both, loss(queries, items, choice, true)), 1e-5 * expected);
      assertArrayEquals(byQuery, queries.gradient(), 2e-4f);
      assertArrayEquals(byItem, items.gradient(), 2e-4f);
    }
  }

  /** The shards' gradients are those of the whole, and their order decides, not the threads'. */
  @Test
  void step_inShards_sumsTheirGradients() {
    RandomGenerator random = SEED.generator("shards");
    Parameter queries = random("queries", POSITIONS, random);
    Parameter items = random("items", ITEMS, random);
    List<Torch.Shard> shards = new ArrayList<>();
    double expected = 0;
    float[] byItem = new float[ITEMS * WIDTH];
    try (Torch torch = Torch.open(SEED, 0)) {
      for (int s = 0; s < 5; s++) {
        SoftmaxTargets choice = choice(ITEMS, false, random);
        shards.add(new Torch.Shard(List.of(), loss(queries, items, choice, true)));
        expected += torch.step(List.of(queries, items), loss(queries, items, choice, true));
        for (int i = 0; i < byItem.length; i++) {
          byItem[i] += items.gradient()[i];
        }
      }
      assertEquals(expected, torch.step(0, List.of(queries, items), shards), 1e-4 * expected);
      assertArrayEquals(byItem, items.gradient(), 1e-4f);
      float[] first = items.gradient().clone();
      torch.step(0, List.of(queries, items), shards);
      assertArrayEquals(first, items.gradient());
    }
  }

  @Test
  void distanceBias_agreesWithItsDefinition() {
    RandomGenerator random = SEED.generator("bias");
    int heads = 2;
    Parameter table = Parameter.matrix("table", 7, heads, random);
    for (int length : new int[] {1, 2, 5, 7}) {
      try (Torch torch = Torch.open(SEED, 0)) {
        float[] bias =
            torch.evaluate(
                new Torch.Loss() {
                  @Override
                  public <V> V of(TrainingGraph<V> g) {
                    return g.distanceBias(g.parameter(table), length);
                  }
                });
        assertEquals(heads * length * length, bias.length);
        for (int cell = 0; cell < bias.length; cell++) {
          int h = cell / (length * length);
          int i = cell / length % length;
          int j = cell % length;
          if (j <= i) {
            assertEquals(table.values()[(i - j) * heads + h], bias[cell], 0, "cell " + cell);
          } else {
            assertEquals(-1e9f, bias[cell], 10, "cell " + cell);
          }
        }
      }
    }
  }

  @Test
  void rows_anyLength_agreeWithPlainLoops() {
    RandomGenerator random = SEED.generator("rows");
    for (int n : new int[] {1, 7, 16, 17, 31, 32, 33, 100, 3416}) {
      float[] row = new float[n + 3];
      float[] corrections = new float[n];
      float[] plain = new float[n];
      double sum = 0;
      for (int i = 0; i < n; i++) {
        plain[i] = random.nextFloat() * 40 - 30;
        corrections[i] = random.nextFloat();
        row[3 + i] = plain[i] - corrections[i];
      }
      float max = SoftmaxRows.addAndMax(row, 3, n, corrections);
      assertEquals(max, SoftmaxRows.max(row, 3, n));
      assertEquals(Arrays.stream(toDoubles(plain)).max().orElseThrow(), max, 1e-5);
      float total = SoftmaxRows.exponentials(row, 3, n, max);
      for (int i = 0; i < n; i++) {
        double e = Math.exp((double) plain[i] - max);
        assertEquals(e, row[3 + i], 1e-5 * e + 1e-12);
        sum += e;
      }
      assertEquals(sum, total, 1e-4 * sum);
    }
  }

  @Test
  void addProduct_anyLayout_agreesWithItsScalarTwin() {
    RandomGenerator random = SEED.generator("blocks");
    for (int depth : new int[] {0, 1, 5, 64, 200}) {
      int row = Gemm.COLUMNS + 3;
      float[] a = gaussians(2 + Gemm.ROWS * Math.max(1, depth) * 2, random);
      float[] b = gaussians(1 + (depth + 1) * row, random);
      float[] c = gaussians(3 + Gemm.ROWS * row, random);
      Gemm.Matrix right = new Gemm.Matrix(b, 1, row, 1);
      for (Gemm.Matrix left :
          List.of(new Gemm.Matrix(a, 2, depth, 1), new Gemm.Matrix(a, 1, 1, Gemm.ROWS + 1))) {
        float[] plain = c.clone();
        float[] fast = c.clone();
        Gemm.Scalar.addProduct(left, right, depth, new Gemm.Matrix(plain, 3, row, 1));
        Gemm.addProduct(left, right, depth, new Gemm.Matrix(fast, 3, row, 1));
        assertArrayEquals(plain, fast, 1e-4f);
      }
    }
  }

  private static float[] gaussians(int size, RandomGenerator random) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double[] toDoubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  @Test
  void exp_downToItsLimit_isWithinItsError() {
    for (float x = 0; x > -86; x -= 0.0137f) {
      double exact = Math.exp(x);
      assertEquals(exact, SoftmaxRows.exp(x), 3e-7 * exact, "x " + x);
    }
    assertEquals(SoftmaxRows.exp(-87), SoftmaxRows.exp(-1e9f));
    assertEquals(Float.NaN, SoftmaxRows.exp(Float.NaN));
  }
}
