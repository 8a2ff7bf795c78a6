package io.winnow.experiments.bandit;

/**
 * An estimate from data whose collection depended on them.
 *
 * @param low of the interval
 * @param high of the interval
 * @param p that the truth is 0, two-sided
 */
public record Adaptive(double estimate, double standardError, double low, double high, double p) {}
