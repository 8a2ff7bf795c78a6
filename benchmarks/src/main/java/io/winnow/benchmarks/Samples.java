package io.winnow.benchmarks;

import java.util.Arrays;

/** Measured times, sorted. */
public final class Samples {
  private final double[] ascending;

  /** Copies the values; at least one. */
  public Samples(double[] values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("values: none (expected: at least one)");
    }
    ascending = values.clone();
    Arrays.sort(ascending);
  }

  /**
   * The smallest value that at least a share of the values does not exceed (nearest rank).
   *
   * @param share in (0, 1]
   */
  public double percentile(double share) {
    return ascending[Math.max(0, (int) Math.ceil(share * ascending.length) - 1)];
  }

  /** The largest. */
  public double max() {
    return ascending[ascending.length - 1];
  }
}
