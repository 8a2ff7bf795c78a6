package io.winnow.ranking;

import io.winnow.features.FeatureSchema;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Assembles the ranker's input matrix from store features and source scores: the same code in
 * training and in serving.
 *
 * <p>Columns, in order: the F store features; then for each of the S sources its raw score, its
 * score standardised within the request, and the negative logarithm of its rank within the request.
 * The last two make scores comparable between requests (a score that sums over a history grows with
 * its length). NaN stands for 'this source has no score for this item'.
 *
 * <p>Immutable and thread-safe. Cost: O(S C log C).
 */
public final class RankerInputs {
  private static final int COLUMNS_PER_SOURCE = 3;

  private final FeatureSchema schema;
  private final List<String> sources;
  private final List<String> names;

  /**
   * @param schema the store's columns, F
   * @param sources the names of the sources, S, in the order of the score matrix
   */
  public RankerInputs(FeatureSchema schema, List<String> sources) {
    this.schema = schema;
    this.sources = List.copyOf(sources);
    List<String> all = new ArrayList<>(schema.names());
    for (String source : sources) {
      all.add("source." + source + ".score");
      all.add("source." + source + ".standardised");
      all.add("source." + source + ".rank");
    }
    this.names = List.copyOf(all);
  }

  /** The columns' names. */
  public List<String> names() {
    return names;
  }

  /** The sources whose scores are expected, in order. */
  public List<String> sources() {
    return sources;
  }

  /**
   * Puts the matrix together.
   *
   * @param storeFeatures shape (C, F)
   * @param sourceScores shape (C, S), NaN where a source has none
   * @return shape (C, {@code names().size()})
   */
  public float[] assemble(int candidates, float[] storeFeatures, float[] sourceScores) {
    int f = schema.size();
    int s = sources.size();
    int width = names.size();
    if (storeFeatures.length != candidates * f || sourceScores.length != candidates * s) {
      throw new IllegalArgumentException(
          "storeFeatures: %d, sourceScores: %d (expected: %d x %d and %d x %d)"
              .formatted(storeFeatures.length, sourceScores.length, candidates, f, candidates, s));
    }
    float[] out = new float[candidates * width];
    for (int c = 0; c < candidates; c++) {
      System.arraycopy(storeFeatures, c * f, out, c * width, f);
    }
    float[] column = new float[candidates];
    for (int source = 0; source < s; source++) {
      for (int c = 0; c < candidates; c++) {
        column[c] = sourceScores[c * s + source];
      }
      writeSource(column, out, f + source * COLUMNS_PER_SOURCE, width);
    }
    return out;
  }

  private static void writeSource(float[] scores, float[] out, int offset, int width) {
    double sum = 0;
    double squares = 0;
    int known = 0;
    for (float score : scores) {
      if (!Float.isNaN(score)) {
        sum += score;
        squares += (double) score * score;
        known++;
      }
    }
    double mean = known == 0 ? 0 : sum / known;
    double deviation = known == 0 ? 0 : Math.sqrt(Math.max(0, squares / known - mean * mean));
    float[] ascending = scores.clone();
    Arrays.sort(ascending); // NaN sorts last
    for (int c = 0; c < scores.length; c++) {
      int at = c * width + offset;
      float score = scores[c];
      out[at] = score;
      if (Float.isNaN(score)) {
        out[at + 1] = Float.NaN;
        out[at + 2] = Float.NaN;
      } else {
        out[at + 1] = deviation < 1e-9 ? 0f : (float) ((score - mean) / deviation);
        out[at + 2] = (float) -Math.log(1 + countAbove(ascending, known, score));
      }
    }
  }

  /**
   * How many of the first {@code known} ascending values are greater than {@code score}: equal
   * scores share a rank.
   */
  private static int countAbove(float[] ascending, int known, float score) {
    int low = 0;
    int high = known;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (ascending[middle] <= score) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return known - low;
  }
}
