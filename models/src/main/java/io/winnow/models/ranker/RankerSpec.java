package io.winnow.models.ranker;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a ranker's file expects and gives; stored beside it.
 *
 * @param featureNames F names, in the order of the columns
 * @param embeddingSize E; 0 if the ranker takes no vectors
 * @param objectives T names, in the order of the outputs
 * @param weights what each objective's outcome is worth, shape (T)
 * @param metrics how it did on the requests held out
 * @param history how it looks at what the user did; null if it does not
 */
public record RankerSpec(
    List<String> featureNames,
    int embeddingSize,
    List<String> objectives,
    List<Float> weights,
    RankerMetrics metrics,
    @Nullable HistorySpec history) {
  /** A ranker that does not look at the history. */
  public RankerSpec(
      List<String> featureNames,
      int embeddingSize,
      List<String> objectives,
      List<Float> weights,
      RankerMetrics metrics) {
    this(featureNames, embeddingSize, objectives, weights, metrics, null);
  }

  /** Copies the lists. */
  public RankerSpec {
    featureNames = List.copyOf(featureNames);
    objectives = List.copyOf(objectives);
    weights = List.copyOf(weights);
  }
}
