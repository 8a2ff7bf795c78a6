/**
 * Ranking: from hundreds of candidates to an order, by what each is expected to lead to.
 *
 * <p>In: feature values from the store, scores of the candidate sources, query and item vectors.
 * Out: probabilities for each objective and one score for each candidate. {@link
 * io.winnow.ranking.RankerInputs} is the one place where the ranker's input matrix is put together,
 * in training and in serving.
 *
 * <p>Legend of shapes: C candidates, F store features, S sources, E embedding, T objectives.
 */
@NullMarked
package io.winnow.ranking;

import org.jspecify.annotations.NullMarked;
