package io.winnow.retrieval;

import io.winnow.core.Seed;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/** Seeded vectors and the naive search over them. */
final class Vectors {
  private Vectors() {}

  /** Points around random centres, of varied length; row-major, shape (n, dimension). */
  static float[] clustered(long seed, int n, int dimension, int clusters, double spread) {
    RandomGenerator random = new Seed(seed).generator("clustered");
    double[] centres = new double[clusters * dimension];
    Arrays.setAll(centres, i -> random.nextGaussian());
    float[] vectors = new float[n * dimension];
    for (int row = 0; row < n; row++) {
      int centre = random.nextInt(clusters) * dimension;
      double length = 0.7 + 0.6 * random.nextDouble();
      for (int d = 0; d < dimension; d++) {
        vectors[row * dimension + d] =
            (float) (length * (centres[centre + d] + spread * random.nextGaussian()));
      }
    }
    return vectors;
  }

  static float[] row(float[] vectors, int dimension, int row) {
    return Arrays.copyOfRange(vectors, row * dimension, (row + 1) * dimension);
  }

  static int[] identity(int n) {
    return IntStream.range(0, n).toArray();
  }

  /** The best allowed rows by sorting all. */
  static int[] naive(float[] vectors, float[] query, int k, ItemFilter filter) {
    int dimension = query.length;
    double[] products = new double[vectors.length / dimension];
    for (int row = 0; row < products.length; row++) {
      for (int d = 0; d < dimension; d++) {
        products[row] += (double) query[d] * vectors[row * dimension + d];
      }
    }
    return IntStream.range(0, products.length)
        .filter(filter::allows)
        .boxed()
        .sorted(Comparator.comparingDouble(row -> -products[row]))
        .limit(k)
        .mapToInt(row -> row)
        .toArray();
  }

  /** Share of {@code truth} that was found. */
  static double recall(int[] truth, int[] found) {
    long hits =
        Arrays.stream(truth).filter(t -> Arrays.stream(found).anyMatch(f -> f == t)).count();
    return truth.length == 0 ? 1 : (double) hits / truth.length;
  }
}
