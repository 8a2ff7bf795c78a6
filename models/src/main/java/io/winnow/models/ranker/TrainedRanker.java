package io.winnow.models.ranker;

/**
 * A ranker fresh from training. Owns its array.
 *
 * @param onnx the network: inputs {@code features} (C, F), {@code query} (1, E), {@code items} (C,
 *     E), output {@code probabilities} (C, T)
 * @param spec what goes with it
 */
public record TrainedRanker(byte[] onnx, RankerSpec spec) {}
