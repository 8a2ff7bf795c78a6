/**
 * The statistics of experiments against simulated truth: false alarms and power, interleaving,
 * off-policy estimates, bandits.
 */
@NullMarked
package io.winnow.benchmarks.experiments;

import org.jspecify.annotations.NullMarked;
