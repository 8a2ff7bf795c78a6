/**
 * Re-ranking: from a ranked list to a slate.
 *
 * <p>In: C candidates (catalogue indices and scores), the user's history, the catalogue, item
 * vectors. Out: a {@link io.winnow.ranking.reranking.Slate} whose items each carry the reason for
 * their place and the exact propensity with which the policy put them there.
 *
 * <p>{@link io.winnow.ranking.reranking.Reranker} is the one entry; its body lists the steps in
 * their order. Legend of shapes: C candidates, E embedding.
 */
@NullMarked
package io.winnow.ranking.reranking;

import org.jspecify.annotations.NullMarked;
