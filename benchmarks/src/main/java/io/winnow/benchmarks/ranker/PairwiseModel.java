package io.winnow.benchmarks.ranker;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.models.network.Adam;
import io.winnow.models.network.Parameter;
import io.winnow.models.network.Schedule;
import io.winnow.models.network.Torch;
import io.winnow.models.network.TrainingGraph;
import io.winnow.models.ranker.Calibration;
import io.winnow.models.ranker.RankingExamples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A factorisation machine for each objective (Rendle 2010): the logit is a linear function of the D
 * columns plus, for each pair of columns, the product of their values and of their vectors of k
 * numbers. With k = 0 it is logistic regression.
 *
 * <p>It is trained with the ranker's optimiser, schedule, split by time and stopping, with the
 * position as an input of training only, and calibrated on the same slice.
 */
final class PairwiseModel {
  private static final int BATCH_ROWS = 1024;
  private static final int POSITIONS = 64;
  private static final float MAX_GRADIENT_NORM = 5;

  private final RankingExamples examples;
  private final BaselineInputs inputs;
  private final int tasks;
  private final Config config;
  private final List<Parameter> linear = new ArrayList<>();
  private final List<Parameter> factors = new ArrayList<>();
  private final Parameter positions;
  private final Seed seed;
  private float[] x = {};
  private float[] y = {};
  private int[] places = {};

  /**
   * How it is trained.
   *
   * @param rank k
   * @param weightDecay of the vectors
   */
  record Config(int rank, int epochs, double learningRate, double weightDecay) {}

  PairwiseModel(RankingExamples examples, BaselineInputs inputs, Config config, Seed seed) {
    this.examples = examples;
    this.inputs = inputs;
    this.tasks = examples.tasks();
    this.config = config;
    this.seed = seed;
    RandomGenerator random = seed.generator("weights");
    int d = inputs.width();
    linear.add(Parameter.of("linear.weight", new float[d * tasks], d, tasks));
    linear.add(Parameter.of("linear.bias", new float[tasks], tasks));
    for (int t = 0; t < tasks && config.rank() > 0; t++) {
      Parameter matrix = Parameter.matrix("factors" + t, d, config.rank(), random);
      for (int i = 0; i < matrix.values().length; i++) {
        matrix.values()[i] *= 0.1f;
      }
      factors.add(matrix);
    }
    positions = Parameter.of("positions", new float[POSITIONS * tasks], POSITIONS, tasks);
  }

