package io.winnow.models.linear;

import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.Interruption;
import io.winnow.models.Stripes;
import io.winnow.models.linear.SubspaceSolver.Neighbours;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Trains the factors of {@link ImplicitAls}: users against fixed items, then items against fixed
 * users, each row for itself. Every number is computed by one thread in an order that does not
 * depend on how many there are, so the outcome does not either. Not thread-safe.
 */
final class AlsTrainer {
  /** How many sums a Gram matrix is divided into, whatever the number of threads. */
  private static final int GRAM_PARTS = 16;

  /** Rows summed in single precision before they are added up in double. */
  private static final int GRAM_ROWS = 1024;

  private static final int STRIPES_PER_THREAD = 16;

  private final ImplicitAls.Config config;
  private final int dimension;
  private final int threads;
  private final Adjacency byUser;
  private final Adjacency byItem;
  private final float[] users;
  private final float[] items;

  /**
   * @param start item factors of a previous training, shape (M, E), whose items are the first M of
   *     these; empty to begin at random
   */
  AlsTrainer(
      Interactions interactions, ImplicitAls.Config config, Seed seed, int threads, float[] start) {
    Checks.items(interactions);
    this.config = config;
    this.dimension = config.factors().dimension();
    this.threads = threads;
    checkSize(
        interactions.userCount(),
        interactions.itemCount(),
        dimension,
        Runtime.getRuntime().maxMemory());
    this.byUser = Adjacency.byUser(interactions, config.histories().limit());
    this.byItem = byUser.transpose(interactions.itemCount());
    this.users = new float[byUser.size() * dimension];
    this.items = new float[byItem.size() * dimension];
    if (start.length > items.length) {
      throw WinnowException.invalid(
          "items", byItem.size(), "at least the previous training's " + start.length / dimension);
    }
    System.arraycopy(start, 0, items, 0, start.length);
    RandomGenerator random = seed.generator("ials");
    double scale = 0.1 / Math.sqrt(dimension);
    for (int i = start.length; i < items.length; i++) {
      items[i] = (float) (scale * random.nextGaussian());
    }
  }

  /** Refuses what does not fit an array, or would end in the middle for want of memory. */
  static void checkSize(int users, int items, int dimension, long heapBytes) {
    int most = (Integer.MAX_VALUE - 8) / dimension;
    new Checks()
        .range("users", users, 0, most)
        .range("items", items, 0, most)
        .range(
            "users + items",
            (double) users + items,
            0,
            Math.floor((double) heapBytes / Float.BYTES / dimension))
        .done();
  }

  /** All iterations; the items' factors, shape (N, E), are the model. */
  float[] train(TrainingSteps progress) {
    int iterations = config.factors().iterations();
    for (int iteration = 1; iteration <= iterations; iteration++) {
      Interruption.check("ials");
      sweep(byUser, items, users);
      sweep(byItem, users, items);
      checkFinite(iteration);
      progress.onStep("ials", iteration, iterations, this::objective);
    }
    return items;
  }

  /** A factor that is not a number would spread to every row of the next sweep. */
  private void checkFinite(int iteration) {
    for (int i = 0; i < items.length; i++) {
      if (!Float.isFinite(items[i])) {
        throw new WinnowException(
            ErrorCode.INTERNAL,
            ("ials.factors: %s of item %d in iteration %d (expected: a finite number); the"
                    + " training diverged and gives no release: try a larger"
                    + " linear.ials.loss.regularisation in the settings, or a full training if it"
                    + " went on from a release")
                .formatted(items[i], i / dimension, iteration));
      }
    }
  }

