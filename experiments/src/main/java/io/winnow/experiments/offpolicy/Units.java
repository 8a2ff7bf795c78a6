package io.winnow.experiments.offpolicy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Which request is whose, and intervals that know it: what one unit's requests contribute is added
 * up first, so requests of a unit may depend on each other (the linearised, or sandwich, variance
 * of a mean over clusters: Cameron, Miller: A practitioner's guide to cluster-robust inference,
 * 2015, section II).
 *
 * <p>Its degrees of freedom are those of the effective number of units, {@code (Σs²)² / Σs⁴} with s
 * a unit's contribution (as Carter, Schnepel, Steigerwald: Asymptotic behavior of a t-test robust
 * to cluster heterogeneity, 2017, argue): where a few units decide, the interval is as wide as one
 * from so few observations. Immutable.
 */
final class Units {
  private final int[] ofRequest;
  private final int count;
  private final double confidence;

  Units(List<LoggedRequest> log, double confidence) {
    Map<Long, Integer> indices = new HashMap<>();
    ofRequest = new int[log.size()];
    for (int i = 0; i < ofRequest.length; i++) {
      ofRequest[i] = indices.computeIfAbsent(log.get(i).unit(), _ -> indices.size());
    }
    count = indices.size();
    this.confidence = confidence;
  }

  int count() {
    return count;
  }

  /** Adds values of requests up by unit, shape (units). */
  double[] sums(double[] ofRequests) {
    double[] sums = new double[count];
    for (int i = 0; i < ofRequests.length; i++) {
      sums[ofRequest[i]] += ofRequests[i];
    }
    return sums;
  }

  /**
   * The interval of an estimate.
   *
   * @param influence by request: what it moves the estimate by, times the number of requests; their
   *     mean is 0, shape (requests)
   */
  Estimate estimate(double value, double[] influence) {
    double squares = 0;
    double fourths = 0;
    for (double sum : sums(influence)) {
      squares += sum * sum;
      fourths += sum * sum * sum * sum;
    }
    double error = Math.sqrt(squares * count / (count - 1)) / influence.length;
    double freedom = fourths > 0 ? Math.max(1, squares * squares / fourths - 1) : count - 1;
    double half =
        error * TDistribution.of(freedom).inverseSurvivalProbability((1 - confidence) / 2);
    return new Estimate(value, error, value - half, value + half);
  }

  /** The interval of a mean over requests. */
  Estimate mean(double[] ofRequests) {
    double mean = OffPolicyEstimator.mean(ofRequests);
    double[] influence = new double[ofRequests.length];
    for (int i = 0; i < influence.length; i++) {
      influence[i] = ofRequests[i] - mean;
    }
    return estimate(mean, influence);
  }
}
