package io.winnow.benchmarks;

import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.Figures.Peer;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import io.winnow.retrieval.ExactIndex;
import io.winnow.retrieval.PartitionedIndex;
import io.winnow.retrieval.VectorIndex;
import io.winnow.retrieval.VectorIndex.SearchResult;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * The partitioned index against a scan of everything, on one thread: recall@100, searches a second
 * and the share of vectors that were looked at, without a filter and where a tenth and a hundredth
 * of the items are allowed.
 *
 * <p>Vectors are points around 1,000 random centres, of varied length. {@code clustered} has a
 * spread of 0.3 around a centre, as embeddings of a catalogue with clear kinds have; {@code loose}
 * a spread of 1, where clusters overlap and partitioning helps least.
 */
public final class AnnBenchmark {
  private static final int DIMENSION = 64;
  private static final int K = 100;
  private static final int CENTRES = 1000;
  private static final int ROUNDS = 3;
  private static final double RECALL_GOAL = 0.95;
  private static final Map<String, Double> SPREADS =
      new TreeMap<>(Map.of("clustered", 0.3, "loose", 1.0));

  private final Config config;
  private final Figures.Builder figures = new Figures.Builder("ann");

  /**
   * What to run.
   *
   * @param items how many vectors
   * @param queries how many searches a round
   */
  public record Config(int items, int queries, Seed seed) {
    /** 100,000 vectors of 64 numbers, 200 queries. */
    public static Config defaults(Seed seed) {
      return new Config(100_000, 200, seed);
    }

    /** Checks the sizes. */
    public Config {
      if (items < 1) {
        throw WinnowException.invalid("items", items, ">= 1");
      }
      if (queries < 1) {
        throw WinnowException.invalid("queries", queries, ">= 1");
      }
    }
  }

  private AnnBenchmark(Config config) {
    this.config = config;
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    AnnBenchmark benchmark = new AnnBenchmark(config);
    benchmark.figures.count("items", config.items(), "vectors of " + DIMENSION);
    SPREADS.forEach(benchmark::measure);
    return benchmark.figures.build();
  }

  private void measure(String name, double spread) {
    int n = config.items();
    float[] all = vectors(n + config.queries(), spread);
    float[] data = Arrays.copyOf(all, n * DIMENSION);
    float[][] queries =
        IntStream.range(0, config.queries()).mapToObj(q -> row(all, n + q)).toArray(float[][]::new);
    long start = System.nanoTime();
    PartitionedIndex index =
        PartitionedIndex.build(
            DIMENSION,
            IntStream.range(0, n).toArray(),
            data,
            new float[0],
            PartitionedIndex.Config.DEFAULT,
            config.seed().derive("build"),
            1);
    figures.add(name + ".build_seconds", (System.nanoTime() - start) / 1e9, "s");
    ExactIndex exact = new ExactIndex(DIMENSION);
    for (int item = 0; item < n; item++) {
      exact.put(item, row(data, item));
    }
    compare(name + ".all", index, exact, queries, item -> true);
    compare(name + ".tenth", index, exact, queries, item -> allowed(item, 10));
    compare(name + ".hundredth", index, exact, queries, item -> allowed(item, 100));
  }

  /** One item of so many, without regard to their order. */
  private static boolean allowed(int item, int every) {
    return Math.floorMod(Seed.mix(item), every) == 0;
  }

  private void compare(
      String name, VectorIndex index, VectorIndex exact, float[][] queries, ItemFilter filter) {
    Searches found = search(index, queries, filter);
    Searches truth = search(exact, queries, filter);
    double hits = 0;
    double possible = 0;
    for (int q = 0; q < queries.length; q++) {
      int[] best = truth.items[q].clone();
      Arrays.sort(best);
      hits += Arrays.stream(found.items[q]).filter(i -> Arrays.binarySearch(best, i) >= 0).count();
      possible += best.length;
    }
    figures
        .add(name + ".recall_at_100", hits / possible, "share", Goal.atLeast(RECALL_GOAL))
        .add(
            name + ".queries_per_second",
            found.perSecond,
            "searches/s",
            new Peer("exact scan", truth.perSecond))
        .add(
            name + ".scanned",
            found.scannedShare,
            "share",
            new Peer("exact scan", truth.scannedShare));
  }

  private record Searches(int[][] items, double perSecond, double scannedShare) {}

  /** The best of several rounds: what others do on the machine only slows a round down. */
  private Searches search(VectorIndex index, float[][] queries, ItemFilter filter) {
    int[][] items = new int[queries.length][];
    long bestNanos = Long.MAX_VALUE;
    long scanned = 0;
    for (int round = 0; round < ROUNDS; round++) {
      scanned = 0;
      long start = System.nanoTime();
      for (int q = 0; q < queries.length; q++) {
        SearchResult result = index.search(queries[q], K, filter);
        items[q] = result.candidates().items();
        scanned += result.scanned();
      }
      bestNanos = Math.min(bestNanos, System.nanoTime() - start);
    }
    return new Searches(
        items,
        queries.length * 1e9 / bestNanos,
        scanned / ((double) config.items() * queries.length));
  }

  private float[] vectors(int n, double spread) {
    RandomGenerator random = config.seed().generator("vectors");
    double[] centres = new double[CENTRES * DIMENSION];
    Arrays.setAll(centres, i -> random.nextGaussian());
    float[] vectors = new float[n * DIMENSION];
    for (int row = 0; row < n; row++) {
      int centre = random.nextInt(CENTRES) * DIMENSION;
      double length = 0.7 + 0.6 * random.nextDouble();
      for (int d = 0; d < DIMENSION; d++) {
        vectors[row * DIMENSION + d] =
            (float) (length * (centres[centre + d] + spread * random.nextGaussian()));
      }
    }
    return vectors;
  }

  private static float[] row(float[] vectors, int row) {
    return Arrays.copyOfRange(vectors, row * DIMENSION, (row + 1) * DIMENSION);
  }
}
