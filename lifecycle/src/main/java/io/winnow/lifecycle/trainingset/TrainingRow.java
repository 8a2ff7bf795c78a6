package io.winnow.lifecycle.trainingset;

import io.winnow.core.ItemId;
import io.winnow.core.UserId;
import org.jspecify.annotations.Nullable;

/**
 * One row of a training set: a user and an item at a time, what was known then, and what came of
 * it. The row owns its arrays.
 *
 * @param user who was shown the item or did something with it
 * @param timeMs of the impression or event, epoch milliseconds
 * @param asOfOffset records of the log below this offset were visible, none at or above
 * @param origin where the row comes from
 * @param features in the order of the set's features; NaN stands for 'nothing known'
 * @param labels 1 or 0 for each objective, in the order of the set's objectives
 */
public record TrainingRow(
    UserId user,
    ItemId item,
    long timeMs,
    long asOfOffset,
    Origin origin,
    float[] features,
    float[] labels) {
  /** Where a row comes from. */
  public sealed interface Origin {
    /** The request that was answered, or that led to the event; null if nobody said. */
    @Nullable String requestId();

    /**
     * An impression.
     *
     * @param position place in the slate, from 0
     * @param propensity probability in (0, 1] that the policy showed this item there
     * @param release the version of the release that served
     * @param replayed whether a feature's value was computed by replay; otherwise all are those
     *     that were used
     */
    record Shown(
        String requestId, int position, double propensity, String release, boolean replayed)
        implements Origin {}

    /**
     * An event that is no impression. Its features are computed by replay.
     *
     * @param type the event's type
     * @param value the type's number, or NaN
     */
    record Happened(@Nullable String requestId, String type, double value) implements Origin {}
  }
}
