package io.winnow.app.demo;

import java.util.Arrays;

/** The newest durations, up to a bound, and their percentiles. Not thread-safe. */
final class Latencies {
  private final long[] nanos;
  private int next;
  private int size;

  /**
   * @param bound how many are kept
   */
  Latencies(int bound) {
    nanos = new long[bound];
  }

  void add(long duration) {
    nanos[next] = duration;
    next = (next + 1) % nanos.length;
    size = Math.min(size + 1, nanos.length);
  }

  int size() {
    return size;
  }

  /** The percentiles by nearest rank, in milliseconds; NaN if there is none. */
  Percentiles percentiles() {
    long[] sorted = Arrays.copyOf(nanos, size);
    Arrays.sort(sorted);
    return new Percentiles(
        size, at(sorted, 0.5), at(sorted, 0.95), at(sorted, 0.99), at(sorted, 1));
  }

  private static double at(long[] sorted, double share) {
    return sorted.length == 0
        ? Double.NaN
        : sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)] / 1e6;
  }
}
