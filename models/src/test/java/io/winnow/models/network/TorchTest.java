package io.winnow.models.network;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class TorchTest {
  private static final Seed SEED = new Seed(3);

  /** Every operation of the graph once, on x of shape (2, 3), down to shape (2, 1). */
  private static <V> V everyOperation(Graph<V> g, V x, Parameter weight, Parameter bias) {
    V known = g.add(g.zeroUnknown(x), g.isUnknown(x));
    V y = g.linear(known, weight, bias);
    V a = g.add(g.sigmoid(y), g.relu(g.subtract(y, g.constant(new float[] {0.1f}, 1))));
    V b = g.multiply(g.sign(y), g.log(g.add(g.abs(y), g.constant(new float[] {1}, 1))));
    V c = g.divide(g.softmax(y), g.sqrt(g.add(g.abs(y), g.constant(new float[] {2}, 1))));
    V joined = g.concat(g.concat(a, b), g.dropout(g.clip(c, -0.5f, 0.3f)));
    List<V> parts = g.split(joined, 3);
    joined = g.concat(g.concat(parts.get(2), parts.get(1)), parts.get(0));
    V turned = g.transpose(g.reshape(joined, 0, 3, -1), 0, 2, 1);
    V gain = g.constant(new float[] {1, 2, 3}, 3);
    V shift = g.constant(new float[] {0, 1, 0}, 3);
    V normed = g.reshape(g.layerNorm(turned, gain, shift), 0, -1);
    return g.sum(g.multiply(normed, normed));
  }

  @Test
  void export_everyOperation_agreesWithTorch() {
    RandomGenerator random = SEED.generator("test");
    Parameter weight = Parameter.matrix("w", 3, 3, random);
    Parameter bias = Parameter.vector("b", 3, 0.2f);
    float[] x = {1, -2, Float.NaN, 0.5f, 3, -1};
    float[] trained;
    try (Torch torch = Torch.open(SEED, 0)) {
      trained =
          torch.evaluate(
              new Torch.Loss() {
                @Override
                public <V> V of(TrainingGraph<V> g) {
                  return everyOperation(g, g.data(x, 2, 3), weight, bias);
                }
              });
    }
    OnnxWriter writer = new OnnxWriter("test");
    String input = writer.input("x", List.of("B", "3"));
    writer.output(everyOperation(writer, input, weight, bias), "y", List.of("B", "1"));
    List<OnnxModel.Port> inputs = List.of(OnnxModel.Port.of("x", -1, 3));
    OnnxModel.Port output = OnnxModel.Port.of("y", -1, 1);
    try (OnnxModel model = OnnxModel.load("test", writer.toBytes(), inputs, output)) {
      assertArrayEquals(trained, model.run(List.of(x), List.of(new long[] {2, 3})), 1e-4f);
    }
  }

  /**
   * Σ over rows of ln(Σ eˣ) of a matrix of looked-up, projected rows: a loss with a known slope.
   */
  private static Torch.Loss loss(Parameter table, Parameter weight) {
    return new Torch.Loss() {
      @Override
      public <V> V of(TrainingGraph<V> g) {
        V rows = g.lookup(g.parameter(table), g.indices(new int[] {0, 2, 2}, 3));
        V logits = g.matMul(rows, g.parameter(weight));
        V ids = g.indices(new int[] {0, 1, 9}, 3, 1);
        V masked = g.maskEqual(logits, ids, g.indices(new int[] {0, 1}, 1, 2));
        return g.sumAll(g.column(g.logSoftmax(g.concat(g.exp(logits), masked)), 1));
      }
    };
  }

  @Test
  void step_gradients_agreeWithDifferences() {
    RandomGenerator random = SEED.generator("test");
    Parameter table = Parameter.matrix("table", 4, 3, random);
    Parameter weight = Parameter.matrix("weight", 3, 2, random);
    try (Torch torch = Torch.open(SEED, 0)) {
      Torch.Loss loss = loss(table, weight);
      torch.step(List.of(table, weight), loss);
      for (Parameter parameter : List.of(table, weight)) {
        for (int i = 0; i < parameter.values().length; i++) {
          float kept = parameter.values()[i];
          float h = 5e-3f;
          parameter.values()[i] = kept + h;
          float above = torch.evaluate(loss)[0];
          parameter.values()[i] = kept - h;
          float below = torch.evaluate(loss)[0];
          parameter.values()[i] = kept;
          assertEquals((above - below) / (2 * h), parameter.gradient()[i], 5e-3, parameter.name());
        }
      }
      assertArrayEquals(
          new float[3], java.util.Arrays.copyOfRange(table.gradient(), 3, 6), "unused row");
    }
  }

  @Test
  void step_manyTimes_leavesNoTensorBehind() {
    RandomGenerator random = SEED.generator("test");
    Parameter weight = Parameter.matrix("w", 3, 3, random);
    Parameter bias = Parameter.vector("b", 3, 0);
    Torch.Loss loss =
        new Torch.Loss() {
          @Override
          public <V> V of(TrainingGraph<V> g) {
            V x = g.data(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
            return g.sumAll(everyOperation(g, x, weight, bias));
          }
        };
    try (Torch torch = Torch.open(SEED, 0.1)) {
      assertEquals(0, torch.liveArrays());
      for (int i = 0; i < 20; i++) {
        torch.step(List.of(weight, bias), loss);
        torch.evaluate(loss);
        assertEquals(0, torch.liveArrays(), "after step " + i);
      }
    }
  }

  @Test
  void dropout_dropsItsShareWhileTrainingOnly() {
    Parameter ones = Parameter.vector("ones", 10_000, 1);
    Torch.Loss loss =
        new Torch.Loss() {
          @Override
          public <V> V of(TrainingGraph<V> g) {
            return g.sumAll(g.dropout(g.parameter(ones)));
          }
        };
    try (Torch torch = Torch.open(SEED, 0.25)) {
      assertEquals(10_000, torch.evaluate(loss)[0], 0.5);
      float first = torch.step(List.of(ones), loss);
      assertEquals(10_000, first, 300);
      assertNotEquals(first, torch.step(List.of(ones), loss));
      int dropped = 0;
      for (float g : ones.gradient()) {
        dropped += g == 0 ? 1 : 0;
      }
      assertEquals(2500, dropped, 200);
    }
  }

  @Test
  void adam_matchesItsDefinition() {
    Parameter decaying = Parameter.matrix("w", 1, 2, SEED.generator("test"));
    Parameter plain = Parameter.of("p", decaying.values().clone(), 2);
    float[] rows = decaying.values().clone();
    double[] expected = {rows[0], rows[1]};
    double[] undecayed = expected.clone();
    double[] m = new double[2];
    double[] v = new double[2];
    Adam adam = new Adam(List.of(decaying, plain), 0.1f, 1000);
    RowAdam rowAdam = new RowAdam(rows, 2);
    for (int step = 1; step <= 50; step++) {
      for (int i = 0; i < 2; i++) {
        double g = Math.sin(step + i) * (i + 1);
        decaying.gradient()[i] = (float) g;
        plain.gradient()[i] = (float) g;
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.98 * v[i] + 0.02 * g * g;
        double direction =
            m[i] / (1 - Math.pow(0.9, step)) / Math.sqrt(v[i] / (1 - Math.pow(0.98, step)));
        expected[i] = expected[i] * (1 - 0.01 * 0.1) - 0.01 * direction;
        undecayed[i] -= 0.01 * direction;
      }
      adam.step(0.01f);
      rowAdam.step(0, plain.gradient(), 0, 1, 0.01f);
    }
    for (int i = 0; i < 2; i++) {
      assertEquals(expected[i], decaying.values()[i], 1e-4);
      assertEquals(undecayed[i], plain.values()[i], 1e-4);
      assertEquals(undecayed[i], rows[i], 1e-4);
    }
  }

  @Test
  void adam_hugeGradient_isScaledToTheNorm() {
    Parameter one = Parameter.of("one", new float[2], 2);
    Parameter two = Parameter.of("two", new float[2], 2);
    Adam clipped = new Adam(List.of(one), 0, 5);
    Adam free = new Adam(List.of(two), 0, 5);
    for (int step = 0; step < 2; step++) {
      one.gradient()[0] = step == 0 ? 3e6f : 1;
      one.gradient()[1] = step == 0 ? 4e6f : 1;
      two.gradient()[0] = step == 0 ? 3 : 1;
      two.gradient()[1] = step == 0 ? 4 : 1;
      clipped.step(0.01f);
      free.step(0.01f);
    }
    assertArrayEquals(two.values(), one.values(), 1e-6f);
  }

  @Test
  void schedule_budgetTooSmall_endsInTime() {
    long[] now = {0};
    Schedule schedule = new Schedule(() -> now[0], 10_000, 1, 10);
    int steps = 0;
    float last = 0;
    while (!schedule.isDone()) {
      last = schedule.nextLearningRate();
      now[0] += 10;
      steps++;
    }
    assertEquals(1000, steps, 50);
    assertTrue(last < 0.06, "learning rate at the end " + last);
  }

  @Test
  void checkLoss_notANumber_namesEpochAndLoss() {
    WinnowException refusal =
        assertThrows(WinnowException.class, () -> Schedule.checkLoss("encoder", 3, Double.NaN));
    assertTrue(refusal.toString().contains("encoder.loss: NaN in epoch 3"), refusal::toString);
  }
}
