package io.winnow.models.linear;

import io.winnow.core.Seed;
import io.winnow.models.Interactions;
import io.winnow.models.ItemScorer;
import io.winnow.models.ModelFile;
import io.winnow.models.Stripes;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Matrix factorisation of implicit feedback (Hu, Koren, Volinsky: Collaborative filtering for
 * implicit feedback datasets, ICDM 2008).
 *
 * <p>Minimises {@code Σ_ui c_ui (p_ui - x_uᵀy_i)² + λ (Σ_u s_u |x_u|² + Σ_i s_i |y_i|²)} with
 * preference p 1 for what the user had and confidence {@code c = 1 + α}. The regularisation grows
 * with what is known of a user or item, {@code s = (known + α₀·others)^ν}, in the frequency-scaled
 * form of Rendle et al. (Revisiting the performance of iALS on item recommendation benchmarks,
 * RecSys 2022). Only item factors are kept: a request solves for its own user factor from its
 * history, which takes O(L·E² + E³), and then takes N inner products.
 *
 * <p>Memory: 4·N·E bytes, and in training 4·U·E more. Immutable.
 */
public final class ImplicitAls implements ItemScorer {
  private static final String KIND = "ials";
  private static final int VERSION = 1;

  private final Config config;
  private final float[] factors;
  private final float[] gram;

  private ImplicitAls(Config config, float[] factors) {
    this.config = config;
    this.factors = factors;
    this.gram = gram(factors, config.dimension());
  }

  /**
   * How to train and score.
   *
   * @param dimension E
   * @param iterations alternations of users and items
   * @param alpha α, extra confidence in what was seen
   * @param lambda λ, the regularisation
   * @param unobservedWeight α₀, what an unseen pair counts against a seen one in the
   *     regularisation's scale
   * @param frequencyPower ν in [0, 1]; 0 regularises all alike
   * @param historyLimit how many of a user's newest distinct items count, in training and requests
   * @param halfLifeItems at a request, after how many newer items one of the history counts half;
   *     infinite for no decay
   */
  public record Config(
      int dimension,
      int iterations,
      double alpha,
      double lambda,
      double unobservedWeight,
      double frequencyPower,
      int historyLimit,
      double halfLifeItems) {
    /** Good on films and on baskets. */
    public static final Config DEFAULT = new Config(64, 8, 60, 0.1, 0, 1, 1000, 2);

    /** Checks the ranges. */
    public Config {
      new Checks()
          .range("dimension", dimension, 1, 1024)
          .range("iterations", iterations, 1, 1000)
          .range("alpha", alpha, 1e-6, 1e6)
          .range("lambda", lambda, 1e-9, 1e6)
          .range("unobservedWeight", unobservedWeight, 0, 1)
          .range("frequencyPower", frequencyPower, 0, 1)
          .range("historyLimit", historyLimit, 1, 10_000)
          .range("halfLifeItems", halfLifeItems, 0.1, Double.POSITIVE_INFINITY)
          .done();
    }
  }

  /** Alternates least squares; O(iterations · (events · E² + (U + N) · E³)) time. */
  public static ImplicitAls train(
      Interactions interactions, Config config, Seed seed, int threads) {
    Adjacency byUser = Adjacency.byUser(interactions, config.historyLimit());
    Adjacency byItem = byUser.transpose(interactions.itemCount());
    float[] users = new float[Math.multiplyExact(byUser.size(), config.dimension())];
    float[] items = new float[Math.multiplyExact(byItem.size(), config.dimension())];
    RandomGenerator random = seed.generator("ials");
    double scale = 0.1 / Math.sqrt(config.dimension());
    for (int i = 0; i < items.length; i++) {
      items[i] = (float) (scale * random.nextGaussian());
    }
    for (int iteration = 0; iteration < config.iterations(); iteration++) {
      solveAll(byUser, items, users, config, threads);
      solveAll(byItem, users, items, config, threads);
    }
    return new ImplicitAls(config, items);
  }

