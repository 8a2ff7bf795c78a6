package io.winnow.models.ranker;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Training rows of a ranker, grouped by request, the oldest request first: the trainer holds out
 * the latest requests. Owns its arrays.
 *
 * @param featureNames F names
 * @param features raw values, NaN is unknown, shape (rows, F)
 * @param groupOffsets request r's rows are {@code groupOffsets[r] … groupOffsets[r+1]-1}, shape
 *     (requests + 1)
 * @param embeddings the encoder's view of the rows
 * @param outcomes what came of the rows
 * @param history what the users had done before; null if the ranker shall not look at it
 */
public record RankingExamples(
    List<String> featureNames,
    float[] features,
    int[] groupOffsets,
    Embeddings embeddings,
    Outcomes outcomes,
    @Nullable History history) {

  /** Examples without histories. */
  public RankingExamples(
      List<String> featureNames,
      float[] features,
      int[] groupOffsets,
      Embeddings embeddings,
      Outcomes outcomes) {
    this(featureNames, features, groupOffsets, embeddings, outcomes, null);
  }

  /**
   * What the users had done before each request.
   *
   * @param spec which of it is looked at, and how
   * @param requests one a request
   * @param candidates each row's item, as an index into {@code facts}, shape (rows)
   * @param facts the items among the candidates
   */
  public record History(
      HistorySpec spec, List<RequestHistory> requests, int[] candidates, List<ItemFacts> facts) {
    /** Copies the lists. */
    public History {
      requests = List.copyOf(requests);
      facts = List.copyOf(facts);
    }
  }

  /**
   * Query and item vectors, each stored once.
   *
   * @param width E; 0 if there is no encoder
   * @param queryVectors shape (requests, E)
   * @param items each row's index into {@code itemVectors}, shape (rows)
   * @param itemVectors shape (N, E)
   */
  public record Embeddings(int width, float[] queryVectors, int[] items, float[] itemVectors) {
    /** No encoder: the ranker sees features only. */
    public static Embeddings none() {
      return new Embeddings(0, new float[0], new int[0], new float[0]);
    }
  }

  /**
   * What came of each row.
   *
   * @param objectives T names
   * @param weights what an outcome is worth, at least 0, one more than 0, shape (T)
   * @param labels 0 or 1, shape (rows, T)
   * @param positions where on the slate the row was shown, from 0; −1 unknown; shape (rows)
   */
  public record Outcomes(
      List<String> objectives, float[] weights, float[] labels, int[] positions) {
    /** Copies the names. */
    public Outcomes {
      objectives = List.copyOf(objectives);
    }
  }

  /**
   * Checks the shapes.
   *
   * @throws WinnowException INVALID_ARGUMENT naming every array that does not fit
   */
  public RankingExamples {
    featureNames = List.copyOf(featureNames);
    if (groupOffsets.length < 1) {
      throw WinnowException.invalid("groupOffsets", "[]", "requests + 1 offsets");
    }
    int rows = groupOffsets[groupOffsets.length - 1];
    int requests = groupOffsets.length - 1;
    List<Problem> problems = new ArrayList<>();
    checkLength(problems, "features", features.length, (long) rows * featureNames.size());
    checkOffsets(problems, groupOffsets);
    int tasks = outcomes.objectives().size();
    if (tasks == 0) {
      problems.add(new Problem("objectives", "[]", "at least one"));
    }
    checkLength(problems, "weights", outcomes.weights().length, tasks);
    checkLength(problems, "labels", outcomes.labels().length, (long) rows * tasks);
    checkLength(problems, "positions", outcomes.positions().length, rows);
    checkWeights(problems, outcomes.weights());
    if (embeddings.width() > 0) {
      int width = embeddings.width();
      checkLength(
          problems, "queryVectors", embeddings.queryVectors().length, (long) requests * width);
      checkLength(problems, "items", embeddings.items().length, rows);
      checkItems(problems, "items", embeddings.items(), embeddings.itemVectors().length / width);
    }
    if (history != null) {
      checkLength(problems, "history.requests", history.requests().size(), requests);
      checkLength(problems, "history.candidates", history.candidates().length, rows);
      checkItems(problems, "history.candidates", history.candidates(), history.facts().size());
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  private static void checkLength(List<Problem> problems, String field, long length, long wanted) {
    if (length != wanted) {
      problems.add(new Problem(field + ".length", Long.toString(length), Long.toString(wanted)));
    }
  }

  private static void checkOffsets(List<Problem> problems, int[] offsets) {
    for (int r = 0; r < offsets.length; r++) {
      boolean fits = r == 0 ? offsets[0] == 0 : offsets[r] > offsets[r - 1];
      if (!fits) {
        problems.add(
            new Problem(
                "groupOffsets[" + r + "]",
                Integer.toString(offsets[r]),
                "from 0, each request with a row at least"));
        return;
      }
    }
  }

  private static void checkWeights(List<Problem> problems, float[] weights) {
    float sum = 0;
    for (float weight : weights) {
      sum += weight >= 0 ? weight : Float.NaN;
    }
    if (!(sum > 0) || Float.isInfinite(sum)) {
      problems.add(new Problem("weights", Arrays.toString(weights), "at least 0, one more than 0"));
    }
  }

  private static void checkItems(List<Problem> problems, String field, int[] items, int count) {
    for (int row = 0; row < items.length; row++) {
      if (items[row] < 0 || items[row] >= count) {
        problems.add(
            new Problem(
                field + "[" + row + "]", Integer.toString(items[row]), "0 to " + (count - 1)));
        return;
      }
    }
  }

  /** How many requests. */
  public int requests() {
    return groupOffsets.length - 1;
  }

  /** How many rows. */
  public int rows() {
    return groupOffsets[groupOffsets.length - 1];
  }

  /** T, how many objectives. */
  public int tasks() {
    return outcomes.objectives().size();
  }

  /** A row's worth: the weights of its outcomes, summed. */
  float gain(int row) {
    float gain = 0;
    int tasks = tasks();
    for (int t = 0; t < tasks; t++) {
      gain += outcomes.weights()[t] * outcomes.labels()[row * tasks + t];
    }
    return gain;
  }
}