  private void sweep(Adjacency known, float[] fixed, float[] solved) {
    float[] gram = gram(fixed, dimension, config.loss().unobservedWeight(), threads);
    int others = fixed.length / dimension;
    Stripes.run(
        threads,
        known.size(),
        Math.max(1, Math.ceilDiv(known.size(), STRIPES_PER_THREAD * threads)),
        (from, to) -> {
          SubspaceSolver solver = new SubspaceSolver(dimension, config.factors().blockSize(), gram);
          for (int row = from; row < to; row++) {
            int first = known.offsets()[row];
            int count = known.offsets()[row + 1] - first;
            if (count == 0) {
              Arrays.fill(solved, row * dimension, (row + 1) * dimension, 0f);
            } else {
              solver.sweep(
                  new Neighbours(fixed, known.neighbours(), first, count, 0),
                  config.loss().ridge(count, others),
                  solved,
                  row * dimension);
            }
          }
        });
  }

  /**
   * What is minimised, for each known pair. Costs about a thirtieth of an iteration.
   *
   * @return 0 if there are no pairs
   */
  double objective() {
    double[] byRow = new double[byUser.size()];
    Stripes.run(
        threads,
        byUser.size(),
        Math.max(1, Math.ceilDiv(byUser.size(), STRIPES_PER_THREAD * threads)),
        (from, to) -> {
          for (int user = from; user < to; user++) {
            for (int e = byUser.offsets()[user]; e < byUser.offsets()[user + 1]; e++) {
              double error = 1 - dot(users, user, items, byUser.neighbours()[e]);
              byRow[user] += error * error;
            }
          }
        });
    double sum = Arrays.stream(byRow).sum() + ridges(byUser, users, byItem.size());
    sum += ridges(byItem, items, byUser.size());
    float[] userGram = gram(users, dimension, config.loss().unobservedWeight(), threads);
    float[] itemGram = gram(items, dimension, 1, threads);
    for (int i = 0; i < userGram.length; i++) {
      sum += (double) userGram[i] * itemGram[i];
    }
    return sum / Math.max(1, byUser.neighbours().length);
  }

  private double ridges(Adjacency known, float[] factors, int others) {
    double sum = 0;
    for (int row = 0; row < known.size(); row++) {
      int count = known.offsets()[row + 1] - known.offsets()[row];
      sum += (double) config.loss().ridge(count, others) * dot(factors, row, factors, row);
    }
    return sum;
  }

  private float dot(float[] left, int leftRow, float[] right, int rightRow) {
    return Kernels.dot(left, leftRow * dimension, right, rightRow * dimension, dimension);
  }

  /** {@code weight · FᵀF}, shape (E, E), full. */
  static float[] gram(float[] factors, int dimension, double weight, int threads) {
    int rows = factors.length / dimension;
    int padded = Kernels.paddedWidth(dimension);
    double[][] parts = new double[GRAM_PARTS][];
    Stripes.run(
        threads,
        GRAM_PARTS,
        1,
        (part, end) -> {
          int from = (int) ((long) rows * part / GRAM_PARTS);
          int to = (int) ((long) rows * end / GRAM_PARTS);
          parts[part] = upperGram(factors, dimension, padded, from, to);
        });
    float[] gram = new float[dimension * dimension];
    for (int i = 0; i < dimension; i++) {
      for (int j = i; j < dimension; j++) {
        double sum = 0;
        for (double[] part : parts) {
          sum += part[i * padded + j];
        }
        gram[i * dimension + j] = (float) (weight * sum);
        gram[j * dimension + i] = (float) (weight * sum);
      }
    }
    return gram;
  }

  /** Single precision for a block of rows, double over the blocks: millions of rows stay exact. */
  private static double[] upperGram(float[] factors, int dimension, int padded, int from, int to) {
    double[] sums = new double[padded * padded];
    float[] block = new float[padded * padded];
    float[] packed = new float[GRAM_ROWS * padded];
    for (int start = from; start < to; start += GRAM_ROWS) {
      int size = Math.min(GRAM_ROWS, to - start);
      for (int row = 0; row < size; row++) {
        System.arraycopy(factors, (start + row) * dimension, packed, row * padded, dimension);
      }
      Kernels.addGram(packed, size, padded, block);
      for (int i = 0; i < sums.length; i++) {
        sums[i] += block[i];
      }
      Arrays.fill(block, 0f);
    }
    return sums;
  }
}
