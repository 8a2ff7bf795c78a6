package io.winnow.lifecycle.rollout;

import io.winnow.lifecycle.rollout.TrialObservations.Counts;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what a server sees of one rollout. Thread-safe; an answer costs a few atomic additions. A
 * snapshot that is taken meanwhile may hold a request whose latency is still missing.
 */
public final class TrialRecorder {
  private final String rollout;
  private final Map<Side, Adders> sides = new EnumMap<>(Side.class);
  private final LongAdder compared = new LongAdder();
  private final DoubleAdder overlap = new DoubleAdder();
  private final LongAdder dropped = new LongAdder();

  /** What is known of one answer. */
  public record Answer(long nanos, boolean error, boolean degraded, boolean empty) {}

  private static final class Adders {
    final LongAdder requests = new LongAdder();
    final LongAdder errors = new LongAdder();
    final LongAdder degraded = new LongAdder();
    final LongAdder empty = new LongAdder();
    final AtomicLongArray latency = new AtomicLongArray(LatencyHistogram.BUCKETS);

    Counts counts() {
      long[] buckets = new long[LatencyHistogram.BUCKETS];
      for (int i = 0; i < buckets.length; i++) {
        buckets[i] = latency.get(i);
      }
      // Requests are read last and counted first: no share of them can be above one.
      long failed = errors.sum();
      long simpler = degraded.sum();
      long fewer = empty.sum();
      return new Counts(requests.sum(), failed, simpler, fewer, new LatencyHistogram(buckets));
    }
  }

  /** A recorder of the rollout with this id. */
  public TrialRecorder(String rollout) {
    this.rollout = rollout;
    for (Side side : Side.values()) {
      sides.put(side, new Adders());
    }
  }

  /** Whose answers it counts. */
  public String rollout() {
    return rollout;
  }

  /** Counts one answer. */
  public void answered(Side side, Answer answer) {
    Adders adders = sides.get(side);
    if (adders == null) {
      throw new IllegalStateException("no such side: " + side);
    }
    adders.requests.increment();
    adders.latency.incrementAndGet(LatencyHistogram.bucket(answer.nanos));
    if (answer.error) {
      adders.errors.increment();
    }
    if (answer.degraded) {
      adders.degraded.increment();
    }
    if (answer.empty) {
      adders.empty.increment();
    }
  }

  /** Notes how much of a shadow's answer the champion's has too, in [0, 1]. */
  public void compared(double share) {
    compared.increment();
    overlap.add(share);
  }

  /** Notes that a request was not asked of the shadow. */
  public void dropped() {
    dropped.increment();
  }

  /** What was counted so far. */
  public TrialObservations observations() {
    Map<Side, Counts> counts = new EnumMap<>(Side.class);
    sides.forEach((side, adders) -> counts.put(side, adders.counts()));
    return new TrialObservations(
        counts, new TrialObservations.Shadow(compared.sum(), overlap.sum(), dropped.sum()));
  }
}
