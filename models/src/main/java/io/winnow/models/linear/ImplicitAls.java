package io.winnow.models.linear;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.ItemScorer;
import io.winnow.models.ModelFile;
import io.winnow.models.linear.SubspaceSolver.Neighbours;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Matrix factorisation of implicit feedback (Hu, Koren, Volinsky: Collaborative filtering for
 * implicit feedback datasets, ICDM 2008), solved by blocks of dimensions (Rendle et al.: iALS++:
 * Speeding up matrix factorization with subspace optimization, 2021).
 *
 * <p>Minimises, over the pairs S of users and the items that they had,
 *
 * <pre>
 * Σ_S (1 - x_uᵀy_i)² + α₀ Σ_all (x_uᵀy_i)² + λ (Σ_u s_u |x_u|² + Σ_i s_i |y_i|²)
 * </pre>
 *
 * <p>where the regularisation grows with what is known of a user or item, {@code s = (known +
 * α₀·others)^ν} (Rendle et al.: Revisiting the performance of iALS on item recommendation
 * benchmarks, RecSys 2022). Hu's α is 1 / α₀, up to the scale of the factors. Only item factors are
 * kept: a request solves for its own user factor from its history, exactly, which takes O(L·E² +
 * E³), and then takes N inner products.
 *
 * <p>Training takes O(iterations · (events · E·b + (U + N) · E·b²)) time for blocks of b
 * dimensions, and 4·(U + N)·E + 8·events bytes. More users or items than fit one array at the
 * chosen dimension (33 million at 64), or the heap, are refused. The outcome does not depend on the
 * number of threads. The model takes 4·N·E bytes. Immutable.
 */
public final class ImplicitAls implements ItemScorer {
  private static final String KIND = "ials";
  private static final int VERSION = 2;

  private final Config config;
  private final float[] factors;
  private final float[] gram;

  private ImplicitAls(Config config, float[] factors) {
    this.config = config;
    this.factors = factors;
    this.gram =
        AlsTrainer.gram(factors, config.factors().dimension(), config.loss().unobservedWeight(), 1);
  }

  /**
   * How to train and score.
   *
   * @param factors the factors' size, and the work spent on them
   * @param loss what is minimised
   * @param histories what counts of a user's history
   */
  public record Config(Factors factors, Loss loss, Histories histories) {
    /** Good on films and on baskets. */
    public static final Config DEFAULT =
        new Config(new Factors(64, 64, 8), new Loss(0.2, 0.005, 1), new Histories(1000, 1));
  }

  /**
   * The factors' size, and the work spent on them.
   *
   * @param dimension E
   * @param blockSize b, how many dimensions are solved for at a time; E or more solves each row
   *     exactly. Less makes an iteration of many dimensions cheaper, and takes a few more of them
   * @param iterations alternations of users and items
   */
  public record Factors(int dimension, int blockSize, int iterations) {
    /** Checks the ranges. */
    public Factors {
      new Checks()
          .range("dimension", dimension, 1, 1024)
          .range("blockSize", blockSize, 1, 1024)
          .range("iterations", iterations, 1, 1000)
          .done();
    }
  }

  /**
   * What is minimised.
   *
   * @param unobservedWeight α₀, what a pair weighs that was not seen, or not yet
   * @param regularisation λ
   * @param frequencyPower ν; 0 regularises all alike
   */
  public record Loss(double unobservedWeight, double regularisation, double frequencyPower) {
    /** Checks the ranges. */
    public Loss {
      new Checks()
          .range("unobservedWeight", unobservedWeight, 1e-6, 1e6)
          .range("regularisation", regularisation, 1e-9, 1e6)
          .range("frequencyPower", frequencyPower, 0, 1)
          .done();
    }

    /** λ s for a row with so many known neighbours of so many. */
    float ridge(int known, int others) {
      return (float) (regularisation * Math.pow(known + unobservedWeight * others, frequencyPower));
    }
  }

