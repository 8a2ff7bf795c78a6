package io.winnow.lifecycle.registry;

import org.jspecify.annotations.Nullable;

/**
 * What a server says of itself.
 *
 * @param server its id, unique among those that run
 * @param address where it listens, for people
 * @param revision of the plan that it follows, as far as it can
 * @param champion what it serves, whatever the plan says
 * @param problem why it does not follow the plan; null if it does
 * @param seenMs when it said so, epoch milliseconds of the wall clock
 */
public record ServerStatus(
    String server,
    String address,
    long revision,
    String champion,
    @Nullable String problem,
    long seenMs) {}
