package io.winnow.serving;

/**
 * A stage that did not do its work, and what stood in for it.
 *
 * @param stage such as {@code ranking}
 * @param reason why, such as {@code deadline}
 * @param fallback what was used instead, such as {@code retrieval order}
 */
public record Degradation(String stage, String reason, String fallback) {}
