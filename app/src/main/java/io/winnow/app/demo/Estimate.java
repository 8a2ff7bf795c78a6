package io.winnow.app.demo;

/**
 * A figure and its 95 % confidence interval.
 *
 * @param low where the interval begins
 * @param high where it ends
 */
public record Estimate(double value, double low, double high) {}
