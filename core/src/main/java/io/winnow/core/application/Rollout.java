package io.winnow.core.application;

import java.time.Duration;
import java.util.List;

/**
 * What a new release has to show before it serves everybody: {@code rollout}. It climbs a ladder:
 * the offline gate, shadow, canary, live; each step has thresholds, and a broken one sends it back.
 *
 * <p>Shares are in [0, 1]. Ratios compare the candidate with the champion over the same requests or
 * the same time: 1.5 allows half as much again.
 *
 * @param gate before any request
 * @param shadow beside the champion, shown to nobody
 * @param canary shown to a share of users
 * @param live watched after it went live
 */
public record Rollout(Gate gate, Shadow shadow, Canary canary, Live live) {
  /** What is asked where the application file says nothing. */
  public static final Rollout DEFAULT =
      new Rollout(
          new Gate("ndcg@10", 0.05, 0.95, 200, 0.05, 2.0, 2.0, 200),
          new Shadow(0.25, 500, new Health(0.01, 1.5, 0.02, 0.001), Duration.ofDays(1)),
          new Canary(
              List.of(0.05, 0.25),
              1_000,
              0.05,
              0.95,
              new Health(0.01, 1.5, 0.02, 0.001),
              Duration.ofDays(7)),
          new Live(Duration.ofHours(1), new Health(0.02, 2.0, 0.05, 0.002)));

  /**
   * The offline gate.
   *
   * @param metric of the ranking of what users did after both releases' training data, such as
   *     {@code ndcg@10}
   * @param maxLoss how much worse than the champion the candidate may be, relative: rejected where
   *     a loss is shown (the whole interval of the difference lies below 0) and the best estimate
   *     is a larger one than this; 0.05 allows 5 %
   * @param confidence of the interval of the difference
   * @param minOutcomes fewest outcomes to judge by; below, the gate waits
   * @param maxEce how far predicted and observed rates may lie apart on average (expected
   *     calibration error), or the champion's if that is larger
   * @param maxLatency 95th percentile on recorded requests, ratio to the champion
   * @param maxMemory bytes of the bundle, ratio to the champion
   * @param requests how many recorded requests are replayed
   */
  public record Gate(
      String metric,
      double maxLoss,
      double confidence,
      int minOutcomes,
      double maxEce,
      double maxLatency,
      double maxMemory,
      int requests) {}

  /**
   * Real requests scored beside the champion.
   *
   * @param share of requests
   * @param minRequests fewest to judge by
   * @param health what must not be exceeded
   * @param patience how long it waits for enough requests before it gives up
   */
  public record Shadow(double share, int minRequests, Health health, Duration patience) {}

  /**
   * A share of users by hash.
   *
   * @param shares of users, rising: each step begins when the one before has shown enough
   * @param minSlates fewest slates of the candidate before a step ends
   * @param maxLoss of clicks per slate against the champion's users, relative: the last step ends
   *     well when the loss is shown to be smaller; rolled back when it is shown to be there at all
   * @param confidence of the sequential interval, over all looks together
   * @param health what must not be exceeded
   * @param patience how long the last step may stay undecided before the candidate goes back
   */
  public record Canary(
      List<Double> shares,
      int minSlates,
      double maxLoss,
      double confidence,
      Health health,
      Duration patience) {
    /** Copies the list. */
    public Canary {
      shares = List.copyOf(shares);
    }
  }

  /**
   * The time after it went live.
   *
   * @param watch how long a broken guardrail still leads back to the release before
   * @param health what must not be exceeded, against the champion before
   */
  public record Live(Duration watch, Health health) {}

  /**
   * Guardrails of answers.
   *
   * @param maxErrors share of requests that fail, beyond the champion's
   * @param maxLatency 95th percentile, ratio to the champion's
   * @param maxDegraded share of answers that fell back to something simpler, beyond the champion's
   * @param maxEmpty share of answers with fewer items than asked for, beyond the champion's
   */
  public record Health(double maxErrors, double maxLatency, double maxDegraded, double maxEmpty) {}
}
