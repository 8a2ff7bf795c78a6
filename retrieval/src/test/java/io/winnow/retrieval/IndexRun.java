package io.winnow.retrieval;

import io.winnow.core.Seed;
import io.winnow.retrieval.CandidateSource.ItemFilter;

/**
 * Prints build time, recall and speed of the partitioned index: {@code IndexRun N CLUSTERS SPREAD}.
 */
final class IndexRun {
  private static final int E = 64;
  private static final int K = 100;
  private static final int QUERIES = 200;

  private IndexRun() {}

  /** Runs. */
  public static void main(String[] arguments) {
    int n = Integer.parseInt(arguments[0]);
    int clusters = Integer.parseInt(arguments[1]);
    double spread = Double.parseDouble(arguments[2]);
    float[] all = Vectors.clustered(1, n + QUERIES, E, clusters, spread);
    float[] data = java.util.Arrays.copyOf(all, n * E);
    long start = System.nanoTime();
    PartitionedIndex index =
        PartitionedIndex.build(
            E,
            Vectors.identity(n),
            data,
            new float[0],
            PartitionedIndex.Config.DEFAULT,
            new Seed(1),
            1);
    System.out.printf(
        "n=%d build=%.2fs lists=%d %s, a tenth: %s%n",
        n,
        (System.nanoTime() - start) / 1e9,
        index.listCount(),
        index.measured(),
        index.measuredDeep());
    ExactIndex exact = new ExactIndex(E);
    for (int i = 0; i < n; i++) {
      exact.put(i, Vectors.row(data, E, i));
    }
    for (int every : new int[] {1, 10, 100}) {
      measure(index, exact, all, n, every);
    }
  }

  private static void measure(
      PartitionedIndex index, ExactIndex exact, float[] all, int n, int every) {
    ItemFilter filter = item -> item % every == 0;
    double recall = 0;
    long scanned = 0;
    int[][] truth = new int[QUERIES][];
    int[][] found = new int[QUERIES][];
    double best = Double.MAX_VALUE;
    double bestExact = Double.MAX_VALUE;
    for (int round = 0; round < 5; round++) {
      scanned = 0;
      long start = System.nanoTime();
      for (int q = 0; q < QUERIES; q++) {
        VectorIndex.SearchResult result = index.search(Vectors.row(all, E, n + q), K, filter);
        found[q] = result.candidates().items();
        scanned += result.scanned();
      }
      best = Math.min(best, (System.nanoTime() - start) / 1e9);
      start = System.nanoTime();
      for (int q = 0; q < QUERIES; q++) {
        truth[q] = exact.search(Vectors.row(all, E, n + q), K, filter).candidates().items();
      }
      bestExact = Math.min(bestExact, (System.nanoTime() - start) / 1e9);
    }
    for (int q = 0; q < QUERIES; q++) {
      recall += Vectors.recall(truth[q], found[q]) / QUERIES;
    }
    System.out.printf(
        "  allowed 1/%d: recall@%d=%.4f scanned=%.4f queries/s=%.0f exact=%.0f%n",
        every, K, recall, scanned / ((double) n * QUERIES), QUERIES / best, QUERIES / bestExact);
  }
}
