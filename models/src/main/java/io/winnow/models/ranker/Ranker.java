package io.winnow.models.ranker;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.models.network.OnnxModel;
import io.winnow.models.network.OnnxModel.Port;
import java.util.ArrayList;
import java.util.List;

/**
 * A ranker that serves. Thread-safe; runs on the calling thread. It holds memory outside the heap
 * until it is closed or nothing can reach it any more.
 */
public final class Ranker implements AutoCloseable {
  static final String FEATURES = "features";
  static final String QUERY = "query";
  static final String ITEMS = "items";
  static final String HISTORY = "history";
  static final String PROBABILITIES = "probabilities";

  private final OnnxModel model;
  private final RankerSpec spec;

  private Ranker(OnnxModel model, RankerSpec spec) {
    this.model = model;
    this.spec = spec;
  }

  /**
   * Loads a ranker.
   *
   * @throws WinnowException CORRUPT if the bytes are no network or not the one that {@code spec}
   *     describes
   */
  public static Ranker load(byte[] onnx, RankerSpec spec) {
    if (spec.weights().size() != spec.objectives().size()) {
      throw WinnowException.invalid(
          "ranker.weights", spec.weights(), spec.objectives().size() + " weights");
    }
    int size = spec.embeddingSize();
    List<Port> inputs = new ArrayList<>();
    inputs.add(Port.of(FEATURES, -1, spec.featureNames().size()));
    if (size > 0) {
      inputs.add(Port.of(QUERY, 1, size));
      inputs.add(Port.of(ITEMS, -1, size));
    }
    HistorySpec history = spec.history();
    if (history != null) {
      inputs.add(Port.of(HISTORY, -1, -1, history.columns()));
    }
    Port output = Port.of(PROBABILITIES, -1, spec.objectives().size());
    return new Ranker(OnnxModel.load("ranker", onnx, inputs, output), spec);
  }

  /** Whether a network reads query and item vectors beside the features. */
  public static boolean readsVectors(byte[] onnx) {
    List<String> names = OnnxModel.inputNames(onnx);
    return names.contains(QUERY) || names.contains(ITEMS);
  }

  /**
   * Tries a network of another maker on made-up candidates, some with unknown features.
   *
   * @return what is wrong with its answers; empty if they are probabilities, finite where every
   *     feature is unknown, and the same for a candidate whatever others are asked with it
   */
  public List<Problem> probe() {
    return new RankerProbe(this).problems();
  }

  /** What it expects and gives. */
  public RankerSpec spec() {
    return spec;
  }

  /**
   * The calibrated probability of each objective for each candidate of a ranker that does not look
   * at the history.
   *
   * @param features raw, NaN is unknown, shape (C, F)
   * @param candidates C, at least 1
   * @param query the encoder's query vector, shape (E)
   * @param items the candidates' vectors, shape (C, E)
   * @return shape (C, T)
   * @throws WinnowException INVALID_ARGUMENT naming the array whose length does not fit
   */
  public float[] probabilities(float[] features, int candidates, float[] query, float[] items) {
    return probabilities(features, candidates, query, items, new float[0]);
  }

  /**
   * The calibrated probability of each objective for each candidate.
   *
   * @param features raw, NaN is unknown, shape (C, F)
   * @param candidates C, at least 1
   * @param query the encoder's query vector, shape (E)
   * @param items the candidates' vectors, shape (C, E)
   * @param relations {@link RequestHistory#relations} of the candidates, shape (C, L, R); empty for
   *     a ranker that does not look at the history
   * @return shape (C, T)
   * @throws WinnowException INVALID_ARGUMENT naming the array whose length does not fit
   */
  public float[] probabilities(
      float[] features, int candidates, float[] query, float[] items, float[] relations) {
    int width = spec.featureNames().size();
    int size = spec.embeddingSize();
    if (candidates < 1) {
      throw WinnowException.invalid("candidates", candidates, "at least 1");
    }
    checkLength("features", features, (long) candidates * width);
    List<float[]> data = new ArrayList<>(List.of(features));
    List<long[]> shapes = new ArrayList<>(List.of(new long[] {candidates, width}));
    if (size > 0) {
      checkLength("query", query, size);
      checkLength("items", items, (long) candidates * size);
      data.addAll(List.of(query, items));
      shapes.addAll(List.of(new long[] {1, size}, new long[] {candidates, size}));
    }
    HistorySpec history = spec.history();
    if (history != null) {
      long row = (long) candidates * history.columns();
      if (relations.length == 0 || relations.length % row != 0) {
        throw WinnowException.invalid(
            "relations.length", relations.length, "a multiple of " + row + ", more than 0");
      }
      data.add(relations);
      shapes.add(new long[] {candidates, relations.length / row, history.columns()});
    }
    return model.run(data, shapes);
  }

  private static void checkLength(String field, float[] values, long length) {
    if (values.length != length) {
      throw WinnowException.invalid(field + ".length", values.length, Long.toString(length));
    }
  }

  /**
   * The score of each candidate: the objectives' weights times their probabilities, summed.
   *
   * @param probabilities shape (C, T)
   * @return shape (C)
   */
  public float[] score(float[] probabilities) {
    return score(probabilities, spec.weights());
  }

  /**
   * The same with other weights than the ranker was made with.
   *
   * @param weights shape (T), in the order of the objectives
   */
  public float[] score(float[] probabilities, List<Float> weights) {
    int tasks = spec.objectives().size();
    if (weights.size() != tasks) {
      throw WinnowException.invalid("weights", weights, tasks + " weights");
    }
    float[] scores = new float[probabilities.length / tasks];
    for (int c = 0; c < scores.length; c++) {
      for (int t = 0; t < tasks; t++) {
        scores[c] += weights.get(t) * probabilities[c * tasks + t];
      }
    }
    return scores;
  }

  @Override
  public void close() {
    model.close();
  }
}
