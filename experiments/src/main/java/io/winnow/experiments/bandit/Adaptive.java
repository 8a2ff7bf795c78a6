package io.winnow.experiments.bandit;

/**
 * An estimate from data whose collection depended on them.
 *
 * @param standardError above 0; infinite where too little is known, with an interval of everything
 * @param low of the interval
 * @param high of the interval
 * @param p that the truth is 0, two-sided
 */
public record Adaptive(double estimate, double standardError, double low, double high, double p) {}
