/**
 * Bandits: traffic that follows what was learnt. In: sums of a metric by arm and period. Out: each
 * arm's share of the next period's traffic, and estimates of the arms that stay unbiased though the
 * shares depended on the data. Pure functions.
 */
@NullMarked
package io.winnow.experiments.bandit;

import org.jspecify.annotations.NullMarked;
