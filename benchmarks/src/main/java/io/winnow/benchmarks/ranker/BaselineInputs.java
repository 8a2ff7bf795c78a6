package io.winnow.benchmarks.ranker;

import io.winnow.models.ranker.HistorySpec;
import io.winnow.models.ranker.ItemFacts;
import io.winnow.models.ranker.RankingExamples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The rows as models without layers take them: D columns.
 *
 * <p>The same facts as the ranker's: its features, and the history as averages and extremes of each
 * relation over the events, with their number. A column of only 0 and 1 stays; any other is
 * standardised and, besides, cut into {@value #BINS} bins of equal size with a column each, as such
 * models are fed in practice: a weight for each bin can follow any curve.
 */
final class BaselineInputs {
  private static final int BINS = 10;
  private static final int SAMPLE = 50_000;

  private final RankingExamples examples;
  private final int raw;
  private final float[] pooled;
  private final int pooledWidth;
  private final List<Column> columns = new ArrayList<>();
  private final int width;

  /**
   * A raw column.
   *
   * @param edges upper bounds of the bins but the last; empty for a column of 0 and 1
   */
  private record Column(float mean, float scale, float[] edges) {
    int width() {
      return edges.length == 0 ? 1 : 2 + edges.length;
    }
  }

  /**
   * Fits the columns on the oldest rows.
   *
   * @param trainRows how many
   */
  BaselineInputs(RankingExamples examples, int trainRows) {
    this.examples = examples;
    this.raw = examples.featureNames().size();
    RankingExamples.History history = examples.history();
    this.pooledWidth = history == null ? 0 : 2 * history.spec().columns();
    this.pooled = new float[Math.multiplyExact(examples.rows(), pooledWidth)];
    if (history != null) {
      pool(history);
    }
    int sum = 0;
    int stride = Math.max(1, trainRows / SAMPLE);
    for (int c = 0; c < raw + pooledWidth; c++) {
      float[] sample = new float[(trainRows + stride - 1) / stride];
      for (int i = 0; i < sample.length; i++) {
        sample[i] = value(i * stride, c);
      }
      Column column = fit(sample);
      columns.add(column);
      sum += column.width();
    }
    this.width = sum;
  }

  /** D. */
  int width() {
    return width;
  }

  private float value(int row, int column) {
    return column < raw
        ? examples.features()[row * raw + column]
        : pooled[row * pooledWidth + column - raw];
  }

  /**
   * Means and extremes of the relations; the first pair is whether there is any event, and how
   * many.
   */
  private void pool(RankingExamples.History history) {
    HistorySpec spec = history.spec();
    int columns = spec.columns();
    for (int r = 0; r < examples.requests(); r++) {
      int from = examples.groupOffsets()[r];
      int to = examples.groupOffsets()[r + 1];
      List<ItemFacts> candidates = new ArrayList<>();
      for (int row = from; row < to; row++) {
        candidates.add(history.facts().get(history.candidates()[row]));
      }
      float[] relations = history.requests().get(r).relations(spec, candidates);
      int events = relations.length / columns / candidates.size();
      for (int row = from; row < to; row++) {
        for (int j = 0; j < events; j++) {
          int at = ((row - from) * events + j) * columns;
          for (int c = 0; c < columns; c++) {
            float value = relations[at + c];
            int mean = row * pooledWidth + 2 * c;
            pooled[mean] += c == 0 ? value : value / events;
            pooled[mean + 1] = j == 0 ? value : Math.max(pooled[mean + 1], value);
          }
        }
      }
    }
  }

  private static Column fit(float[] sample) {
    float[] sorted = sample.clone();
    Arrays.sort(sorted);
    boolean flag = true;
    double sum = 0;
    double squares = 0;
    for (float x : sorted) {
      flag &= x == 0 || x == 1;
      sum += x;
      squares += (double) x * x;
    }
    if (flag) {
      return new Column(0, 1, new float[0]);
    }
    double mean = sum / sorted.length;
    double deviation = Math.sqrt(Math.max(0, squares / sorted.length - mean * mean));
    float[] edges = new float[BINS - 1];
    int distinct = 0;
    for (int b = 1; b < BINS; b++) {
      float edge = sorted[(int) ((long) sorted.length * b / BINS)];
      if (distinct == 0 || edge > edges[distinct - 1]) {
        edges[distinct++] = edge;
      }
    }
    return new Column(
        (float) mean,
        deviation < 1e-9 ? 0 : (float) (1 / deviation),
        Arrays.copyOf(edges, distinct));
  }

  /** Writes a row's D columns over zeros. */
  void write(int row, float[] out, int at) {
    int to = at;
    for (int c = 0; c < columns.size(); c++) {
      Column column = columns.get(c);
      float x = value(row, c);
      out[to] = (x - column.mean) * column.scale;
      if (column.edges.length > 0) {
        int bin = 0;
        while (bin < column.edges.length && x >= column.edges[bin]) {
          bin++;
        }
        out[to + 1 + bin] = 1;
      }
      to += column.width();
    }
  }
}
