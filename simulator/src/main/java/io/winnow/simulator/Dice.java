package io.winnow.simulator;

import io.winnow.core.Seed;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Chance without state: the same question gets the same answer, whatever was asked before. Two
 * recommenders that show the same person the same video at the same time meet the same luck.
 */
final class Dice {
  /** What is being decided. */
  enum Roll {
    MOOD,
    SAME_MOOD,
    TWO_MOODS,
    SECOND_MOOD,
    DEPTH,
    LOOK,
    CLICK,
    WATCH,
    LIKE,
    THINK,
    DEVICE,
    SESSION_LENGTH,
    SESSION_GAP,
    SESSION_THINNING,
    LOGGED_SOURCE,
    LOGGED_ITEM,
    AGE,
    PUBLICATION_GAP,
    SIGN_UP_GAP,
    TOUCHED,
    TOUCHED_WHEN;

    /** From the name, so that a new roll changes no other. */
    private final long salt = new Seed(0).derive(name()).value();
  }

  private final long seed;

  Dice(Seed seed) {
    this.seed = seed.value();
  }

  /** Uniform in [0, 1), for what is named by the numbers. */
  double uniform(Roll roll, long a, long b, long c) {
    return (bits(roll, a, b, c) >>> 11) * 0x1p-53;
  }

  /** 64 random bits, for what is named by the numbers. */
  long bits(Roll roll, long a, long b, long c) {
    long h = Seed.mix(seed ^ roll.salt);
    h = Seed.mix(h ^ a);
    h = Seed.mix(h ^ b);
    return Seed.mix(h ^ c);
  }

  /** An index drawn with the given weights; their sum is positive. */
  static int weighted(double[] weights, double uniform) {
    double sum = 0;
    for (double weight : weights) {
      sum += weight;
    }
    double left = uniform * sum;
    int last = 0;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] > 0) {
        last = i;
        left -= weights[i];
        if (left < 0) {
          return i;
        }
      }
    }
    // Rounding may leave a crumb.
    return last;
  }

  /** The median times a factor whose logarithm is normal with the given deviation. */
  static double logNormal(RandomGenerator random, double median, double deviation) {
    return median * StrictMath.exp(deviation * random.nextGaussian());
  }

  /** In [0, 1], with the mean a / (a + b): the a-th smallest of a + b - 1 uniforms. */
  static double beta(RandomGenerator random, int a, int b) {
    double[] uniforms = new double[a + b - 1];
    for (int i = 0; i < uniforms.length; i++) {
      uniforms[i] = random.nextDouble();
    }
    Arrays.sort(uniforms);
    return uniforms[a - 1];
  }
}
