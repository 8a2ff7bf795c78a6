package io.winnow.models.ranker;

import io.winnow.models.network.Graph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Turns raw columns into columns of mean 0 and deviation 1, inside the network: heavy-tailed ones
 * through sign(x)·log(1+|x|), then standardised and clipped; an unknown value becomes the mean, and
 * a column that had unknown values gets a second one that says so. A column whose logarithm tells
 * something else, as that of an age does, is there both ways. Fitted on training rows. Owns its
 * arrays.
 *
 * @param logs 1 where a column takes the logarithm, shape (F)
 * @param means after the logarithm, shape (F)
 * @param scales 1 / deviation, 0 for a constant column, shape (F)
 * @param second the columns that are there as logarithms, too
 * @param unknownColumns the columns that had unknown values
 */
record Preprocessing(
    float[] logs, float[] means, float[] scales, Logarithms second, int[] unknownColumns) {
  private static final int MAX_SAMPLE = 50_000;
  private static final float HUGE = 1e12f;
  private static final float CLIP = 6;
  private static final double HEAVY_SKEWNESS = 2;

  /** A logarithm whose correlation with the column itself is above this tells nothing else. */
  private static final double SAME = 0.97;

  /** Columns of fewer different values than this are kinds, not quantities. */
  private static final int QUANTITY = 12;

  /**
   * Columns that are there as logarithms, too.
   *
   * @param columns which, shape (M)
   * @param means shape (M)
   * @param scales shape (M)
   */
  record Logarithms(int[] columns, float[] means, float[] scales) {}

  /**
   * Fits the columns on rows 0 … rows-1.
   *
   * @param values shape (rows or more, width)
   */
  static Preprocessing fit(float[] values, int rows, int width) {
    float[] logs = new float[width];
    float[] means = new float[width];
    float[] scales = new float[width];
    List<Integer> unknown = new ArrayList<>();
    List<Integer> second = new ArrayList<>();
    float[] secondMeans = new float[width];
    float[] secondScales = new float[width];
    for (int column = 0; column < width; column++) {
      Sample sample = new Sample(values, rows, width, column);
      Moments chosen = sample.isHeavy() ? sample.log : sample.raw;
      logs[column] = sample.isHeavy() ? 1 : 0;
      means[column] = (float) chosen.mean();
      scales[column] = scale(chosen);
      if (sample.logTellsMore()) {
        secondMeans[second.size()] = (float) sample.log.mean();
        secondScales[second.size()] = scale(sample.log);
        second.add(column);
      }
      if (sample.missing) {
        unknown.add(column);
      }
    }
    int m = second.size();
    Logarithms logarithms =
        new Logarithms(
            indices(second), Arrays.copyOf(secondMeans, m), Arrays.copyOf(secondScales, m));
    return new Preprocessing(logs, means, scales, logarithms, indices(unknown));
  }

  private static float scale(Moments moments) {
    double deviation = moments.deviation();
    return deviation > 1e-6 * (1 + Math.abs(moments.mean())) ? (float) (1 / deviation) : 0;
  }

  private static int[] indices(List<Integer> list) {
    return list.stream().mapToInt(Integer::intValue).toArray();
  }

  /** What is seen of one column. */
  private static final class Sample {
    private final Moments raw = new Moments();
    private final Moments log = new Moments();
    private final Set<Float> different = new HashSet<>();
    private double products;
    private boolean missing;

    Sample(float[] values, int rows, int width, int column) {
      int stride = Math.max(1, rows / MAX_SAMPLE);
      for (int row = 0; row < rows; row += stride) {
        float value = values[row * width + column];
        if (Float.isNaN(value)) {
          missing = true;
          continue;
        }
        float limited = Math.clamp(value, -HUGE, HUGE);
        double logarithm = Math.signum(limited) * Math.log1p(Math.abs(limited));
        raw.add(limited);
        log.add(logarithm);
        products += limited * logarithm;
        if (different.size() < QUANTITY) {
          different.add(limited);
        }
      }
    }

    boolean isHeavy() {
      return Math.abs(raw.skewness()) > HEAVY_SKEWNESS
          && Math.abs(log.skewness()) < Math.abs(raw.skewness());
    }

    boolean logTellsMore() {
      if (isHeavy() || different.size() < QUANTITY) {
        return false;
      }
      double covariance = products / raw.n - raw.mean() * log.mean();
      return covariance / (raw.deviation() * log.deviation()) < SAME;
    }
  }

  /** How many columns come out. */
  int outputs() {
    return logs.length + second.columns.length + unknownColumns.length;
  }

  /**
   * The columns as the network sees them.
   *
   * @param x shape (C, F)
   * @return shape (C, {@link #outputs()})
   */
  <V> V apply(Graph<V> g, V x) {
    V unknown = g.isUnknown(x);
    V known = g.subtract(g.constant(new float[] {1}, 1, 1), unknown);
    V limited = g.clip(g.zeroUnknown(x), -HUGE, HUGE);
    V columns = g.multiply(standardise(g, limited), known);
    if (second.columns.length > 0) {
      columns = g.concat(columns, secondLogarithms(g, limited, known));
    }
    return unknownColumns.length == 0
        ? columns
        : g.concat(columns, g.matMul(unknown, selection(g, unknownColumns)));
  }

  private <V> V secondLogarithms(Graph<V> g, V limited, V known) {
    int m = second.columns.length;
    V chosen = selection(g, second.columns);
    V log = signedLogarithm(g, g.matMul(limited, chosen));
    V centred = g.subtract(log, g.constant(second.means, 1, m));
    V standard = g.clip(g.multiply(centred, g.constant(second.scales, 1, m)), -CLIP, CLIP);
    return g.multiply(standard, g.matMul(known, chosen));
  }

  /** A matrix that picks columns. */
  private <V> V selection(Graph<V> g, int[] columns) {
    float[] selection = new float[logs.length * columns.length];
    for (int i = 0; i < columns.length; i++) {
      selection[columns[i] * columns.length + i] = 1;
    }
    return g.constant(selection, logs.length, columns.length);
  }

  private static <V> V signedLogarithm(Graph<V> g, V x) {
    V magnitude = g.log(g.add(g.abs(x), g.constant(new float[] {1}, 1, 1)));
    return g.multiply(g.sign(x), magnitude);
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
      V log = g.multiply(signedLogarithm(g, x), g.constant(logs, 1, width));
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
