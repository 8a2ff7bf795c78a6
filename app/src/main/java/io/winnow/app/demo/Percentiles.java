package io.winnow.app.demo;

/**
 * Percentiles of durations in milliseconds.
 *
 * @param count of how many durations
 */
public record Percentiles(int count, double p50Ms, double p95Ms, double p99Ms, double maxMs) {}
