/**
 * Analysis: the log's exposures joined with outcomes, metrics by arm, and what to conclude. A fold
 * over the log: late outcomes count as they come.
 */
@NullMarked
package io.winnow.experiments.analysis;

import org.jspecify.annotations.NullMarked;
