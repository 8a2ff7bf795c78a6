package io.winnow.features;

/**
 * What one feature remembers of one entity: a bounded summary of the events that it selected. It is
 * changed by its {@link Aggregator} only. Not thread-safe: {@link FeatureState}'s lock guards it.
 */
sealed interface AggregationState permits NewestByKey, AggregationState.Ratio {
  /** Writes the state's canonical bytes. */
  void write(ByteSink sink);

  /**
   * Two windowed sums of a rate.
   *
   * @param numerator what is counted
   * @param denominator out of how many
   */
  record Ratio(TiledSums numerator, TiledSums denominator) implements AggregationState {
    /** A ratio without events. */
    static Ratio empty() {
      return new Ratio(new TiledSums(), new TiledSums());
    }

    static Ratio read(ByteSource source) {
      return new Ratio(TiledSums.read(source), TiledSums.read(source));
    }

    @Override
    public void write(ByteSink sink) {
      numerator.write(sink);
      denominator.write(sink);
    }
  }
}
