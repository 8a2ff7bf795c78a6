package io.winnow.models.encoder;

import io.winnow.core.WinnowException;
import java.util.List;

/**
 * An encoder fresh from training. Owns its arrays.
 *
 * @param itemVectors shape (N, E): an item's own embedding plus the mean of its tokens'
 * @param tokenVectors shape (V, E)
 * @param onnx the query network: inputs {@code history} (B, L, E), the item vectors, oldest first,
 *     then anything; and {@code last} (B, L), 1 at each row's latest item, else 0. Output {@code
 *     query} (B, E)
 * @param spec what goes with it
 * @param weights the network's weights by order of construction: needed only to continue training
 *     from, not to serve
 */
public record TrainedEncoder(
    float[] itemVectors,
    float[] tokenVectors,
    byte[] onnx,
    EncoderSpec spec,
    List<float[]> weights) {
  /** Copies the list. */
  public TrainedEncoder {
    weights = List.copyOf(weights);
  }

  /**
   * Where an item without history belongs: the mean of its tokens' vectors; zeros without tokens.
   *
   * @param tokens 0 … V-1
   * @return shape (E)
   */
  public float[] coldVector(int[] tokens) {
    return coldVector(tokenVectors, spec.embeddingSize(), tokens);
  }

  /**
   * {@link #coldVector(int[])} for token vectors that were stored.
   *
   * @param tokenVectors shape (V, E)
   * @throws WinnowException INVALID_ARGUMENT if a token is out of range
   */
  public static float[] coldVector(float[] tokenVectors, int embeddingSize, int[] tokens) {
    float[] vector = new float[embeddingSize];
    int vocabulary = tokenVectors.length / embeddingSize;
    for (int token : tokens) {
      if (token < 0 || token >= vocabulary) {
        throw WinnowException.invalid("tokens", token, "0 to " + (vocabulary - 1));
      }
      for (int e = 0; e < embeddingSize; e++) {
        vector[e] += tokenVectors[token * embeddingSize + e] / tokens.length;
      }
    }
    return vector;
  }
}
