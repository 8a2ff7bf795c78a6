/**
 * The feature store: one definition of a feature, one fold that computes it.
 *
 * <p>In: log records, in order. Out: feature values for a user and candidate items at a time, the
 * user's history, and the catalogue. The same {@link io.winnow.features.FeatureReader} contract is
 * served by the embedded online store and by replay, from the same aggregation code, and the values
 * agree bit for bit.
 *
 * <p>{@link io.winnow.features.OnlineStores} opens the store that serves requests: in memory, over
 * RocksDB, or with users in Redis, where {@link io.winnow.features.FeatureWorker}s write them;
 * {@link io.winnow.features.PointInTimeReplay} gives training rows as requests of the past saw
 * them; {@link io.winnow.features.FeatureAudit} and {@link io.winnow.features.LiveAudit} compare
 * what was served with what replay computes. A feature is computed by a {@code FeatureGroup} over
 * bounded states (empty, add, merge, read at a time, bytes); {@code Tiling} says what a window is
 * and how exact its edges are.
 *
 * <p>Legend of shapes: C candidates, F features. Item indices are positions in the {@link
 * io.winnow.features.Catalog}.
 */
@NullMarked
package io.winnow.features;

import org.jspecify.annotations.NullMarked;
