package io.winnow.lifecycle.rollout;

import java.util.Arrays;

/**
 * How long requests took: counts in fixed buckets, eight to each doubling from 10 µs to 160 s, so
 * that a bucket's bounds lie 9 % apart. Histograms of several servers add up without loss.
 *
 * <p>Immutable; owns its counts.
 */
public final class LatencyHistogram {
  /** How many buckets there are; the last also takes what is longer. */
  static final int BUCKETS = 192;

  private static final double LOWEST_NANOS = 10_000;
  private static final int PER_DOUBLING = 8;

  /** Nothing was measured. */
  public static final LatencyHistogram EMPTY = new LatencyHistogram(new long[BUCKETS]);

  private final long[] counts;
  private final long total;

  /** Takes the counts over; the caller keeps no reference. */
  LatencyHistogram(long[] counts) {
    this.counts = counts;
    this.total = Arrays.stream(counts).sum();
  }

  /** The bucket of a duration. */
  static int bucket(long nanos) {
    if (nanos <= LOWEST_NANOS) {
      return 0;
    }
    double doublings = Math.log(nanos / LOWEST_NANOS) / Math.log(2);
    return Math.min(BUCKETS - 1, (int) Math.ceil(doublings * PER_DOUBLING));
  }

  /** The longest duration of a bucket, in milliseconds; infinite for the last. */
  static double upperMs(int bucket) {
    return bucket == BUCKETS - 1
        ? Double.POSITIVE_INFINITY
        : LOWEST_NANOS / 1e6 * Math.pow(2, bucket / (double) PER_DOUBLING);
  }

  /** How many were measured. */
  public long total() {
    return total;
  }

  /** How many are in a bucket. */
  long count(int bucket) {
    return counts[bucket];
  }

  /** How many are in the buckets up to and with one. */
  long countUpTo(int bucket) {
    long sum = 0;
    for (int i = 0; i <= bucket; i++) {
      sum += counts[i];
    }
    return sum;
  }

  /** How many took longer than a time, as far as the buckets tell: whole buckets above it. */
  long countAbove(double milliseconds) {
    long sum = 0;
    for (int i = BUCKETS - 1; i > 0 && upperMs(i - 1) >= milliseconds; i--) {
      sum += counts[i];
    }
    return sum;
  }

  /**
   * The upper bound of the bucket below which a share lies, in milliseconds; 0 if nothing was
   * measured.
   *
   * @param share in (0, 1]
   */
  public double percentileMs(double share) {
    if (total == 0) {
      return 0;
    }
    long rank = (long) Math.ceil(share * total);
    long sum = 0;
    for (int i = 0; i < BUCKETS; i++) {
      sum += counts[i];
      if (sum >= rank) {
        return Math.min(upperMs(i), upperMs(BUCKETS - 2));
      }
    }
    return upperMs(BUCKETS - 2);
  }

  /** Both together. */
  public LatencyHistogram plus(LatencyHistogram other) {
    long[] sum = counts.clone();
    for (int i = 0; i < BUCKETS; i++) {
      sum[i] += other.counts[i];
    }
    return new LatencyHistogram(sum);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LatencyHistogram that && Arrays.equals(counts, that.counts);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return "%d requests, p50 %.2f ms, p95 %.2f ms"
        .formatted(total, percentileMs(0.5), percentileMs(0.95));
  }
}
