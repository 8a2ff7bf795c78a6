package io.winnow.models.ranker;

/**
 * Platt scaling: the probability is σ(a·logit + b) (Platt 1999, with his smoothed targets and the
 * Newton iteration of Lin, Lin, Weng 2007).
 *
 * @param slope a, more than 0, so that the order stays
 * @param offset b
 */
public record Calibration(float slope, float offset) {
  /** With fewer outcomes of either kind than this there is too little to fit two numbers. */
  private static final int MIN_OUTCOMES = 20;

  private static final int MAX_ITERATIONS = 50;

  /** Strength of the pull to (1, 0), in rows: only matters where there are few. */
  private static final double PRIOR_ROWS = 1;

  /** Changes nothing. */
  public static Calibration identity() {
    return new Calibration(1, 0);
  }

  /**
   * Fits to logits and their labels; the identity if there are too few outcomes of either kind.
   *
   * @param labels 0 or 1
   */
  public static Calibration fit(float[] logits, float[] labels) {
    int positives = 0;
    for (float label : labels) {
      positives += label > 0.5f ? 1 : 0;
    }
    int negatives = labels.length - positives;
    if (positives < MIN_OUTCOMES || negatives < MIN_OUTCOMES) {
      return identity();
    }
    double high = (positives + 1.0) / (positives + 2.0);
    double low = 1.0 / (negatives + 2.0);
    double a = 1;
    double b = 0;
    double loss = loss(logits, labels, high, low, a, b);
    for (int i = 0; i < MAX_ITERATIONS; i++) {
      double[] s = newtonStep(logits, labels, high, low, a, b);
      double share = 1;
      double next = loss(logits, labels, high, low, a - s[0], b - s[1]);
      while (!(next <= loss) && share > 1e-6) {
        share /= 2;
        next = loss(logits, labels, high, low, a - share * s[0], b - share * s[1]);
      }
      if (!(next < loss - 1e-9 * labels.length)) {
        break;
      }
      a -= share * s[0];
      b -= share * s[1];
      loss = next;
    }
    // A slope at or below 0 would turn the order round: the logits say nothing that can be scaled.
    return a > 0.01 && Double.isFinite(a) && Double.isFinite(b)
        ? new Calibration((float) a, (float) b)
        : identity();
  }

  private static double loss(
      float[] logits, float[] labels, double high, double low, double a, double b) {
    double sum = 0.5 * PRIOR_ROWS * ((a - 1) * (a - 1) + b * b);
    for (int i = 0; i < logits.length; i++) {
      double target = labels[i] > 0.5f ? high : low;
      sum += crossEntropy(a * logits[i] + b, target);
    }
    return sum;
  }

  private static double[] newtonStep(
      float[] logits, float[] labels, double high, double low, double a, double b) {
    double ga = PRIOR_ROWS * (a - 1);
    double gb = PRIOR_ROWS * b;
    double haa = PRIOR_ROWS;
    double hbb = PRIOR_ROWS;
    double hab = 0;
    for (int i = 0; i < logits.length; i++) {
      double p = probability(a * logits[i] + b);
      double error = p - (labels[i] > 0.5f ? high : low);
      double curve = p * (1 - p);
      ga += error * logits[i];
      gb += error;
      haa += curve * logits[i] * logits[i];
      hab += curve * logits[i];
      hbb += curve;
    }
    double determinant = haa * hbb - hab * hab;
    return new double[] {(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant};
  }

  /** Calibrated probabilities of logits. */
  public float[] apply(float[] logits) {
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = (float) probability((double) slope * logits[i] + offset);
    }
    return probabilities;
  }

  private static double probability(double logit) {
    return 1 / (1 + Math.exp(-logit));
  }

  /** −(t·ln σ(z) + (1−t)·ln(1−σ(z))), without overflow. */
  private static double crossEntropy(double z, double target) {
    return Math.max(z, 0) - z * target + Math.log1p(Math.exp(-Math.abs(z)));
  }
}
