package io.winnow.features;

import org.jspecify.annotations.Nullable;

/**
 * What the features of one entity remember of one key: a user, an item, a pair. Laid out by {@link
 * FeatureGroup}, which alone reads and changes it; guarded by {@link FeatureState}'s lock.
 *
 * <p>All tiled numbers lie in one array, so that an update or a read of many features touches few
 * cache lines: the time of the newest event, then for each {@link TileTable} its head with the
 * totals of the newest window, then for each table its rows.
 */
final class EntityState {
  /** Where the time of the newest event stands. */
  static final int NEWEST_MS = 0;

  long[] cells;

  /** Summaries that are no tiled numbers; null until their first event. */
  final @Nullable Summary[] summaries;

  EntityState(long[] cells, int summaries) {
    this.cells = cells;
    this.summaries = new @Nullable Summary[summaries];
  }

  /** The time of the newest event that was taken in, epoch ms; {@link Long#MIN_VALUE} if none. */
  long newestMs() {
    return cells[NEWEST_MS];
  }
}
