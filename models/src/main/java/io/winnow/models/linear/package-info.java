/**
 * The strong simple models: popularity, item transitions, EASE and implicit ALS. They serve as
 * candidate sources and as the honest rows of every evaluation table.
 *
 * <p>In: {@link io.winnow.models.Interactions} and a config record. Out: an {@link
 * io.winnow.models.ItemScorer}, immutable and thread-safe, which is written to and read from one
 * {@link io.winnow.models.ModelFile} and can be re-indexed to another catalogue with {@code remap}.
 * Users are not part of any model: whatever is known of a user comes with the request's history, so
 * new users and new events count at once. Training is deterministic for any number of threads; on
 * machines whose vectors have another width the last bits may differ.
 *
 * <p>Legend of shapes: N items, L history length, E embedding, K entries kept of a row.
 */
@NullMarked
package io.winnow.models.linear;

import org.jspecify.annotations.NullMarked;
