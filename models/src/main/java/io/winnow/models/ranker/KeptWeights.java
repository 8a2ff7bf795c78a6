package io.winnow.models.ranker;

import io.winnow.models.network.Parameter;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights that a training keeps: a running average over the steps (Polyak and Juditsky 1992,
 * with weights that fall off exponentially), as it was at the end of the best epoch. The average of
 * the last steps lies deeper in the valley than any of them.
 */
final class KeptWeights {
  private final List<Parameter> parameters;
  private final float decay;
  private final int patience;
  private final List<float[]> averages = new ArrayList<>();
  private List<float[]> best = List.of();
  private double bestLoss = Double.POSITIVE_INFINITY;
  private int worse;
  private int steps;

  /**
   * @param decay an earlier step's share after one more, 0 to below 1; in the first steps less, so
   *     that the start is forgotten; 0 keeps the last step alone
   * @param patience after so many epochs without progress it is enough
   */
  KeptWeights(List<Parameter> parameters, double decay, int patience) {
    this.parameters = parameters;
    this.decay = (float) decay;
    this.patience = patience;
    for (Parameter parameter : parameters) {
      averages.add(parameter.values().clone());
    }
  }

  /** Takes the weights as they are into the average. */
  void add() {
    steps++;
    float share = 1 - Math.min(decay, (1f + steps) / (10f + steps));
    if (decay == 0) {
      share = 1;
    }
    for (int p = 0; p < averages.size(); p++) {
      float[] average = averages.get(p);
      float[] now = parameters.get(p).values();
      for (int i = 0; i < average.length; i++) {
        average[i] += share * (now[i] - average[i]);
      }
    }
  }

  /** Puts the average in place of the weights, or, the second time, the weights back. */
  void swap() {
    for (int p = 0; p < averages.size(); p++) {
      float[] average = averages.get(p).clone();
      System.arraycopy(parameters.get(p).values(), 0, averages.get(p), 0, average.length);
      parameters.get(p).set(average);
    }
  }

  /** Keeps the weights if they are better; false once nothing has improved for too long. */
  boolean offer(double heldOutLoss) {
    if (heldOutLoss < bestLoss) {
      bestLoss = heldOutLoss;
      worse = 0;
      best = parameters.stream().map(p -> p.values().clone()).toList();
      return true;
    }
    return ++worse < patience;
  }

  /** Puts the best weights in place. */
  void restore() {
    for (int p = 0; p < best.size(); p++) {
      parameters.get(p).set(best.get(p));
    }
  }
}
