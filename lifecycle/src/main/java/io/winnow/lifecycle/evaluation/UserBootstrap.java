package io.winnow.lifecycle.evaluation;

import io.winnow.core.Seed;
import io.winnow.lifecycle.Shards;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Says how far a mean over targets, or the difference of two, depends on which users there happened
 * to be: users are drawn with replacement, each with all its targets, since the targets of one user
 * are not independent (Efron, Tibshirani: An introduction to the bootstrap, 1993, chapter 13;
 * Sakai: Evaluating evaluation metrics based on the bootstrap, SIGIR 2006). Every model is measured
 * on the same draws, so what is common to two models cancels in their difference.
 *
 * <p>Immutable, thread-safe.
 */
public final class UserBootstrap {
  static final int RESAMPLES = 1_000;

  private final int[] targetsByUser;
  private final int[] users;
  private final Seed seed;
  private final int threads;

  /**
   * @param targetsByUser how many targets each user has; those with none are never drawn
   */
  UserBootstrap(int[] targetsByUser, Seed seed, int threads) {
    this.targetsByUser = targetsByUser.clone();
    this.users =
        IntStream.range(0, targetsByUser.length).filter(u -> targetsByUser[u] > 0).toArray();
    this.seed = seed.derive("bootstrap");
    this.threads = threads;
  }

  /** How many users are drawn from, which is how many are drawn. */
  int users() {
    return users.length;
  }

  /**
   * The resampled means of some measures.
   *
   * @param sumsByUser of each measure: a user's sum over its targets
   * @return for each measure its mean in each resample, shape (measures, {@link #RESAMPLES}); the
   *     same column of two measures is of the same users
   */
  double[][] means(List<double[]> sumsByUser) {
    double[][] means = new double[sumsByUser.size()][RESAMPLES];
    if (users.length == 0) {
      return means;
    }
    int shards = Math.max(1, Math.min(threads, RESAMPLES));
    Shards.run(
        shards,
        shard -> {
          int[] drawn = new int[users.length];
          for (int r = shard; r < RESAMPLES; r += shards) {
            resample(r, drawn, sumsByUser, means);
          }
          return shard;
        });
    return means;
  }

  private void resample(int r, int[] drawn, List<double[]> sumsByUser, double[][] means) {
    Arrays.fill(drawn, 0);
    RandomGenerator random = seed.generator(Integer.toString(r));
    long targets = 0;
    for (int i = 0; i < users.length; i++) {
      int user = random.nextInt(users.length);
      drawn[user]++;
      targets += targetsByUser[users[user]];
    }
    for (int m = 0; m < sumsByUser.size(); m++) {
      double[] sums = sumsByUser.get(m);
      double sum = 0;
      for (int i = 0; i < users.length; i++) {
        sum += drawn[i] * sums[users[i]];
      }
      means[m][r] = sum / targets;
    }
  }

  /** The 2.5 % and 97.5 % quantiles of resampled values. */
  public static double[] interval(double[] values) {
    return interval(values, 0.95);
  }

  /**
   * The quantiles that leave the same share out at either end.
   *
   * @param confidence the share between them, in (0, 1)
   */
  static double[] interval(double[] values, double confidence) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int cut = (int) ((1 - confidence) / 2 * sorted.length + 1e-9);
    return new double[] {sorted[cut], sorted[sorted.length - 1 - cut]};
  }

  /** The interval of the difference of two measures, from their means of the same draws. */
  static double[] differenceInterval(double[] means, double[] minus) {
    double[] differences = new double[means.length];
    Arrays.setAll(differences, r -> means[r] - minus[r]);
    return interval(differences);
  }
}
