package io.winnow.serving;

import io.winnow.core.ItemId;

/** The request path as its adapters see it. Thread-safe. */
public interface Recommender {
  /**
   * Recommends items to a user.
   *
   * @return never empty while the catalogue holds an available item that the request does not rule
   *     out
   * @throws io.winnow.core.WinnowException with {@code INVALID_ARGUMENT} for a filter that the
   *     application does not know, {@code OVERLOADED} at the bound of concurrent work, {@code
   *     DEADLINE_EXCEEDED} if not even the fallbacks were ready in time, {@code UNAVAILABLE} before
   *     there is a release
   */
  Slate recommend(RecommendationRequest request);

  /**
   * The items most similar to one item, best first; the item itself is not among them.
   *
   * @param n how many, 1 to {@value RecommendationRequest#MAX_N}
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND} for an unknown item
   */
  Slate similar(ItemId item, int n);

  /** The experiments that it serves. */
  ExperimentAssignments assignments();

  /** The version of the release that answers now. */
  String release();
}
