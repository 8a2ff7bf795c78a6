package io.winnow.retrieval;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.models.ModelFile;
import io.winnow.models.TopK;
import io.winnow.models.linear.Kernels;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * An inverted file over full vectors (IVF-flat: Sivic, Zisserman: Video Google, ICCV 2003; Jégou et
 * al.: Product quantization for nearest neighbor search, PAMI 2011) for the inner product.
 *
 * <p>k-means splits the items into some {@code 2·√N} lists. A search opens them in the order of a
 * bound on what they can hold and stops by a rule, not after a fixed number: by Cauchy-Schwarz no
 * vector of a list with centroid c and radius r exceeds {@code q·c + |q|·r}. That bound is safe and
 * far too wide, because in many dimensions hardly any vector lies where q points. So r is replaced
 * by {@code slack · (root mean square radius)}, at most r, and a search is over when the next
 * list's bound falls below the k-th score found. The build chooses the smallest slack that reaches
 * the recall goal on sampled queries and records what it measured. The rule adapts by itself: a
 * query amid a cluster stops early; a filter that allows little keeps the k-th score low and the
 * search going, to all lists if need be, so k allowed items are found if there are as many.
 *
 * <p>How wide the bound must be depends on how deep a search reaches, that is on k over the share
 * of items allowed: k of a tenth of the items reaches as deep as 10·k of all. So the slack is
 * chosen at two depths, for {@link Config#calibrationK} of all items and of a tenth, and a search
 * interpolates between them by the logarithm of its own depth.
 *
 * <p>Where the filter allows few (judged by a spread sample of items), the filter is asked first
 * and only allowed vectors are looked at. Below {@link Config#exactBelow} items there is one list,
 * and every search is exact.
 *
 * <p>Thread-safe as {@link VectorIndex} says. Memory: 4·E + 4 bytes an item, up to half more after
 * appends.
 */
public final class PartitionedIndex implements VectorIndex {
  private static final String KIND = "partitioned_index";
  private static final int VERSION = 1;
  private static final int KMEANS_ITERATIONS = 8;
  private static final int SELECTIVITY_SAMPLE = 256;

  /** At most this share of the items allowed: the filter is asked first. */
  private static final double FEW_ALLOWED = 0.05;

  /** A slack at which the true radius is the bound in practice. */
  private static final float SLACK_MAX = 4;

  private static final ItemFilter ALL = item -> true;

  /** A tenth of the items that has nothing to do with their order. */
  private static final ItemFilter A_TENTH = item -> Math.floorMod(Seed.mix(item), 10) == 0;

  private static final double DEEP = 10;

  private final float[] centroids;
  private final float[] halfNorms;
  private final IndexedLists lists;

  /** By list; what appends change, under the lock of {@code lists}. */
  private final float[] radius;

  private final float[] meanRadius;
  private volatile Measured measured;
  private volatile Measured measuredDeep;
  private volatile int calibrationK;

  /**
   * How to build.
   *
   * @param recallGoal the recall@{@code calibrationK} to reach, in (0, 1]
   * @param calibrationK k of the sampled queries
   * @param calibrationQueries how many queries are sampled
   * @param exactBelow up to this many items every search looks at all
   */
  public record Config(
      double recallGoal, int calibrationK, int calibrationQueries, int exactBelow) {
    /** Recall@100 of .98, measured on 128 queries. */
    public static final Config DEFAULT = new Config(0.98, 100, 128, 4096);

    /** Checks the ranges. */
    public Config {
      List<Problem> problems = new ArrayList<>();
      if (!(recallGoal > 0 && recallGoal <= 1)) {
        problems.add(new Problem("recallGoal", String.valueOf(recallGoal), "above 0, at most 1"));
      }
      if (calibrationK < 1) {
        problems.add(new Problem("calibrationK", String.valueOf(calibrationK), ">= 1"));
      }
      if (calibrationQueries < 1) {
        problems.add(new Problem("calibrationQueries", String.valueOf(calibrationQueries), ">= 1"));
      }
      if (exactBelow < 0) {
        problems.add(new Problem("exactBelow", String.valueOf(exactBelow), ">= 0"));
      }
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }
  }

  /**
   * What the build measured on its sampled queries.
   *
   * @param slack the chosen width of the bound
   * @param recall share of the true best {@code calibrationK} that were found
   * @param scanned share of the vectors whose inner product was taken
   */
  public record Measured(float slack, double recall, double scanned) {}

  private PartitionedIndex(int dimension, float[] centroids, int expectedSize) {
    this.centroids = centroids;
    this.halfNorms = KMeans.halfNorms(centroids, dimension);
    this.lists = new IndexedLists(dimension, halfNorms.length, expectedSize);
    this.radius = new float[halfNorms.length];
    this.meanRadius = new float[halfNorms.length];
    this.measured = new Measured(SLACK_MAX, 1, 1);
    this.measuredDeep = measured;
    this.calibrationK = Config.DEFAULT.calibrationK();
  }

  /**
   * Builds an index.
   *
   * @param items catalogue indices, shape (N), without duplicates
   * @param vectors row-major, shape (N, E), finite
   * @param queries typical queries to measure recall with, row-major, shape (Q, E); if empty,
   *     items' vectors with noise stand in
   * @param threads how many may help
   */
  public static PartitionedIndex build(
      int dimension,
      int[] items,
      float[] vectors,
      float[] queries,
      Config config,
      Seed seed,
      int threads) {
    checkInput(dimension, items, vectors, queries);
    int n = items.length;
    int listCount = n <= config.exactBelow() ? 1 : (int) Math.round(2 * Math.sqrt(n));
    float[] centroids =
        n == 0
            ? new float[dimension]
            : KMeans.train(vectors, dimension, listCount, KMEANS_ITERATIONS, seed, threads);
    PartitionedIndex index = new PartitionedIndex(dimension, centroids, n);
    index.fill(items, vectors, KMeans.assign(vectors, dimension, centroids, threads));
    if (listCount > 1) {
      float[] sampled =
          queries.length > 0
              ? sample(queries, dimension, config.calibrationQueries(), 0, seed)
              : sample(vectors, dimension, config.calibrationQueries(), 0.5, seed);
      index.calibrationK = config.calibrationK();
      index.measured = new Calibration(index, sampled, config, ALL).choose();
      index.measuredDeep = new Calibration(index, sampled, config, A_TENTH).choose();
    }
    return index;
  }

  private static void checkInput(int dimension, int[] items, float[] vectors, float[] queries) {
    if (dimension < 1 || vectors.length != (long) items.length * dimension) {
      throw new IllegalArgumentException(
          "vectors.length: "
              + vectors.length
              + " (expected: "
              + items.length
              + " × "
              + dimension
              + ")");
    }
    if (queries.length % dimension != 0) {
      throw new IllegalArgumentException(
          "queries.length: " + queries.length + " (expected: a multiple of " + dimension + ")");
    }
    for (float value : vectors) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("vectors: " + value + " (expected: finite)");
      }
    }
    int[] sorted = items.clone();
    Arrays.sort(sorted);
    for (int i = 0; i < sorted.length; i++) {
      if (sorted[i] < 0 || (i > 0 && sorted[i] == sorted[i - 1])) {
        throw new IllegalArgumentException(
            "items: " + sorted[i] + " (expected: >= 0 and only once)");
      }
    }
  }

  /** Random rows; with noise of {@code noise} times each row's own length spread over it. */
  private static float[] sample(float[] rows, int dimension, int count, double noise, Seed seed) {
    RandomGenerator random = seed.generator("queries");
    int n = rows.length / dimension;
    float[] sampled = new float[count * dimension];
    for (int i = 0; i < count; i++) {
      int row = random.nextInt(n) * dimension;
      double norm = Math.sqrt(Kernels.dot(rows, row, rows, row, dimension) / dimension);
      for (int d = 0; d < dimension; d++) {
        sampled[i * dimension + d] = (float) (rows[row + d] + noise * norm * random.nextGaussian());
      }
    }
    return sampled;
  }

  private void fill(int[] items, float[] vectors, int[] assigned) {
    int dimension = lists.dimension();
    double[] squares = new double[lists.listCount()];
    int[] counts = new int[lists.listCount()];
    for (int i = 0; i < items.length; i++) {
      int list = assigned[i];
      double square = squaredDistance(vectors, i * dimension, list);
      squares[list] += square;
      counts[list]++;
      radius[list] = Math.max(radius[list], (float) Math.sqrt(square));
      lists.put(items[i], list, vectors, i * dimension);
    }
    for (int list = 0; list < counts.length; list++) {
      meanRadius[list] = (float) Math.sqrt(squares[list] / Math.max(1, counts[list]));
    }
  }

  private double squaredDistance(float[] vectors, int offset, int list) {
    int dimension = lists.dimension();
    double sum = 0;
    for (int d = 0; d < dimension; d++) {
      double difference = vectors[offset + d] - centroids[list * dimension + d];
      sum += difference * difference;
    }
    return sum;
  }

  @Override
  public int dimension() {
    return lists.dimension();
  }

  @Override
  public int size() {
    return lists.size();
  }

  /** How many inverted lists there are; 1 if every search is exact. */
  public int listCount() {
    return lists.listCount();
  }

  /** What the build measured for {@link Config#calibrationK} of all items. */
  public Measured measured() {
    return measured;
  }

  /** What the build measured with a tenth of the items allowed. */
  public Measured measuredDeep() {
    return measuredDeep;
  }

  @Override
  public SearchResult search(float[] query, int k, ItemFilter filter) {
    lists.checkVector("query", query);
    double share = shareAllowed(filter);
    return share <= FEW_ALLOWED
        ? searchAllowed(query, k, filter)
        : search(query, k, filter, slack(k / share));
  }

  /** Interpolates between the two calibrated depths. */
  private float slack(double depth) {
    double log = Math.log(depth / calibrationK) / Math.log(DEEP);
    float deep = (float) Math.clamp(log, 0, 1);
    return (1 - deep) * measured.slack() + deep * measuredDeep.slack();
  }

  /** Asks the filter about items at even distances; one list is not worth the question. */
  private double shareAllowed(ItemFilter filter) {
    if (lists.listCount() == 1) {
      return 1;
    }
    int asked = 0;
    int allowed = 0;
    int step = Math.max(1, lists.listCount() / SELECTIVITY_SAMPLE);
    int perList = Math.max(1, SELECTIVITY_SAMPLE / lists.listCount());
    for (int list = 0; list < lists.listCount(); list += step) {
      VectorList.Rows rows = lists.list(list).rows();
      for (int i = 0; i < Math.min(perList, rows.size()); i++) {
        int item = rows.items()[(int) ((long) i * rows.size() / perList)];
        if (item != VectorList.REMOVED) {
          asked++;
          allowed += filter.allows(item) ? 1 : 0;
        }
      }
    }
    return asked == 0 ? 0 : (double) allowed / asked;
  }

  private SearchResult searchAllowed(float[] query, int k, ItemFilter filter) {
    TopK best = new TopK(k);
    int scanned = 0;
    for (int list = 0; list < lists.listCount(); list++) {
      scanned += lists.list(list).scanAllowed(query, filter, best);
    }
    return new SearchResult(IndexedLists.candidates(best), scanned, lists.listCount());
  }

  private SearchResult search(float[] query, int k, ItemFilter filter, float slack) {
    int count = lists.listCount();
    float[] bounds = new float[count];
    Kernels.dots(query, centroids, 0, count, bounds, 0);
    float norm = (float) Math.sqrt(Kernels.dot(query, 0, query, 0, query.length));
    TopK order = new TopK(count);
    for (int list = 0; list < count; list++) {
      order.offer(list, bounds[list] + norm * Math.min(radius[list], slack * meanRadius[list]));
    }
    TopK.Ranked ranked = order.drain();
    TopK best = new TopK(k);
    float[] scratch = VectorList.scratch();
    int scanned = 0;
    int probed = 0;
    while (probed < count && ranked.scores()[probed] >= best.threshold()) {
      scanned += lists.list(ranked.items()[probed++]).scan(query, filter, best, scratch);
    }
    return new SearchResult(IndexedLists.candidates(best), scanned, probed);
  }

  @Override
  public float[] score(float[] query, int[] items) {
    return lists.score(query, items);
  }

  @Override
  public void put(int item, float[] vector) {
    lists.checkVector("vector", vector);
    int list = KMeans.nearest(vector, centroids, halfNorms, new float[halfNorms.length]);
    float distance = (float) Math.sqrt(squaredDistance(vector, 0, list));
    synchronized (lists) {
      // Widened before the vector can be met. An outlier also widens the mean, so that it is found.
      radius[list] = Math.max(radius[list], distance);
      meanRadius[list] = Math.max(meanRadius[list], distance / 2);
      lists.put(item, list, vector, 0);
    }
  }

  @Override
  public void remove(int item) {
    lists.remove(item);
  }

  /**
   * The same index under other catalogue indices.
   *
   * @param newIndexOfOld by old index; -1 drops the item
   */
  public PartitionedIndex remap(int[] newIndexOfOld) {
    PartitionedIndex remapped = new PartitionedIndex(dimension(), centroids, size());
    for (int list = 0; list < lists.listCount(); list++) {
      VectorList.Rows rows = lists.list(list).live();
      for (int row = 0; row < rows.size(); row++) {
        int item = rows.items()[row];
        int mapped = item < newIndexOfOld.length ? newIndexOfOld[item] : -1;
        if (mapped >= 0) {
          remapped.lists.put(mapped, list, rows.vectors(), row * dimension());
        }
      }
    }
    remapped.takeShape(radius, meanRadius, measured, measuredDeep, calibrationK);
    return remapped;
  }

  private void takeShape(
      float[] radius, float[] meanRadius, Measured measured, Measured deep, int calibrationK) {
    System.arraycopy(radius, 0, this.radius, 0, this.radius.length);
    System.arraycopy(meanRadius, 0, this.meanRadius, 0, this.meanRadius.length);
    this.measured = measured;
    this.measuredDeep = deep;
    this.calibrationK = calibrationK;
  }

  /** Writes a {@link ModelFile}; without what was removed. */
  public void write(Path file) {
    synchronized (lists) {
      ModelFile.write(file, KIND, VERSION, this::write);
    }
  }

  private void write(DataOutputStream out) throws IOException {
    out.writeInt(dimension());
    out.writeInt(calibrationK);
    for (Measured one : List.of(measured, measuredDeep)) {
      out.writeFloat(one.slack());
      out.writeDouble(one.recall());
      out.writeDouble(one.scanned());
    }
    ModelFile.writeFloats(out, centroids);
    ModelFile.writeFloats(out, radius);
    ModelFile.writeFloats(out, meanRadius);
    for (int list = 0; list < lists.listCount(); list++) {
      VectorList.Rows rows = lists.list(list).live();
      ModelFile.writeInts(out, rows.items());
      ModelFile.writeFloats(out, rows.vectors());
    }
  }

  /** Reads what {@link #write(Path)} wrote. */
  public static PartitionedIndex read(Path file) {
    return ModelFile.read(file, KIND, VERSION, PartitionedIndex::read);
  }

  private static PartitionedIndex read(DataInputStream in) throws IOException {
    int dimension = in.readInt();
    int calibrationK = in.readInt();
    Measured measured = new Measured(in.readFloat(), in.readDouble(), in.readDouble());
    Measured deep = new Measured(in.readFloat(), in.readDouble(), in.readDouble());
    float[] centroids = ModelFile.readFloats(in);
    if (dimension < 1 || centroids.length == 0 || centroids.length % dimension != 0) {
      throw new IllegalArgumentException(
          "centroids: "
              + centroids.length
              + " (expected: a multiple of dimension "
              + dimension
              + ")");
    }
    float[] radius = ModelFile.readFloats(in);
    float[] meanRadius = ModelFile.readFloats(in);
    int listCount = centroids.length / dimension;
    if (radius.length != listCount || meanRadius.length != listCount) {
      throw new IllegalArgumentException(
          "radius: " + radius.length + " (expected: " + listCount + ")");
    }
    PartitionedIndex index = new PartitionedIndex(dimension, centroids, 0);
    index.takeShape(radius, meanRadius, measured, deep, calibrationK);
    for (int list = 0; list < listCount; list++) {
      int[] items = ModelFile.readInts(in);
      float[] vectors = ModelFile.readFloats(in);
      if (vectors.length != (long) items.length * dimension) {
        throw new IllegalArgumentException(
            "vectors: " + vectors.length + " (expected: " + (long) items.length * dimension + ")");
      }
      for (int row = 0; row < items.length; row++) {
        index.lists.put(items[row], list, vectors, row * dimension);
      }
    }
    return index;
  }

  /** Chooses the slack on sampled queries. */
  private static final class Calibration {
    private static final int HALVINGS = 8;

    private final PartitionedIndex index;
    private final float[][] queries;
    private final int[][] truth;
    private final Config config;
    private final ItemFilter filter;

    Calibration(PartitionedIndex index, float[] sampled, Config config, ItemFilter filter) {
      int dimension = index.dimension();
      this.index = index;
      this.config = config;
      this.filter = filter;
      this.queries = new float[sampled.length / dimension][];
      this.truth = new int[queries.length][];
      for (int q = 0; q < queries.length; q++) {
        queries[q] = Arrays.copyOfRange(sampled, q * dimension, (q + 1) * dimension);
        SearchResult exact = index.searchAllowed(queries[q], config.calibrationK(), filter);
        truth[q] = exact.candidates().items();
      }
    }

    /** Bisects for the smallest slack that reaches the goal. */
    Measured choose() {
      float low = 0;
      Measured best = measure(SLACK_MAX);
      for (int halving = 0; halving < HALVINGS; halving++) {
        Measured middle = measure((low + best.slack()) / 2);
        if (middle.recall() >= config.recallGoal()) {
          best = middle;
        } else {
          low = middle.slack();
        }
      }
      return best;
    }

    private Measured measure(float slack) {
      long found = 0;
      long wanted = 0;
      long scanned = 0;
      for (int q = 0; q < queries.length; q++) {
        SearchResult result = index.search(queries[q], config.calibrationK(), filter, slack);
        scanned += result.scanned();
        wanted += truth[q].length;
        IntSet met = new IntSet(truth[q].length);
        for (int item : truth[q]) {
          met.add(item);
        }
        for (int item : result.candidates().items()) {
          found += met.contains(item) ? 1 : 0;
        }
      }
      double all = (double) index.size() * queries.length;
      return new Measured(slack, wanted == 0 ? 1 : (double) found / wanted, scanned / all);
    }
  }
}
