package io.winnow.models.ranker;

import org.jspecify.annotations.Nullable;

/**
 * A ranker fresh from training. Owns its array.
 *
 * @param onnx the network: inputs {@code features} (C, F), {@code query} (1, E), {@code items} (C,
 *     E), output {@code probabilities} (C, T)
 * @param spec what goes with it
 * @param weights what a training can go on from; null if that is not known
 */
public record TrainedRanker(byte[] onnx, RankerSpec spec, @Nullable RankerWeights weights) {
  /** A ranker whose training cannot be gone on with, such as one from elsewhere. */
  public TrainedRanker(byte[] onnx, RankerSpec spec) {
    this(onnx, spec, null);
  }
}
