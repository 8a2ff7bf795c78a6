package io.winnow.models.ranker;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Asks a ranker about made-up candidates and looks at the answers. */
final class RankerProbe {
  private static final String FIELD = "ranker." + Ranker.PROBABILITIES;
  private static final int ROWS = 7;

  /** Row 0 of the probe knows no feature at all. */
  private static final int UNKNOWN_ROW = 0;

  /** What the order of additions may change. */
  private static final double TOLERANCE = 1e-4;

  private static final int EVENTS = 3;

  private final Ranker ranker;
  private final int width;
  private final int embeddingSize;
  private final int tasks;
  private final float[] features;
  private final float[] query;
  private final float[] items;
  private final int relationWidth;
  private final float[] relations;

  RankerProbe(Ranker ranker) {
    this.ranker = ranker;
    this.width = ranker.spec().featureNames().size();
    this.embeddingSize = ranker.spec().embeddingSize();
    this.tasks = ranker.spec().objectives().size();
    RandomGenerator random = new Seed(1).generator("probe");
    this.features = gaussian(random, ROWS * width, 3);
    this.query = gaussian(random, embeddingSize, 1);
    this.items = gaussian(random, ROWS * embeddingSize, 1);
    HistorySpec history = ranker.spec().history();
    this.relationWidth = history == null ? 0 : EVENTS * history.columns();
    this.relations = gaussian(random, ROWS * relationWidth, 1);
    for (int i = 0; history != null && i < relations.length; i += history.columns()) {
      relations[i + HistorySpec.PRESENT] = 1;
    }
    for (int i = 0; i < features.length; i++) {
      if (i < (UNKNOWN_ROW + 1) * width || random.nextInt(10) == 0) {
        features[i] = Float.NaN;
      }
    }
  }

  private static float[] gaussian(RandomGenerator random, int size, double scale) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = (float) (scale * random.nextGaussian());
    }
    return values;
  }

  List<Problem> problems() {
    float[] all;
    float[] first;
    float[] last;
    try {
      all = ask(0, ROWS);
      first = ask(0, 2);
      last = ask(ROWS - 1, ROWS);
    } catch (WinnowException e) {
      return List.of(
          new Problem(FIELD, String.valueOf(e.getMessage()), "an answer for 1, 2 and 7 rows"));
    }
    if (all.length != ROWS * tasks || first.length != 2 * tasks || last.length != tasks) {
      return List.of(
          new Problem(
              FIELD,
              "%d, %d and %d numbers for 7, 2 and 1 rows"
                  .formatted(all.length, first.length, last.length),
              tasks + " a row"));
    }
    List<Problem> problems = new ArrayList<>();
    checkValues(problems, all);
    checkSame(problems, first, Arrays.copyOf(all, first.length), 2);
    checkSame(problems, last, Arrays.copyOfRange(all, (ROWS - 1) * tasks, ROWS * tasks), 1);
    return problems;
  }

  private float[] ask(int from, int to) {
    return ranker.probabilities(
        Arrays.copyOfRange(features, from * width, to * width),
        to - from,
        query,
        Arrays.copyOfRange(items, from * embeddingSize, to * embeddingSize),
        Arrays.copyOfRange(relations, from * relationWidth, to * relationWidth));
  }

  private void checkValues(List<Problem> problems, float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!(values[i] >= 0 && values[i] <= 1)) {
        boolean unknown = i / tasks == UNKNOWN_ROW;
        problems.add(
            new Problem(
                "%s[%d][%d]".formatted(FIELD, i / tasks, i % tasks),
                values[i] + (unknown ? " where every feature is NaN" : " where some are NaN"),
                "a probability, 0 to 1; a feature that is NaN is unknown"));
        return;
      }
    }
  }

  private static void checkSame(List<Problem> problems, float[] few, float[] many, int rows) {
    for (int i = 0; i < few.length; i++) {
      if (Math.abs(few[i] - many[i]) > TOLERANCE) {
        problems.add(
            new Problem(
                FIELD,
                "%s among %d rows, %s among %d".formatted(many[i], ROWS, few[i], rows),
                "the same for a row, whatever others are asked with it"));
        return;
      }
    }
  }
}
