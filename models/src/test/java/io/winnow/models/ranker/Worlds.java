package io.winnow.models.ranker;

import io.winnow.core.Seed;
import java.util.List;
import java.util.random.RandomGenerator;

/** Generated ranking examples whose truth is known. */
final class Worlds {
  private Worlds() {}

  /**
   * Requests of 20 rows with 4 features, 4-dimensional vectors and two objectives. A click needs
   * two features of the same sign (no linear model can see it), likes the query's vector, and falls
   * with position; a buy needs the third feature. The fourth is heavy-tailed noise, a tenth of it
   * unknown.
   */
  static RankingExamples planted(int requests, Seed seed) {
    int rows = requests * 20;
    RandomGenerator random = seed.generator("world");
    float[] features = new float[rows * 4];
    float[] queries = gaussians(requests * 4, random);
    float[] vectors = gaussians(50 * 4, random);
    int[] items = new int[rows];
    int[] positions = new int[rows];
    float[] labels = new float[rows * 2];
    int[] offsets = new int[requests + 1];
    for (int row = 0; row < rows; row++) {
      int request = row / 20;
      offsets[request + 1] = row + 1;
      items[row] = random.nextInt(50);
      positions[row] = row % 20;
      for (int f = 0; f < 3; f++) {
        features[row * 4 + f] = (float) random.nextGaussian();
      }
      boolean unknown = random.nextInt(10) == 0;
      features[row * 4 + 3] = unknown ? Float.NaN : (float) Math.exp(3 * random.nextGaussian());
      double dot = 0;
      for (int e = 0; e < 4; e++) {
        dot += queries[request * 4 + e] * vectors[items[row] * 4 + e];
      }
      double click = -1.5 + 1.5 * rule(features, row) + 0.6 * dot - 0.05 * positions[row];
      labels[row * 2] = happens(click, random);
      labels[row * 2 + 1] = happens(-4 + 1.5 * features[row * 4 + 2], random);
    }
    return new RankingExamples(
        List.of("a", "b", "c", "noise"),
        features,
        offsets,
        new RankingExamples.Embeddings(4, queries, items, vectors),
        new RankingExamples.Outcomes(
            List.of("click", "buy"), new float[] {1, 2}, labels, positions));
  }

  private static double rule(float[] features, int row) {
    return Math.clamp(features[row * 4] * features[row * 4 + 1], -2, 2);
  }

  private static float happens(double logit, RandomGenerator random) {
    return random.nextDouble() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
  }

  private static float[] gaussians(int size, RandomGenerator random) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
