package io.winnow.experiments.offpolicy;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * What a candidate would have earned a request, and how far to believe it.
 *
 * @param requests how many were looked at
 * @param units whose they are
 * @param observed what the log earned a request
 * @param estimates what the candidate would have earned, by each estimator
 * @param difference the estimate of {@link #DEFAULT} less what the log earned, both on the same
 *     requests
 * @param slot the weights of the estimators by slot
 * @param sequential the weights of the sequential ones
 * @param doubts why not to believe the default; empty if nothing speaks against it
 */
public record OffPolicyResult(
    long requests,
    long units,
    Estimate observed,
    Map<Estimator, Estimate> estimates,
    Estimate difference,
    Weights slot,
    Weights sequential,
    List<Doubt> doubts) {
  /**
   * The estimator to go by. Sequential, because ours are propensities given the items before, and
   * by slot they pay a candidate again and again for an item that the log did not show; doubly
   * robust, because it is unbiased and the ranker's probabilities take away variance; and with
   * self-normalised residuals, because it then loses nothing to weights whose mean is not 1 and
   * equals the self-normalised estimate if there is no model.
   */
  public static final Estimator DEFAULT = Estimator.SEQUENTIAL_WEIGHTED_DOUBLY_ROBUST;

  /** Copies the collections. */
  public OffPolicyResult {
    estimates = Collections.unmodifiableMap(new EnumMap<>(estimates));
    doubts = List.copyOf(doubts);
  }

  /** The estimate of {@link #DEFAULT}. */
  public Estimate value() {
    Estimate value = estimates.get(DEFAULT);
    if (value == null) {
      throw new IllegalStateException("estimates hold no " + DEFAULT);
    }
    return value;
  }

  /** Whether nothing speaks against the estimate. */
  public boolean believable() {
    return doubts.isEmpty();
  }
}
