package io.winnow.retrieval;

import io.winnow.core.Seed;
import io.winnow.models.Stripes;
import io.winnow.models.linear.Kernels;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Lloyd's algorithm (Least squares quantization in PCM, 1982) over a sample. Distances come from
 * inner products: {@code argmin |x-c|² = argmax x·c - |c|²/2}. An empty cluster takes over a random
 * sample point. Deterministic by seed for any number of threads.
 */
final class KMeans {
  private static final int SAMPLES_PER_CLUSTER = 64;

  private KMeans() {}

  /**
   * Trains.
   *
   * @param vectors row-major, shape (N, E)
   * @return centroids, row-major, shape (clusters, E)
   */
  static float[] train(
      float[] vectors, int dimension, int clusters, int iterations, Seed seed, int threads) {
    RandomGenerator random = seed.generator("kmeans");
    int n = vectors.length / dimension;
    int[] order = new int[n];
    Arrays.setAll(order, i -> i);
    int sampled = (int) Math.min(n, (long) SAMPLES_PER_CLUSTER * clusters);
    float[] sample = new float[sampled * dimension];
    for (int i = 0; i < sampled; i++) {
      int j = i + random.nextInt(n - i);
      int row = order[j];
      order[j] = order[i];
      System.arraycopy(vectors, row * dimension, sample, i * dimension, dimension);
    }
    float[] centroids = Arrays.copyOf(sample, clusters * dimension);
    for (int iteration = 0; iteration < iterations; iteration++) {
      int[] cluster = assign(sample, dimension, centroids, threads);
      centroids = means(sample, dimension, cluster, clusters, random);
    }
    return centroids;
  }

  /** The nearest centroid of each vector, shape (N). */
  static int[] assign(float[] vectors, int dimension, float[] centroids, int threads) {
    int n = vectors.length / dimension;
    float[] halfNorms = halfNorms(centroids, dimension);
    int[] nearest = new int[n];
    Stripes.run(
        threads,
        n,
        4096,
        (from, to) -> {
          float[] query = new float[dimension];
          float[] products = new float[halfNorms.length];
          for (int row = from; row < to; row++) {
            System.arraycopy(vectors, row * dimension, query, 0, dimension);
            nearest[row] = nearest(query, centroids, halfNorms, products);
          }
        });
    return nearest;
  }

  /** Half the squared norm of each row. */
  static float[] halfNorms(float[] rows, int dimension) {
    float[] norms = new float[rows.length / dimension];
    for (int c = 0; c < norms.length; c++) {
      norms[c] = Kernels.dot(rows, c * dimension, rows, c * dimension, dimension) / 2;
    }
    return norms;
  }

  /** The nearest centroid; {@code products} is scratch of their number. */
  static int nearest(float[] vector, float[] centroids, float[] halfNorms, float[] products) {
    Kernels.dots(vector, centroids, 0, halfNorms.length, products, 0);
    int best = 0;
    for (int c = 1; c < halfNorms.length; c++) {
      if (products[c] - halfNorms[c] > products[best] - halfNorms[best]) {
        best = c;
      }
    }
    return best;
  }

  private static float[] means(
      float[] sample, int dimension, int[] cluster, int clusters, RandomGenerator random) {
    double[] sums = new double[clusters * dimension];
    int[] counts = new int[clusters];
    for (int row = 0; row < cluster.length; row++) {
      counts[cluster[row]]++;
      for (int d = 0; d < dimension; d++) {
        sums[cluster[row] * dimension + d] += sample[row * dimension + d];
      }
    }
    float[] centroids = new float[clusters * dimension];
    for (int c = 0; c < clusters; c++) {
      if (counts[c] == 0) {
        System.arraycopy(
            sample,
            random.nextInt(cluster.length) * dimension,
            centroids,
            c * dimension,
            dimension);
      }
      for (int d = 0; counts[c] > 0 && d < dimension; d++) {
        centroids[c * dimension + d] = (float) (sums[c * dimension + d] / counts[c]);
      }
    }
    return centroids;
  }
}
