/**
 * The query encoder and the item embeddings of retrieval.
 *
 * <p>In: {@link io.winnow.models.Interactions} (who did what, in order) and {@link
 * io.winnow.models.encoder.ItemTokens} (what each item is). Out: a vector an item, and a network
 * that turns the vectors of a user's last L items into a query vector; the score of an item is the
 * inner product of the two. {@link io.winnow.models.encoder.EncoderTrainer} trains, {@link
 * io.winnow.models.encoder.QueryEncoder} serves.
 */
@NullMarked
package io.winnow.models.encoder;

import org.jspecify.annotations.NullMarked;
