package io.winnow.lifecycle.triggers;

import java.util.Arrays;

/**
 * The population stability index of a number: how far its distribution now is from one before,
 *
 * <pre>PSI = Σ_b (p_b − q_b)·ln(p_b / q_b)</pre>
 *
 * with q_b and p_b the shares of values before and now in bin b (Siddiqi: Credit Risk Scorecards,
 * 2006; the symmetrised divergence of Kullback and Leibler, On information and sufficiency, Annals
 * of Mathematical Statistics 22, 1951). Bins end at the deciles of the values before, equal ends
 * taken once, and one more bin holds what is not a number; each bin has half a value more than it
 * holds, so that an empty one is not infinite. By custom, below 0.1 nothing moved and above 0.25 it
 * is another population; without any change, PSI is about (1/n + 1/m)·χ² with as many degrees of
 * freedom as there are bins less one (Yurdakul: Statistical properties of the population stability
 * index, 2018): with {@link #chance}, which counts those who are independent and not their rows,
 * what is a change is told from what is not.
 */
final class PopulationStability {
  /** Another population. */
  static final double MOVED = 0.25;

  private static final int BINS = 10;
  private static final double SMOOTHING = 0.5;

  /** The 99.9 % quantile of χ² with ten degrees of freedom: ten bins and the one of unknowns. */
  private static final double CHANCE = 29.588;

  private PopulationStability() {}

  /**
   * The index.
   *
   * @param before any order; not empty
   * @param now any order; not empty
   */
  static double of(float[] before, float[] now) {
    float[] ends = ends(before);
    double[] q = shares(before, ends);
    double[] p = shares(now, ends);
    double sum = 0;
    for (int bin = 0; bin < q.length; bin++) {
      sum += (p[bin] - q[bin]) * Math.log(p[bin] / q[bin]);
    }
    return sum;
  }

  /**
   * What the index is at most, 999 times in 1,000, where nothing changed.
   *
   * @param before how many independent values there were, above 0
   * @param now how many there are, above 0
   */
  static double chance(double before, double now) {
    return CHANCE * (1 / before + 1 / now);
  }

  /** The deciles of what is a number, ascending, each once. */
  private static float[] ends(float[] values) {
    float[] sorted = numbers(values);
    float[] ends = new float[BINS - 1];
    int count = 0;
    for (int i = 1; i < BINS && sorted.length > 0; i++) {
      float end = sorted[(int) ((long) i * sorted.length / BINS)];
      if (count == 0 || end > ends[count - 1]) {
        ends[count++] = end;
      }
    }
    return Arrays.copyOf(ends, count);
  }

  private static float[] numbers(float[] values) {
    float[] sorted = values.clone();
    Arrays.sort(sorted); // NaN last
    int numbers = sorted.length;
    while (numbers > 0 && Float.isNaN(sorted[numbers - 1])) {
      numbers--;
    }
    return Arrays.copyOf(sorted, numbers);
  }

  /** Bin b holds values above end b−1 and up to end b: a value that is often an end has a bin. */
  private static double[] shares(float[] values, float[] ends) {
    double[] shares = new double[ends.length + 2];
    Arrays.fill(shares, SMOOTHING);
    for (float value : values) {
      int bin = ends.length + 1;
      if (!Float.isNaN(value)) {
        int at = Arrays.binarySearch(ends, value);
        bin = at >= 0 ? at : -at - 1;
      }
      shares[bin]++;
    }
    double all = values.length + SMOOTHING * shares.length;
    for (int bin = 0; bin < shares.length; bin++) {
      shares[bin] /= all;
    }
    return shares;
  }
}
