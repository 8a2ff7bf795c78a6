/**
 * Serving: requests in, slates out.
 *
 * <p>In: a {@link io.winnow.serving.RecommendationRequest} with its deadline. Out: a {@link
 * io.winnow.serving.Slate} that says where each item came from, with which propensity, and what had
 * to be degraded on the way. {@link io.winnow.serving.Recommender} is the seam between the request
 * path and the adapters that carry it, such as {@code io.winnow.serving.http}.
 */
@NullMarked
package io.winnow.serving;

import org.jspecify.annotations.NullMarked;
