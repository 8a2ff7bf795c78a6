package io.winnow.models.encoder;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.models.network.OnnxModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Asks a query encoder about made-up histories and looks at the answers. */
final class EncoderProbe {
  private static final String FIELD = "encoder." + QueryEncoder.OUTPUT;

  /** What the order of additions may change, as a share of the vector's largest element. */
  private static final double TOLERANCE = 1e-3;

  private final QueryEncoder encoder;
  private final OnnxModel model;
  private final int width;
  private final RandomGenerator random = new Seed(1).generator("probe");

  EncoderProbe(QueryEncoder encoder, OnnxModel model) {
    this.encoder = encoder;
    this.model = model;
    this.width = encoder.spec().embeddingSize();
  }

  List<Problem> problems() {
    List<float[]> histories = new ArrayList<>();
    int longest = encoder.spec().maxLength();
    for (int length : new int[] {1, Math.min(3, longest), longest}) {
      histories.add(gaussian(length * width));
    }
    List<float[]> alone = new ArrayList<>();
    float[] together;
    float[] padded;
    try {
      histories.forEach(history -> alone.add(encoder.encode(history, history.length / width)));
      together = encoder.encode(histories);
      padded = encodePadded(histories.getFirst(), longest);
    } catch (WinnowException e) {
      return List.of(
          new Problem(
              FIELD,
              String.valueOf(e.getMessage()),
              "an answer for histories of 1 to " + longest + " items, alone and together"));
    }
    if (together.length != histories.size() * width
        || padded.length != width
        || alone.stream().anyMatch(vector -> vector.length != width)) {
      return List.of(
          new Problem(
              FIELD,
              together.length + " numbers for " + histories.size() + " histories",
              width + " a history"));
    }
    List<Problem> problems = new ArrayList<>();
    for (int i = 0; i < histories.size() && problems.isEmpty(); i++) {
      int length = histories.get(i).length / width;
      checkFinite(problems, alone.get(i), length);
      check(
          problems,
          alone.get(i),
          Arrays.copyOfRange(together, i * width, (i + 1) * width),
          "a history of " + length + " items alone and in a batch of " + histories.size(),
          "the same for a history, whatever others are asked with it");
    }
    check(
        problems,
        alone.getFirst(),
        padded,
        "a history with and without padding behind its latest item",
        "the same: what comes behind the place where 'last' is 1 is padding, of any value");
    return problems;
  }

  private float[] gaussian(int size) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private float[] encodePadded(float[] history, int length) {
    float[] rows = gaussian(length * width);
    System.arraycopy(history, 0, rows, 0, history.length);
    float[] last = new float[length];
    last[history.length / width - 1] = 1;
    return model.run(
        List.of(rows, last), List.of(new long[] {1, length, width}, new long[] {1, length}));
  }

  private static void checkFinite(List<Problem> problems, float[] vector, int length) {
    for (float value : vector) {
      if (!Float.isFinite(value)) {
        problems.add(
            new Problem(FIELD, value + " for a history of " + length + " items", "finite numbers"));
        return;
      }
    }
  }

  private static void check(
      List<Problem> problems, float[] one, float[] other, String when, String expectation) {
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < one.length; i++) {
      largest = Math.max(largest, Math.abs(one[i]));
      difference = Math.max(difference, Math.abs(one[i] - other[i]));
    }
    if (difference > TOLERANCE * Math.max(largest, 1e-3)) {
      problems.add(
          new Problem(
              FIELD,
              "differs by %.3g of %.3g: %s".formatted(difference, largest, when),
              expectation));
    }
  }
}
