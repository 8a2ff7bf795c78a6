package io.winnow.experiments.offpolicy;

/**
 * How the value of a candidate is computed from slates that another policy showed.
 *
 * <p>With {@code w_k} the ratio of the candidate's probability of the item at place k, given the
 * items before it, to the logging policy's, there are two weights for the reward of place k:
 *
 * <ul>
 *   <li><b>By slot</b>: {@code w_k} alone (the item-position model of Li et al.: Offline evaluation
 *       of ranking policies with click models, KDD 2018, with conditional instead of marginal
 *       propensities). Its variance does not grow with the slate. It takes the items before as the
 *       logging policy showed them, so its bias is what they change: a candidate that wants item t
 *       first of all finds t missing from most prefixes and is paid for it again at each place.
 *       Right only where the candidate's choice at a place, or its worth, does not hang on what
 *       stands before.
 *   <li><b>Sequential</b>: {@code w_1 · … · w_k} (per-decision importance sampling: Precup, Sutton,
 *       Singh: Eligibility traces for off-policy policy evaluation, ICML 2000; as reward
 *       interaction inverse propensity scoring for slates: McInerney et al.: Counterfactual
 *       evaluation of slate recommendations with sequential reward interactions, KDD 2020).
 *       Unbiased where the reward of a place depends on the items down to it (the cascade) and the
 *       log could show whatever the candidate shows. Its bias is the influence of the items further
 *       down on what stands above them. Its variance grows with every place.
 * </ul>
 *
 * <p>and three ways to use a weight:
 *
 * <ul>
 *   <li><b>IPS</b>: the mean of weight times reward (Horvitz, Thompson 1952).
 *   <li><b>Self-normalised</b>: place by place, the weighted mean of rewards (Swaminathan,
 *       Joachims: The self-normalized estimator for counterfactual learning, NIPS 2015; weighted
 *       per-decision importance sampling). Biased by the order of one over the effective sample
 *       size, much less variance, and adding a constant to all rewards adds it to the estimate.
 *   <li><b>Doubly robust</b>: the model's expectation under the candidate, plus the weighted
 *       residuals of the model (Dudík, Langford, Li: Doubly robust policy evaluation and learning,
 *       ICML 2011). Right if either the model or the weights are. Sequential: the cascade doubly
 *       robust estimator (Kiyohara et al.: Doubly robust off-policy evaluation for ranking policies
 *       under the cascade behavior model, WSDM 2022). Its sum of {@code w_{1:k} (r_k - Q_k) +
 *       w_{1:k-1} V_k}, with Q the model's worth of the rest of the slate and V its mean before the
 *       place is filled, telescopes into {@code V_1 + Σ w_{1:k} (r_k - q_k)} if Q and V come from a
 *       model q of single places: what remains to be known is the worth of the candidate's whole
 *       slate, of which a few draws are an unbiased estimate.
 *   <li><b>Weighted doubly robust</b>: the same with residuals averaged as by self-normalisation
 *       (Thomas, Brunskill: Data-efficient off-policy policy evaluation for reinforcement learning,
 *       ICML 2016). Without a model it is the self-normalised estimate.
 * </ul>
 */
public enum Estimator {
  /** The mean of reward times the slot's own ratio. */
  SLOT_IPS(false),
  /** The slot's own ratio, self-normalised. */
  SLOT_SELF_NORMALISED(false),
  /** The model's expectation slot by slot, and residuals times the slot's own ratio. */
  SLOT_DOUBLY_ROBUST(false),
  /** Reward times the product of the ratios down to it. */
  SEQUENTIAL_IPS(true),
  /** The product of the ratios, self-normalised place by place. */
  SEQUENTIAL_SELF_NORMALISED(true),
  /** Cascade doubly robust. */
  SEQUENTIAL_DOUBLY_ROBUST(true),
  /** Cascade doubly robust with self-normalised residuals. */
  SEQUENTIAL_WEIGHTED_DOUBLY_ROBUST(true);

  private final boolean sequential;

  Estimator(boolean sequential) {
    this.sequential = sequential;
  }

  /** Whether weights are the product of the ratios down to a place. */
  public boolean sequential() {
    return sequential;
  }
}
