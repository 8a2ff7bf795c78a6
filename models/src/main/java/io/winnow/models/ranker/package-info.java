/**
 * The multi-task ranker.
 *
 * <p>In: {@link io.winnow.models.ranker.RankingExamples} (feature rows grouped by request, with
 * what came of them). Out: calibrated probabilities of each objective for C candidates of a
 * request, and their weighted sum, the score. {@link io.winnow.models.ranker.RankerTrainer} trains,
 * {@link io.winnow.models.ranker.Ranker} serves; between them lies an ONNX file that takes raw
 * features, so that no preprocessing can differ between the two.
 */
@NullMarked
package io.winnow.models.ranker;

import org.jspecify.annotations.NullMarked;
