package io.winnow.models.encoder;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Draws the items that a step's positions are told apart from: with probability Q(i), a mixture of
 * count^α and uniform, M times with replacement, doubles dropped. The logarithm of an item's chance
 * to be among them corrects its logit (Bengio, Senécal 2008; for recommenders Yi et al. 2019), so
 * that the sampled softmax estimates the full one.
 */
final class NegativeSampler {
  private final int draws;
  private final double[] cumulative;
  private final float[] logChance;
  private final int[] drawn;
  private int round;

  /**
   * A sampler.
   *
   * @param counts how often each item occurs, shape (N)
   */
  NegativeSampler(int[] counts, EncoderConfig.Sampling config) {
    int n = counts.length;
    draws = config.negatives();
    drawn = new int[n];
    cumulative = new double[n];
    logChance = new float[n];
    if (isWhole()) {
      return;
    }
    double[] weights = new double[n];
    double total = 0;
    for (int i = 0; i < n; i++) {
      weights[i] = counts[i] == 0 ? 0 : Math.pow(counts[i], config.popularityPower());
      total += weights[i];
    }
    double sum = 0;
    for (int i = 0; i < n; i++) {
      double popular = total > 0 ? weights[i] / total : 1.0 / n;
      double chance = (1 - config.uniformShare()) * popular + config.uniformShare() / n;
      sum += chance;
      cumulative[i] = sum;
      logChance[i] = (float) Math.log(-Math.expm1(draws * Math.log1p(-chance)));
    }
  }

  /** Whether the catalogue is so small that all of it is used. */
  boolean isWhole() {
    return drawn.length <= 2 * draws;
  }

  /** The next step's items, each once. */
  int[] next(RandomGenerator random) {
    int n = drawn.length;
    if (isWhole()) {
      int[] all = new int[n];
      Arrays.setAll(all, i -> i);
      return all;
    }
    round++;
    int[] items = new int[draws];
    int size = 0;
    for (int d = 0; d < draws; d++) {
      int found = Arrays.binarySearch(cumulative, random.nextDouble() * cumulative[n - 1]);
      int item = Math.min(n - 1, found < 0 ? -found - 1 : found);
      if (drawn[item] != round) {
        drawn[item] = round;
        items[size++] = item;
      }
    }
    return Arrays.copyOf(items, size);
  }

  /** ln of the chance that {@link #next} has the item; 0 if it has all. */
  float logChance(int item) {
    return logChance[item];
  }
}
