package io.winnow.experiments.offpolicy;

/**
 * A reason not to believe an estimate, whatever its interval says: the interval takes the weights
 * that were seen for all there are.
 *
 * @param kind what is wrong
 * @param text what was found, for people
 */
public record Doubt(Kind kind, String text) {
  /** What can be wrong. */
  public enum Kind {
    /** The effective sample size is too small. */
    FEW_EFFECTIVE_REQUESTS,
    /** A few requests or one unit decide. */
    CONCENTRATED_WEIGHTS,
    /** The candidate shows what the log hardly ever shows. */
    MISSING_SUPPORT,
    /** Weights are larger than correct propensities allow. */
    WRONG_PROPENSITIES
  }
}
