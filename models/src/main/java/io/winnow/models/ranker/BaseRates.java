package io.winnow.models.ranker;

/**
 * How often each objective's outcome happens in the rows trained on, overall and by position: where
 * the logits start, so that the first steps need not find it, and how much each objective weighs in
 * the loss.
 */
final class BaseRates {
  /** Rows of the overall rate that are mixed into a position's own. */
  private static final double PRIOR_ROWS = 50;

  /** An objective rarer than the one with this entropy (one in 10,000 rows) weighs no more. */
  private static final double MIN_ENTROPY = 1e-3;

  private final int tasks;
  private final double rows;
  private final double[] outcomes;
  private final double[] positionRows = new double[RankerNetwork.MAX_POSITIONS];
  private final double[][] positionOutcomes;

  /**
   * Counts.
   *
   * @param rows counts the first so many rows
   */
  BaseRates(RankingExamples examples, int rows) {
    this.tasks = examples.tasks();
    this.rows = rows;
    this.outcomes = new double[tasks];
    this.positionOutcomes = new double[RankerNetwork.MAX_POSITIONS][tasks];
    for (int row = 0; row < rows; row++) {
      int position = examples.outcomes().positions()[row];
      int place = Math.min(position, RankerNetwork.MAX_POSITIONS - 1);
      if (place >= 0) {
        positionRows[place]++;
      }
      for (int t = 0; t < tasks; t++) {
        float label = examples.outcomes().labels()[row * tasks + t];
        outcomes[t] += label;
        if (place >= 0) {
          positionOutcomes[place][t] += label;
        }
      }
    }
  }

  /** The share of rows with the outcome, never quite 0 or 1. */
  private double rate(int t) {
    return (outcomes[t] + 0.5) / Math.max(1, rows + 1);
  }

  /** The logit of each objective's rate, shape (T). */
  float[] logits() {
    float[] logits = new float[tasks];
    for (int t = 0; t < tasks; t++) {
      logits[t] = (float) logit(rate(t));
    }
    return logits;
  }

  /** By how much a position's logit differs from the overall one, shape (P, T). */
  float[] positionLogits() {
    float[] logits = new float[RankerNetwork.MAX_POSITIONS * tasks];
    for (int place = 0; place < RankerNetwork.MAX_POSITIONS; place++) {
      for (int t = 0; t < tasks; t++) {
        double rate = rate(t);
        double own =
            (positionOutcomes[place][t] + PRIOR_ROWS * rate) / (positionRows[place] + PRIOR_ROWS);
        logits[place * tasks + t] = (float) (logit(own) - logit(rate));
      }
    }
    return logits;
  }

  /**
   * Each objective's factor in the loss, shape (T): 1 / (T · entropy of its rate), times the
   * largest entropy. The loss of a model that knows nothing but an objective's rate is its rate's
   * entropy, so at the start every objective is the same part of the loss, however rare it is, and
   * progress counts by the share of what there is to learn (the normalised entropy of He et al.
   * 2014). The weights of the outcomes have no part in it: they say what a probability is worth,
   * not how well it has to be known.
   */
  float[] lossFactors() {
    double largest = MIN_ENTROPY;
    for (int t = 0; t < tasks; t++) {
      largest = Math.max(largest, entropy(rate(t)));
    }
    float[] factors = new float[tasks];
    for (int t = 0; t < tasks; t++) {
      factors[t] = (float) (largest / Math.max(MIN_ENTROPY, entropy(rate(t))) / tasks);
    }
    return factors;
  }

  private static double entropy(double p) {
    return -p * Math.log(p) - (1 - p) * Math.log(1 - p);
  }

  private static double logit(double p) {
    return Math.log(p / (1 - p));
  }
}
