package io.winnow.lifecycle.rollout;

import io.winnow.core.application.Rollout.Health;
import io.winnow.experiments.statistics.RateBounds;
import io.winnow.lifecycle.rollout.TrialObservations.Counts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whether a candidate's answers are worse than the champion's beyond what is allowed, told from
 * noise: a guardrail is broken only where both bounds, which hold however often one looks ({@link
 * RateBounds}), lie on the wrong sides. So a release that is no worse is refused with at most the
 * given chance over all looks, and half of all requests failing is seen within some dozen.
 *
 * <p>A share (errors, degraded, empty) is broken where the candidate's lower bound lies above the
 * champion's upper bound and the allowance. Latency is broken where the share of the candidate's
 * requests above a limit has a lower bound above 5 %: its 95th percentile lies above the limit. The
 * limit is the allowed ratio times the upper bound of the champion's 95th percentile, and at least
 * 2 ms above it, since nobody feels less.
 */
final class Guardrails {
  /** A difference of latency below this is no harm. */
  static final double LATENCY_FLOOR_MS = 2;

  private static final double PERCENTILE = 0.95;
  private static final int GUARDRAILS = 4;

  private Guardrails() {}

  /**
   * What was found.
   *
   * @param broken the sentences of those that are broken
   * @param numbers of all
   */
  record Findings(List<String> broken, Map<String, Double> numbers) {
    /** Copies the lists. */
    Findings {
      broken = List.copyOf(broken);
      numbers = Map.copyOf(numbers);
    }

    boolean isBroken() {
      return !broken.isEmpty();
    }
  }

  /**
   * Compares.
   *
   * @param alpha the chance over all looks and guardrails that a release that is no worse is called
   *     broken
   */
  static Findings judge(Health allowed, Counts candidate, Counts champion, double alpha) {
    // Of each guardrail both sides' bounds may miss.
    double each = alpha / GUARDRAILS / 2;
    Map<String, Double> numbers = new TreeMap<>();
    List<String> broken = new ArrayList<>();
    numbers.put("requests", (double) candidate.requests());
    numbers.put("champion.requests", (double) champion.requests());
    for (Share share :
        List.of(
            new Share("errors", candidate.errors(), champion.errors(), allowed.maxErrors()),
            new Share("degraded", candidate.degraded(), champion.degraded(), allowed.maxDegraded()),
            new Share("empty", candidate.empty(), champion.empty(), allowed.maxEmpty()))) {
      share(share, candidate, champion, each, numbers, broken);
    }
    latency(allowed.maxLatency(), candidate, champion, each, numbers, broken);
    return new Findings(broken, numbers);
  }

  private record Share(String name, long candidate, long champion, double allowance) {}

  private static void share(
      Share share,
      Counts candidate,
      Counts champion,
      double alpha,
      Map<String, Double> numbers,
      List<String> broken) {
    if (candidate.requests() == 0) {
      return;
    }
    double lower = RateBounds.lower(share.candidate, candidate.requests(), alpha);
    double upper = RateBounds.upper(share.champion, champion.requests(), alpha);
    numbers.put(share.name, (double) share.candidate / candidate.requests());
    numbers.put(
        "champion." + share.name,
        champion.requests() == 0 ? 0 : (double) share.champion / champion.requests());
    numbers.put(share.name + ".lower", lower);
    numbers.put("champion." + share.name + ".upper", upper);
    if (lower > upper + share.allowance) {
      broken.add(
          String.format(
              Locale.ROOT,
              "%s: %,d of %,d requests (at least %.2f %%), of the champion %,d of %,d (at most"
                  + " %.2f %%); allowed are %.2f %% more",
              share.name,
              share.candidate,
              candidate.requests(),
              100 * lower,
              share.champion,
              champion.requests(),
              100 * upper,
              100 * share.allowance));
    }
  }

  private static void latency(
      double ratio,
      Counts candidate,
      Counts champion,
      double alpha,
      Map<String, Double> numbers,
      List<String> broken) {
    numbers.put("latency_p95_ms", candidate.latency().percentileMs(PERCENTILE));
    numbers.put("champion.latency_p95_ms", champion.latency().percentileMs(PERCENTILE));
    double championMs = upperPercentileMs(champion.latency(), alpha);
    if (!Double.isFinite(championMs) || candidate.latency().total() == 0) {
      return;
    }
    double limitMs = Math.max(ratio * championMs, championMs + LATENCY_FLOOR_MS);
    long above = candidate.latency().countAbove(limitMs);
    numbers.put("latency_limit_ms", limitMs);
    if (RateBounds.lower(above, candidate.latency().total(), alpha) > 1 - PERCENTILE) {
      broken.add(
          String.format(
              Locale.ROOT,
              "latency: %,d of %,d requests took longer than %.1f ms (allowed are 5 %%), which is"
                  + " %.2f times the champion's 95th percentile, %.1f ms at most, or %.0f ms more",
              above,
              candidate.latency().total(),
              limitMs,
              ratio,
              championMs,
              LATENCY_FLOOR_MS));
    }
  }

  /** The time of which it is known that 95 % are below; infinite where too few were measured. */
  private static double upperPercentileMs(LatencyHistogram latency, double alpha) {
    long below = 0;
    for (int bucket = 0; bucket < LatencyHistogram.BUCKETS; bucket++) {
      below += latency.count(bucket);
      if (latency.count(bucket) > 0
          && below >= PERCENTILE * latency.total()
          && RateBounds.lower(below, latency.total(), alpha) >= PERCENTILE) {
        return LatencyHistogram.upperMs(bucket);
      }
    }
    return Double.POSITIVE_INFINITY;
  }
}
