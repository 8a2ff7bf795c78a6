package io.winnow.lifecycle.registry;

/**
 * One change of what is served: from this time on, until the next entry, the plan held.
 *
 * @param atMs epoch milliseconds, by the clock of requests
 * @param action such as {@code promote}, {@code rollback}, {@code canary}, {@code shadow}, {@code
 *     end_trial}, {@code application}
 * @param plan what was to be served from then on
 * @param application hash of the application file in force, hexadecimal; empty if unknown
 * @param cause who and why
 */
public record LedgerEntry(
    long atMs, String action, ServingPlan plan, String application, Cause cause) {}
