package io.winnow.models.ranker;

import io.winnow.models.network.Graph;
import java.util.Arrays;

/**
 * Turns raw columns into columns of mean 0 and deviation 1, inside the network: heavy-tailed ones
 * through sign(x)·log(1+|x|), then standardised and clipped; an unknown value becomes the mean, and
 * a column that had unknown values gets a second one that says so. Fitted on training rows. Owns
 * its arrays.
 *
 * @param logs 1 where a column takes the logarithm, shape (F)
 * @param means after the logarithm, shape (F)
 * @param scales 1 / deviation, 0 for a constant column, shape (F)
 * @param unknownColumns the columns that had unknown values
 */
record Preprocessing(float[] logs, float[] means, float[] scales, int[] unknownColumns) {
  private static final int MAX_SAMPLE = 50_000;
  private static final float HUGE = 1e12f;
  private static final float CLIP = 6;
  private static final double HEAVY_SKEWNESS = 2;

  /**
   * Fits the columns on rows 0 … rows-1.
   *
   * @param values shape (rows or more, width)
   */
  static Preprocessing fit(float[] values, int rows, int width) {
    float[] logs = new float[width];
    float[] means = new float[width];
    float[] scales = new float[width];
    int[] unknown = new int[width];
    int unknownCount = 0;
    int stride = Math.max(1, rows / MAX_SAMPLE);
    for (int column = 0; column < width; column++) {
      Moments raw = new Moments();
      Moments log = new Moments();
      boolean missing = false;
      for (int row = 0; row < rows; row += stride) {
        float value = values[row * width + column];
        if (Float.isNaN(value)) {
          missing = true;
          continue;
        }
        float limited = Math.clamp(value, -HUGE, HUGE);
        raw.add(limited);
        log.add(Math.signum(limited) * Math.log1p(Math.abs(limited)));
      }
      boolean heavy =
          Math.abs(raw.skewness()) > HEAVY_SKEWNESS
              && Math.abs(log.skewness()) < Math.abs(raw.skewness());
      Moments chosen = heavy ? log : raw;
      logs[column] = heavy ? 1 : 0;
      means[column] = (float) chosen.mean();
      double deviation = chosen.deviation();
      scales[column] =
          deviation > 1e-6 * (1 + Math.abs(chosen.mean())) ? (float) (1 / deviation) : 0;
      if (missing) {
        unknown[unknownCount++] = column;
      }
    }
    return new Preprocessing(logs, means, scales, Arrays.copyOf(unknown, unknownCount));
  }

  /** How many columns come out. */
  int outputs() {
    return logs.length + unknownColumns.length;
  }

  /**
   * The columns as the network sees them.
   *
   * @param x shape (C, F)
   * @return shape (C, {@link #outputs()})
   */
  <V> V apply(Graph<V> g, V x) {
    int width = logs.length;
    V unknown = g.isUnknown(x);
    V known = g.subtract(g.constant(new float[] {1}, 1, 1), unknown);
    V limited = g.clip(g.zeroUnknown(x), -HUGE, HUGE);
    V standard = g.multiply(standardise(g, limited), known);
    if (unknownColumns.length == 0) {
      return standard;
    }
    float[] selection = new float[width * unknownColumns.length];
    for (int i = 0; i < unknownColumns.length; i++) {
      selection[unknownColumns[i] * unknownColumns.length + i] = 1;
    }
    V chosen = g.constant(selection, width, unknownColumns.length);
    return g.concat(standard, g.matMul(unknown, chosen));
  }

  private <V> V standardise(Graph<V> g, V x) {
    int width = logs.length;
    V value = x;
    boolean anyLog = false;
    float[] plain = new float[width];
    for (int i = 0; i < width; i++) {
      anyLog |= logs[i] > 0;
      plain[i] = 1 - logs[i];
    }
    if (anyLog) {
      V magnitude = g.log(g.add(g.abs(x), g.constant(new float[] {1}, 1, 1)));
      V log = g.multiply(g.multiply(g.sign(x), magnitude), g.constant(logs, 1, width));
      value = g.add(g.multiply(x, g.constant(plain, 1, width)), log);
    }
    V centred = g.subtract(value, g.constant(means, 1, width));
    return g.clip(g.multiply(centred, g.constant(scales, 1, width)), -CLIP, CLIP);
  }

  /** Running mean, variance and third moment (Welford; Terriberry's update for the third). */
  private static final class Moments {
    private long n;
    private double mean;
    private double m2;
    private double m3;

    void add(double x) {
      long before = n++;
      double delta = x - mean;
      double step = delta / n;
      double term = delta * step * before;
      mean += step;
      m3 += term * step * (n - 2) - 3 * step * m2;
      m2 += term;
    }

    double mean() {
      return mean;
    }

    double deviation() {
      return n < 2 ? 0 : Math.sqrt(m2 / n);
    }

    double skewness() {
      return m2 < 1e-12 ? 0 : Math.sqrt((double) n) * m3 / Math.pow(m2, 1.5);
    }
  }
}