  private static void solveAll(
      Adjacency known, float[] fixed, float[] solved, Config config, int threads) {
    float[] gram = gram(fixed, config.dimension());
    int others = fixed.length / config.dimension();
    Stripes.run(
        threads,
        known.size(),
        Math.max(1, Math.ceilDiv(known.size(), 16 * threads)),
        (from, to) -> {
          NormalEquations equations = new NormalEquations(config, gram, others);
          for (int row = from; row < to; row++) {
            int first = known.offsets()[row];
            int count = known.offsets()[row + 1] - first;
            if (count == 0) {
              Arrays.fill(solved, row * config.dimension(), (row + 1) * config.dimension(), 0f);
            } else {
              equations.solve(
                  fixed,
                  known.neighbours(),
                  first,
                  count,
                  Double.POSITIVE_INFINITY,
                  solved,
                  row * config.dimension());
            }
          }
        });
  }

  /** FᵀF, shape (E, E), full. */
  private static float[] gram(float[] factors, int dimension) {
    double[] sums = new double[dimension * dimension];
    float[] block = new float[dimension * dimension];
    int rows = factors.length / dimension;
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < dimension; i++) {
        Kernels.addScaled(
            factors[row * dimension + i],
            factors,
            row * dimension,
            block,
            i * dimension,
            dimension);
      }
      // Single precision for a block of rows, double over the blocks: millions of rows stay exact.
      if (row % 1024 == 1023 || row == rows - 1) {
        for (int i = 0; i < sums.length; i++) {
          sums[i] += block[i];
        }
        Arrays.fill(block, 0f);
      }
    }
    float[] gram = new float[sums.length];
    for (int i = 0; i < sums.length; i++) {
      gram[i] = (float) sums[i];
    }
    return gram;
  }

  @Override
  public int itemCount() {
    return factors.length / config.dimension();
  }

  @Override
  public void score(int[] history, long[] timesMs, long nowMs, float[] scores) {
    float[] user = userFactor(history);
    Kernels.dots(user, factors, 0, itemCount(), scores, 0);
  }

  /**
   * The user factor that fits a history, shape (E); zero for an empty one.
   *
   * @param history item indices, oldest first
   */
  public float[] userFactor(int[] history) {
    int[] newest = History.newestDistinct(history, itemCount(), config.historyLimit());
    float[] user = new float[config.dimension()];
    if (newest.length > 0) {
      new NormalEquations(config, gram, itemCount())
          .solve(factors, newest, 0, newest.length, config.halfLifeItems(), user, 0);
    }
    return user;
  }

  /** A copy of one item's factor, shape (E). */
  public float[] itemFactor(int item) {
    return Arrays.copyOfRange(factors, item * config.dimension(), (item + 1) * config.dimension());
  }

  /** The same model under other item indices; items that training did not see have zero factors. */
  public ImplicitAls remap(int[] newIndexOfOld, int newItemCount) {
    SparseRows.checkMapping(newIndexOfOld, itemCount(), newItemCount);
    int dimension = config.dimension();
    float[] remapped = new float[Math.multiplyExact(newItemCount, dimension)];
    for (int old = 0; old < newIndexOfOld.length; old++) {
      if (newIndexOfOld[old] >= 0) {
        System.arraycopy(
            factors, old * dimension, remapped, newIndexOfOld[old] * dimension, dimension);
      }
    }
    return new ImplicitAls(config, remapped);
  }

  /** Writes a {@link ModelFile}. */
  public void write(Path file) {
    ModelFile.write(
        file,
        KIND,
        VERSION,
        out -> {
          out.writeInt(config.dimension());
          out.writeInt(config.iterations());
          out.writeDouble(config.alpha());
          out.writeDouble(config.lambda());
          out.writeDouble(config.unobservedWeight());
          out.writeDouble(config.frequencyPower());
          out.writeInt(config.historyLimit());
          out.writeDouble(config.halfLifeItems());
          ModelFile.writeFloats(out, factors);
        });
  }

  /** Reads what {@link #write} wrote. */
  public static ImplicitAls read(Path file) {
    return ModelFile.read(
        file,
        KIND,
        VERSION,
        in -> {
          Config config =
              new Config(
                  in.readInt(),
                  in.readInt(),
                  in.readDouble(),
                  in.readDouble(),
                  in.readDouble(),
                  in.readDouble(),
                  in.readInt(),
                  in.readDouble());
          float[] factors = ModelFile.readFloats(in);
          if (factors.length % config.dimension() != 0) {
            throw new IllegalArgumentException(
                "factors: "
                    + factors.length
                    + " (expected: a multiple of "
                    + config.dimension()
                    + ")");
          }
          return new ImplicitAls(config, factors);
        });
  }
}
