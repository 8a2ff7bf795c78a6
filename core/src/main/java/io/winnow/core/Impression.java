package io.winnow.core;

/**
 * What was shown at one position of a slate, and why: everything that a later audit, training run
 * or off-policy estimate needs.
 *
 * <p>An impression owns its {@code features}: nobody changes the array after construction.
 *
 * @param requestId the request that it answered
 * @param position place in the slate, from 0
 * @param propensity probability in (0, 1] that the policy showed this item at this position
 * @param provenance which release and experiment arm chose it, from which source
 * @param asOfOffset the log's end offset at which the features were read: records below it were
 *     visible, none at or above
 * @param schemaHash identifies the feature schema that gives {@code features} their names
 * @param features the feature values that were used, in schema order; empty if ranking was degraded
 */
public record Impression(
    String requestId,
    int position,
    double propensity,
    Provenance provenance,
    long asOfOffset,
    long schemaHash,
    float[] features) {
  /**
   * Who chose the item.
   *
   * @param release the release's version
   * @param arm the experiment arm, or {@code default}
   * @param source the candidate source that contributed most, such as {@code two_tower}, or {@code
   *     exploration}
   * @param score the ranker's score
   */
  public record Provenance(String release, String arm, String source, double score) {}

  /** Checks position and propensity. */
  public Impression {
    Ids.check("request_id", requestId);
    if (position < 0) {
      throw WinnowException.invalid("position", position, ">= 0");
    }
    if (!(propensity > 0 && propensity <= 1)) {
      throw WinnowException.invalid("propensity", propensity, "in (0, 1]");
    }
  }
}
