/**
 * Retrieval: from millions of items to hundreds of candidates.
 *
 * <p>In: a user's history and vector, a filter that decides which items may come, a time. Out:
 * candidates with the score that each source gave them, merged under quotas. Item indices are
 * positions in the {@link io.winnow.features.Catalog}. Filters act inside the search: a source
 * asked for k allowed items returns k if there are as many.
 *
 * <p>Legend of shapes: N items, E embedding, C candidates, S sources.
 */
@NullMarked
package io.winnow.retrieval;

import org.jspecify.annotations.NullMarked;
