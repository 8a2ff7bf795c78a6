package io.winnow.serving;

import io.winnow.core.ItemId;

/**
 * One item of a slate.
 *
 * @param item the item
 * @param position place in the slate, from 0
 * @param score the ranker's score, or the source's where ranking was degraded
 * @param propensity probability in (0, 1] that the policy showed this item at this position
 * @param source the candidate source that contributed most, such as {@code two_tower}
 * @param reason why it is here, in words for people
 */
public record SlateItem(
    ItemId item, int position, double score, double propensity, String source, String reason) {}