  /**
   * What counts of a user's history.
   *
   * @param limit how many of the newest distinct items, in training and requests
   * @param memoryPower at a request, an item with a newer ones weighs {@code (1 + a)^-memoryPower};
   *     0 for all alike
   */
  public record Histories(int limit, double memoryPower) {
    /** Checks the ranges. */
    public Histories {
      new Checks().range("limit", limit, 1, 10_000).range("memoryPower", memoryPower, 0, 10).done();
    }
  }

  /** Trains without a word; see the class for what it costs. */
  public static ImplicitAls train(
      Interactions interactions, Config config, Seed seed, int threads) {
    return train(interactions, config, seed, threads, TrainingSteps.silent());
  }

  /**
   * Trains; see the class for what it costs.
   *
   * @param progress hears of each iteration; its objective takes about a thirtieth of an iteration
   *     to compute
   */
  public static ImplicitAls train(
      Interactions interactions, Config config, Seed seed, int threads, TrainingSteps progress) {
    AlsTrainer trainer = new AlsTrainer(interactions, config, seed, threads, new float[0]);
    return new ImplicitAls(config, trainer.train(progress));
  }

  /**
   * Goes on from another model's factors: a few iterations come close to what many give from
   * nothing.
   *
   * @param previous its items are the first of these
   * @throws WinnowException INVALID_ARGUMENT if its factors have another dimension, or it knows
   *     more items
   */
  public static ImplicitAls trainFrom(
      ImplicitAls previous, Interactions interactions, Config config, Seed seed, int threads) {
    int dimension = previous.config.factors().dimension();
    if (dimension != config.factors().dimension()) {
      throw WinnowException.invalid(
          "linear.ials.factors.dimension",
          config.factors().dimension(),
          dimension + ", as the previous training's");
    }
    AlsTrainer trainer = new AlsTrainer(interactions, config, seed, threads, previous.factors);
    return new ImplicitAls(config, trainer.train(TrainingSteps.silent()));
  }

  /** How it was trained and scores. */
  public Config config() {
    return config;
  }

  @Override
  public int itemCount() {
    return factors.length / config.factors().dimension();
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
    int[] newest = History.newestDistinct(history, itemCount(), config.histories().limit());
    int dimension = config.factors().dimension();
    float[] user = new float[dimension];
    if (newest.length > 0) {
      Neighbours known =
          new Neighbours(factors, newest, 0, newest.length, config.histories().memoryPower());
      new SubspaceSolver(dimension, dimension, gram)
          .sweep(known, config.loss().ridge(newest.length, itemCount()), user, 0);
    }
    return user;
  }

  /** A copy of one item's factor, shape (E). */
  public float[] itemFactor(int item) {
    int dimension = config.factors().dimension();
    return Arrays.copyOfRange(factors, item * dimension, (item + 1) * dimension);
  }

  /** The same model under other item indices; items that training did not see have zero factors. */
  public ImplicitAls remap(int[] newIndexOfOld, int newItemCount) {
    SparseRows.checkMapping(newIndexOfOld, itemCount(), newItemCount);
    int dimension = config.factors().dimension();
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
          ModelFile.writeDoubles(
              out,
              config.factors().dimension(),
              config.factors().blockSize(),
              config.factors().iterations(),
              config.loss().unobservedWeight(),
              config.loss().regularisation(),
              config.loss().frequencyPower(),
              config.histories().limit(),
              config.histories().memoryPower());
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
          double[] c = ModelFile.readDoubles(in, 8);
          Config config =
              new Config(
                  new Factors((int) c[0], (int) c[1], (int) c[2]),
                  new Loss(c[3], c[4], c[5]),
                  new Histories((int) c[6], c[7]));
          float[] factors = ModelFile.readFloats(in);
          int dimension = config.factors().dimension();
          if (factors.length % dimension != 0) {
            throw new IllegalArgumentException(
                "factors: " + factors.length + " (expected: a multiple of " + dimension + ")");
          }
          return new ImplicitAls(config, factors);
        });
  }
}
