/**
 * Reports: what an analysis found, as a page for people and as JSON for programs. Pure functions of
 * an {@link io.winnow.experiments.analysis.ExperimentReport}.
 */
@NullMarked
package io.winnow.experiments.report;

import org.jspecify.annotations.NullMarked;
