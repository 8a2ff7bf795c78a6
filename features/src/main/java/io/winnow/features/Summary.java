package io.winnow.features;

/**
 * What a feature remembers beside tiled numbers. Changed under {@link FeatureState}'s write lock;
 * reads of different threads may run at once.
 */
sealed interface Summary permits NewestEvents, TiledSketches {
  /** Writes the canonical bytes: equal state, equal bytes. */
  void write(ByteSink sink);
}
