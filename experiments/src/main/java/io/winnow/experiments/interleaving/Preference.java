package io.winnow.experiments.interleaving;

/**
 * Which of two interleaved rankings users prefer, and how sure that is.
 *
 * @param units how many, those without outcomes included
 * @param firstWins units that credit the first ranking with more than the second
 * @param secondWins the other way round
 * @param ties neither
 * @param estimate share of the credited outcomes that the first ranking earned, less the second's;
 *     in [-1, 1], above 0 if the first is preferred
 * @param low of the estimate's interval
 * @param high of the estimate's interval
 * @param difference mean over units of what the first ranking earned less what the second did
 * @param differenceLow of its interval
 * @param differenceHigh of its interval
 * @param p of the paired t-test that the mean difference is 0, two-sided
 * @param signP of the sign test that a unit which prefers one prefers either as likely, two-sided,
 *     exact
 */
public record Preference(
    long units,
    long firstWins,
    long secondWins,
    long ties,
    double estimate,
    double low,
    double high,
    double difference,
    double differenceLow,
    double differenceHigh,
    double p,
    double signP) {}
