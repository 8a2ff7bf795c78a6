package io.winnow.benchmarks.rollout;

import java.util.Locale;

/** In which way a release is bad. */
public enum BadKind {
  /** The rows of all models belong to other items than the list of items says. */
  SHUFFLED_ITEMS("rows of the models belong to other items"),
  /** The ranker reads features in the places of others. */
  SWAPPED_FEATURES("features in each other's places"),
  /** Item vectors and index are another encoder's than the query network. */
  STALE_INDEX("vectors and index of another encoder"),
  /** The ranker prefers or avoids what has much of one feature, whatever users do. */
  BIASED_RANKER("one feature counts far too much"),
  /** The ranker takes many times as long. */
  SLOW_RANKER("the network takes many times as long"),
  /** The ranker's order is right or nearly so, but its probabilities are not. */
  MISCALIBRATED("probabilities far too high, too low or too flat"),
  /** Some requests get short slates, or none but what stands in for a ranking that failed. */
  FAILS_FOR_SEGMENT("short or degraded answers for some users"),
  /** A bundle that cannot be served: a changed byte, features that nobody holds, weights of NaN. */
  UNUSABLE("a flipped byte, a missing feature or NaN weights"),
  /** Trained on outcomes that belong to other items. */
  SHUFFLED_LABELS("trained on outcomes of other items"),
  /** The models are the champion's; the rules around them are a mistake. */
  RECKLESS_POLICY("models as before, rules that users dislike");

  private final String text;

  BadKind(String text) {
    this.text = text;
  }

  /** As JSON writes it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What is wrong, for people. */
  public String text() {
    return text;
  }
}
