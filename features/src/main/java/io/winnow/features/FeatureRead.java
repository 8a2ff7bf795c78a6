package io.winnow.features;

/** How a feature is read off an {@link EntityState}. */
sealed interface FeatureRead {
  /** Where a column stands: which table, and which of its columns. */
  record Place(int table, int column) {}

  /** A number of events. */
  record Count(Place count) implements FeatureRead {}

  /**
   * A number in units of {@link FixedPoint}.
   *
   * @param empty what a window without values holds; NaN is read then, but for 0
   */
  record Value(Place value, long empty) implements FeatureRead {}

  /** A sum by a number of events. */
  record Mean(Place sum, Place count) implements FeatureRead {}

  /**
   * (n + prior) / (d + weight).
   *
   * @param prior events that the numerator begins with
   * @param weight events that the denominator begins with
   */
  record Rate(Place numerator, Place denominator, double prior, double weight)
      implements FeatureRead {}

  /** A decaying sum. */
  record Decayed(Place sum) implements FeatureRead {}

  /**
   * The newest event's payload, or the seconds since it.
   *
   * @param age whether the seconds are asked for
   */
  record Newest(int summary, boolean age) implements FeatureRead {}

  /**
   * What sketches estimate.
   *
   * @param ofNothing what is read where there is no event
   */
  record Estimate(int summary, double ofNothing) implements FeatureRead {}
}
