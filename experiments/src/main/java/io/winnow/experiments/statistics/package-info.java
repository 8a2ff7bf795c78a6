/**
 * The statistics of experiments: effects with intervals, sequential tests, planning, checks. Pure
 * functions of sufficient statistics; each formula with its source. Everything is immutable and
 * thread-safe unless it says otherwise.
 */
@NullMarked
package io.winnow.experiments.statistics;

import org.jspecify.annotations.NullMarked;
