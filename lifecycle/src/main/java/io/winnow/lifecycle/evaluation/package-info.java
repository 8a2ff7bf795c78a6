/**
 * Offline evaluation: replays a data set by time and says how good each model's lists would have
 * been.
 *
 * <p>In: a {@link io.winnow.events.RecordSource} and a protocol. Out: one {@link
 * io.winnow.lifecycle.evaluation.EvaluationTable}. Targets are ranked against the full catalogue,
 * never against sampled negatives; all splits are by time.
 */
@NullMarked
package io.winnow.lifecycle.evaluation;

import org.jspecify.annotations.NullMarked;
