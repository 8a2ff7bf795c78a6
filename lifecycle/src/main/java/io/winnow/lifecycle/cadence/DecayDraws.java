package io.winnow.lifecycle.cadence;

import io.winnow.core.Seed;
import io.winnow.lifecycle.evaluation.ChoiceComparison.Answers;
import io.winnow.lifecycle.evaluation.UserBootstrap;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The relative loss by age, as measured and in resamples. In a window all ages answer the same
 * choices, so a window that is hard to predict is hard for all of them; the loss is 1 - (mean over
 * windows of the aged releases' NDCG@10) / (the same of the fresh ones'), a ratio of means, which a
 * window with hardly anything to find cannot blow up.
 *
 * <p>A resample draws windows with replacement, and within each drawn window its users with
 * replacement, each with all their choices (Davison, Hinkley: Bootstrap methods and their
 * application, 1997, section 3.8: for nested data).
 *
 * @param losses by age, as measured; owned by this
 * @param resampled shape (resamples, ages); owned by this
 */
record DecayDraws(double[] losses, double[][] resampled) {
  static final int RESAMPLES = 1_000;

  /**
   * Resamples.
   *
   * @param windows each with the fresh release first, then one a age
   */
  static DecayDraws of(List<Answers> windows, Seed seed) {
    int releases = windows.getFirst().ndcgByUser().size();
    double[] sums = new double[releases];
    for (Answers window : windows) {
      for (int release = 0; release < releases; release++) {
        sums[release] += window.ndcg(release);
      }
    }
    double[][] resampled = new double[RESAMPLES][];
    for (int r = 0; r < RESAMPLES; r++) {
      RandomGenerator random = seed.generator("decay-" + r);
      double[] drawn = new double[releases];
      for (int w = 0; w < windows.size(); w++) {
        add(windows.get(random.nextInt(windows.size())), random, drawn);
      }
      resampled[r] = losses(drawn);
    }
    return new DecayDraws(losses(sums), resampled);
  }

  /** Adds each release's mean over users that are drawn with replacement. */
  private static void add(Answers window, RandomGenerator random, double[] means) {
    int users = window.targetsByUser().length;
    double[] sums = new double[means.length];
    long targets = 0;
    for (int i = 0; i < users; i++) {
      int user = random.nextInt(users);
      targets += window.targetsByUser()[user];
      for (int release = 0; release < sums.length; release++) {
        sums[release] += window.ndcgByUser().get(release)[user];
      }
    }
    for (int release = 0; release < sums.length; release++) {
      means[release] += sums[release] / targets;
    }
  }

  private static double[] losses(double[] means) {
    double[] losses = new double[means.length - 1];
    for (int age = 0; age < losses.length; age++) {
      losses[age] = means[0] > 0 ? 1 - means[age + 1] / means[0] : 0;
    }
    return losses;
  }

  /** The 2.5 % and 97.5 % quantiles of the loss at an age. */
  double[] interval(int age) {
    double[] values = new double[resampled.length];
    Arrays.setAll(values, r -> resampled[r][age]);
    return UserBootstrap.interval(values);
  }

  /** 1 / variance of the loss at each age, bounded so that no age decides alone. */
  double[] weights() {
    double[] weights = new double[losses.length];
    for (int age = 0; age < weights.length; age++) {
      double sum = 0;
      double squares = 0;
      for (double[] resample : resampled) {
        sum += resample[age];
        squares += resample[age] * resample[age];
      }
      double mean = sum / resampled.length;
      weights[age] = 1 / Math.max(1e-6, squares / resampled.length - mean * mean);
    }
    return weights;
  }
}