  private List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(linear);
    all.addAll(factors);
    all.add(positions);
    return all;
  }

  /**
   * Trains on requests 0 … train-1, stops and calibrates on train … validation-1.
   *
   * @return calibrated probabilities of the rows from request {@code validation} on, without
   *     positions, shape (rows, T)
   */
  float[] trainAndPredict(int train, int validation) {
    List<Parameter> parameters = parameters();
    int[] offsets = examples.groupOffsets();
    int[] order = new int[offsets[train]];
    Arrays.setAll(order, i -> i);
    RandomGenerator random = seed.generator("order");
    Adam adam = new Adam(parameters, (float) config.weightDecay(), MAX_GRADIENT_NORM);
    int steps = (order.length + BATCH_ROWS - 1) / BATCH_ROWS;
    Schedule schedule =
        new Schedule(TimeSource.system(), steps * config.epochs(), config.learningRate(), 1e6);
    try (Torch torch = Torch.open(seed, 0)) {
      double best = Double.POSITIVE_INFINITY;
      List<float[]> kept = List.of();
      for (int epoch = 0; epoch < config.epochs(); epoch++) {
        shuffle(order, random);
        for (int from = 0; from < order.length; from += BATCH_ROWS) {
          fill(order, from, Math.min(order.length, from + BATCH_ROWS));
          torch.step(parameters, loss(Math.min(order.length, from + BATCH_ROWS) - from));
          adam.step(schedule.nextLearningRate());
        }
        double heldOut = loss(torch, offsets[train], offsets[validation]);
        if (heldOut < best) {
          best = heldOut;
          kept = parameters.stream().map(p -> p.values().clone()).toList();
        }
      }
      for (int i = 0; i < kept.size(); i++) {
        parameters.get(i).set(kept.get(i));
      }
      return predict(torch, offsets[train], offsets[validation]);
    }
  }

  private static void shuffle(int[] order, RandomGenerator random) {
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
  }

  private void fill(int[] order, int from, int to) {
    int d = inputs.width();
    int n = to - from;
    if (places.length < n) {
      places = new int[n];
      x = new float[n * d];
      y = new float[n * tasks];
    }
    Arrays.fill(x, 0, n * d, 0);
    for (int i = 0; i < n; i++) {
      int row = order[from + i];
      inputs.write(row, x, i * d);
      System.arraycopy(examples.outcomes().labels(), row * tasks, y, i * tasks, tasks);
      places[i] = Math.clamp(examples.outcomes().positions()[row], 0, POSITIONS - 1);
    }
  }

  private Torch.Loss loss(int n) {
    return new Torch.Loss() {
      @Override
      public <V> V of(TrainingGraph<V> g) {
        V z = g.add(logits(g, n), g.lookup(g.parameter(positions), g.indices(places, n)));
        V one = g.constant(new float[] {1}, 1, 1);
        V minusOne = g.constant(new float[] {-1}, 1, 1);
        V soft = g.log(g.add(g.exp(g.multiply(g.abs(z), minusOne)), one));
        V entropy = g.add(g.subtract(g.relu(z), g.multiply(z, g.data(y, n, tasks))), soft);
        return g.multiply(g.sumAll(entropy), g.constant(new float[] {1f / n}, 1));
      }
    };
  }

  private <V> V logits(TrainingGraph<V> g, int n) {
    V rows = g.data(x, n, inputs.width());
    V logits = g.linear(rows, linear.get(0), linear.get(1));
    if (factors.isEmpty()) {
      return logits;
    }
    V squares = g.multiply(rows, rows);
    V pairs = pairs(g, rows, squares, factors.getFirst());
    for (Parameter factor : factors.subList(1, factors.size())) {
      pairs = g.concat(pairs, pairs(g, rows, squares, factor));
    }
    return g.add(logits, pairs);
  }

  /** Σ over pairs of columns of x_i · x_j · (v_i · v_j), in time linear in D: shape (rows, 1). */
  private static <V> V pairs(TrainingGraph<V> g, V rows, V squares, Parameter factor) {
    V v = g.parameter(factor);
    V sums = g.matMul(rows, v);
    V own = g.matMul(squares, g.multiply(v, v));
    V both = g.sum(g.subtract(g.multiply(sums, sums), own));
    return g.multiply(both, g.constant(new float[] {0.5f}, 1, 1));
  }

  private double loss(Torch torch, int from, int to) {
    double sum = 0;
    for (int at = from; at < to; at += BATCH_ROWS) {
      int n = fillRange(at, to);
      sum += (double) torch.evaluate(loss(n))[0] * n;
    }
    return sum / (to - from);
  }

  private int fillRange(int from, int to) {
    int n = Math.min(BATCH_ROWS, to - from);
    int[] order = new int[n];
    Arrays.setAll(order, i -> from + i);
    fill(order, 0, n);
    return n;
  }

  private float[] logits(Torch torch, int from, int to) {
    float[] all = new float[(to - from) * tasks];
    for (int at = from; at < to; at += BATCH_ROWS) {
      int n = fillRange(at, to);
      float[] some =
          torch.evaluate(
              new Torch.Loss() {
                @Override
                public <V> V of(TrainingGraph<V> g) {
                  return logits(g, n);
                }
              });
      System.arraycopy(some, 0, all, (at - from) * tasks, n * tasks);
    }
    return all;
  }

  private float[] predict(Torch torch, int train, int validation) {
    float[] fit = logits(torch, train, validation);
    float[] logits = logits(torch, validation, examples.rows());
    float[] probabilities = new float[logits.length];
    for (int t = 0; t < tasks; t++) {
      Calibration calibration =
          Calibration.fit(
              column(fit, t), column(examples.outcomes().labels(), t, train, validation));
      float[] served = calibration.apply(column(logits, t));
      for (int i = 0; i < served.length; i++) {
        probabilities[i * tasks + t] = served[i];
      }
    }
    return probabilities;
  }

  private float[] column(float[] matrix, int t) {
    return column(matrix, t, 0, matrix.length / tasks);
  }

  private float[] column(float[] matrix, int t, int from, int to) {
    float[] column = new float[to - from];
    for (int i = 0; i < column.length; i++) {
      column[i] = matrix[(from + i) * tasks + t];
    }
    return column;
  }
}
