/**
 * Analysis: the log's exposures joined with outcomes, metrics by arm, and what to conclude. A fold
 * over the log: late outcomes count as they come.
 *
 * <p>In: an experiment, the application, the log up to an offset, a time ({@link AnalysisRequest}).
 * Out: an {@link ExperimentReport}, the same for the same input. {@link ExperimentAnalysis} replays
 * the log twice; statistics are those of {@code experiments.statistics}.
 */
@NullMarked
package io.winnow.experiments.analysis;

import org.jspecify.annotations.NullMarked;
