package io.winnow.lifecycle.evaluation;

import io.winnow.lifecycle.TrainingRequest;
import io.winnow.models.ranker.RankingMeasures;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Says how well the ranker's probabilities fit what became of shown items: AUC, AUC within each
 * slate, log loss and expected calibration error. The first objective's figures stand without
 * prefix. Not thread-safe.
 */
final class ImpressionMetrics {
  private final List<String> objectives;
  private final List<Slate> slates = new ArrayList<>();

  ImpressionMetrics(List<String> objectives) {
    this.objectives = List.copyOf(objectives);
  }

  /** Probabilities and labels of one slate, shape (items, T) each. */
  private record Slate(float[] probabilities, float[] labels) {}

  /**
   * Takes one slate in.
   *
   * @param probabilities of the shown items, shape (items, T)
   */
  void add(TrainingRequest.Shown shown, float[] probabilities) {
    slates.add(new Slate(probabilities, shown.labels()));
  }

  /**
   * The figures by name; empty without slates. A figure that is not defined, as AUC without
   * outcomes, is left out.
   */
  Map<String, Double> values() {
    Map<String, Double> values = new LinkedHashMap<>();
    for (int t = 0; t < objectives.size() && !slates.isEmpty(); t++) {
      String prefix = t == 0 ? "" : objectives.get(t) + ".";
      float[] probabilities = column(t, true);
      float[] labels = column(t, false);
      values.put(prefix + "auc", RankingMeasures.auc(probabilities, labels));
      values.put(prefix + "gauc", withinSlates(t));
      values.put(prefix + "log_loss", RankingMeasures.logLoss(probabilities, labels));
      values.put(prefix + "ece", RankingMeasures.expectedCalibrationError(probabilities, labels));
    }
    values.values().removeIf(value -> !Double.isFinite(value));
    return values;
  }

  /** The mean AUC over slates with both kinds of item. */
  private double withinSlates(int t) {
    double sum = 0;
    int counted = 0;
    for (Slate slate : slates) {
      double auc = RankingMeasures.auc(head(slate.probabilities(), t), head(slate.labels(), t));
      if (Double.isFinite(auc)) {
        sum += auc;
        counted++;
      }
    }
    return sum / counted;
  }

  private float[] column(int t, boolean probabilities) {
    int total = slates.stream().mapToInt(slate -> slate.labels().length).sum() / objectives.size();
    float[] all = new float[total];
    int at = 0;
    for (Slate slate : slates) {
      float[] part = head(probabilities ? slate.probabilities() : slate.labels(), t);
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  private float[] head(float[] matrix, int t) {
    float[] column = new float[matrix.length / objectives.size()];
    for (int i = 0; i < column.length; i++) {
      column[i] = matrix[i * objectives.size() + t];
    }
    return column;
  }
}
