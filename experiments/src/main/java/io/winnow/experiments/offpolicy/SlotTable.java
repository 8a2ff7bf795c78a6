package io.winnow.experiments.offpolicy;

import io.winnow.experiments.offpolicy.OffPolicyEstimator.Part;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Weights, rewards and predictions by place; shape (places, requests) each. Immutable by agreement.
 */
record SlotTable(double[][] weights, double[][] rewards, double[][] predictions, boolean[] empty) {
  /**
   * The table of a log.
   *
   * @param sequential whether a weight is the product of the ratios down to its place
   * @param maxWeight cuts weights off
   */
  static SlotTable of(List<LoggedRequest> log, boolean sequential, double maxWeight) {
    int places = log.stream().mapToInt(request -> request.slots().size()).max().orElseThrow();
    double[][] weights = new double[places][log.size()];
    double[][] rewards = new double[places][log.size()];
    double[][] predictions = new double[places][log.size()];
    boolean[] empty = new boolean[log.size()];
    for (int i = 0; i < log.size(); i++) {
      List<LoggedSlot> slots = log.get(i).slots();
      empty[i] = slots.getFirst().candidate() == 0;
      double product = 1;
      for (int k = 0; k < places; k++) {
        double ratio = 1;
        if (k < slots.size()) {
          LoggedSlot slot = slots.get(k);
          ratio = slot.candidate() / slot.logged();
          rewards[k][i] = slot.reward();
          predictions[k][i] = slot.predicted();
        }
        product *= ratio;
        weights[k][i] = Math.min(maxWeight, sequential ? product : ratio);
      }
    }
    return new SlotTable(weights, rewards, predictions, empty);
  }

  private int requests() {
    return empty.length;
  }

  private double residual(int k, int i, boolean model) {
    return rewards[k][i] - (model ? predictions[k][i] : 0);
  }

  /** The mean of the baseline plus weighted rewards, or residuals. */
  Part mean(boolean model, double[] baseline) {
    double[] influence = baseline.clone();
    for (int k = 0; k < weights.length; k++) {
      for (int i = 0; i < influence.length; i++) {
        influence[i] += weights[k][i] * residual(k, i, model);
      }
    }
    double value = OffPolicyEstimator.mean(influence);
    for (int i = 0; i < influence.length; i++) {
      influence[i] -= value;
    }
    return new Part(value, influence);
  }

  /**
   * The mean of the baseline plus, place by place, the weighted mean of rewards, or residuals. A
   * ratio of means moves by {@code w (x - ratio) / w̄} with each request.
   */
  Part selfNormalised(boolean model, double[] baseline) {
    double value = OffPolicyEstimator.mean(baseline);
    double[] influence = baseline.clone();
    for (int i = 0; i < influence.length; i++) {
      influence[i] -= value;
    }
    for (int k = 0; k < weights.length; k++) {
      double weight = OffPolicyEstimator.mean(weights[k]);
      if (weight == 0) {
        continue;
      }
      double weighted = 0;
      for (int i = 0; i < influence.length; i++) {
        weighted += weights[k][i] * residual(k, i, model);
      }
      double ratio = weighted / influence.length / weight;
      value += ratio;
      for (int i = 0; i < influence.length; i++) {
        influence[i] += weights[k][i] * (residual(k, i, model) - ratio) / weight;
      }
    }
    return new Part(value, influence);
  }

  /** What the weights say of the log. */
  Weights weights(Units units) {
    List<Double> effective = new ArrayList<>();
    List<Estimate> support = new ArrayList<>();
    for (double[] ofPlace : weights) {
      effective.add(kish(ofPlace));
      support.add(units.mean(ofPlace));
    }
    double[] ofRequests = ofRequests();
    double total = Arrays.stream(ofRequests).sum();
    double[] ascending = ofRequests.clone();
    Arrays.sort(ascending);
    int hundredth = Math.max(1, requests() / 100);
    double heaviest =
        Arrays.stream(ascending, ascending.length - hundredth, ascending.length).sum();
    double unit = Arrays.stream(units.sums(ofRequests)).max().orElse(0);
    int without = 0;
    for (boolean impossible : empty) {
      without += impossible ? 1 : 0;
    }
    return new Weights(
        kish(ofRequests),
        effective,
        support,
        total > 0 ? heaviest / total : 1,
        total > 0 ? unit / total : 1,
        (double) without / requests());
  }

  /** The mean of each request's weights by the share of the rewards at their places. */
  private double[] ofRequests() {
    double[] shares = new double[weights.length];
    for (int k = 0; k < shares.length; k++) {
      shares[k] = Math.abs(Arrays.stream(rewards[k]).sum());
    }
    double total = Arrays.stream(shares).sum();
    double[] ofRequests = new double[requests()];
    for (int k = 0; k < shares.length; k++) {
      double share = total > 0 ? shares[k] / total : 1.0 / shares.length;
      for (int i = 0; i < ofRequests.length; i++) {
        ofRequests[i] += share * weights[k][i];
      }
    }
    return ofRequests;
  }

  private static double kish(double[] weights) {
    double sum = 0;
    double squares = 0;
    for (double weight : weights) {
      sum += weight;
      squares += weight * weight;
    }
    return squares > 0 ? sum * sum / squares : 0;
  }
}
