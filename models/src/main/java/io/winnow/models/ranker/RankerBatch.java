package io.winnow.models.ranker;

import io.winnow.models.network.Torch;
import io.winnow.models.network.TrainingGraph;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Some requests' rows as one step's input, and the loss on them. Reused from step to step: its
 * arrays grow to the largest batch. Not thread-safe.
 *
 * <p>The loss is (1−λ)·Σ binary cross-entropies, each objective's times its factor ({@link
 * BaseRates#lossFactors}), + λ·Σ over requests of the softmax cross-entropy between the rows' worth
 * and their weighted logits (ListNet's top-one: Cao et al. 2007), both divided by the number of
 * requests: so each row's pull is of the same size in both.
 */
final class RankerBatch {
  private static final float PADDING = -1e9f;

  private final RankingExamples examples;
  private final float[] weightShares;
  private final float[] lossFactors;
  private final int featureCount;
  private final int width;
  private final int tasks;

  private int rows;
  private int requests;
  private int longest;
  private float[] features = {};
  private float[] queries = {};
  private float[] items = {};
  private float[] relations = {};
  private int events;
  private float[] labels = {};
  private float[] known = {};
  private int[] positions = {};
  private int[] listRows = {};
  private float[] listMask = {};
  private float[] listTargets = {};

  /**
   * @param lossFactors each objective's factor in the pointwise loss, shape (T)
   */
  RankerBatch(RankingExamples examples, float[] lossFactors) {
    this.examples = examples;
    this.lossFactors = lossFactors.clone();
    this.featureCount = examples.featureNames().size();
    this.width = examples.embeddings().width();
    this.tasks = examples.tasks();
    this.weightShares = examples.outcomes().weights().clone();
    float sum = 0;
    for (float weight : weightShares) {
      sum += weight;
    }
    for (int t = 0; t < tasks; t++) {
      weightShares[t] /= sum;
    }
  }

  /** Takes requests {@code order[from … to-1]}. */
  void fill(int[] order, int from, int to) {
    int[] offsets = examples.groupOffsets();
    requests = to - from;
    rows = 0;
    longest = 1;
    for (int i = from; i < to; i++) {
      int size = offsets[order[i] + 1] - offsets[order[i]];
      rows += size;
      longest = Math.max(longest, size);
    }
    features = grown(features, rows * featureCount);
    queries = grown(queries, rows * width);
    items = grown(items, rows * width);
    labels = grown(labels, rows * tasks);
    known = grown(known, rows);
    positions = positions.length < rows ? new int[rows] : positions;
    int cells = requests * longest;
    listRows = listRows.length < cells ? new int[cells] : listRows;
    listMask = grown(listMask, cells);
    listTargets = grown(listTargets, cells);
    fillHistory(order, from, to);
    int row = 0;
    for (int i = from; i < to; i++) {
      fillRequest(order[i], row);
      fillList(order[i], row, (i - from) * longest);
      row += offsets[order[i] + 1] - offsets[order[i]];
    }
  }

  private static float[] grown(float[] array, int size) {
    return array.length < size ? new float[size + size / 4] : array;
  }

  private void fillRequest(int request, int at) {
    int start = examples.groupOffsets()[request];
    int size = examples.groupOffsets()[request + 1] - start;
    copy(examples.features(), start, features, at, size, featureCount);
    copy(examples.outcomes().labels(), start, labels, at, size, tasks);
    for (int i = 0; i < size; i++) {
      int position = examples.outcomes().positions()[start + i];
      known[at + i] = position < 0 ? 0 : 1;
      positions[at + i] = Math.clamp(position, 0, RankerNetwork.MAX_POSITIONS - 1);
      if (width > 0) {
        int item = examples.embeddings().items()[start + i];
        copy(examples.embeddings().queryVectors(), request, queries, at + i, 1, width);
        copy(examples.embeddings().itemVectors(), item, items, at + i, 1, width);
      }
    }
  }

  private void fillHistory(int[] order, int from, int to) {
    RankingExamples.History history = examples.history();
    if (history == null) {
      return;
    }
    HistorySpec spec = history.spec();
    events = 1;
    for (int i = from; i < to; i++) {
      events = Math.max(events, history.requests().get(order[i]).rowsOf(spec));
    }
    int size = events * spec.columns();
    relations = grown(relations, Math.multiplyExact(rows, size));
    Arrays.fill(relations, 0, rows * size, 0);
    int row = 0;
    List<ItemFacts> candidates = new ArrayList<>();
    for (int i = from; i < to; i++) {
      candidates.clear();
      for (int r = examples.groupOffsets()[order[i]];
          r < examples.groupOffsets()[order[i] + 1];
          r++) {
        candidates.add(history.facts().get(history.candidates()[r]));
      }
      history.requests().get(order[i]).write(spec, candidates, events, relations, row * size);
      row += candidates.size();
    }
  }

  private static void copy(float[] from, int fromRow, float[] to, int toRow, int rows, int width) {
    System.arraycopy(from, fromRow * width, to, toRow * width, rows * width);
  }

  private void fillList(int request, int at, int cell) {
    int start = examples.groupOffsets()[request];
    int size = examples.groupOffsets()[request + 1] - start;
    float total = 0;
    for (int i = 0; i < size; i++) {
      total += examples.gain(start + i);
    }
    for (int i = 0; i < longest; i++) {
      boolean real = i < size;
      listRows[cell + i] = real ? at + i : 0;
      listMask[cell + i] = real ? 0 : PADDING;
      listTargets[cell + i] = real && total > 0 ? examples.gain(start + i) / total : 0;
    }
  }

  /** How many rows it holds. */
  int rows() {
    return rows;
  }

  /** The loss of a network on this batch. */
  Torch.Loss loss(RankerNetwork network, double listwiseShare) {
    return new Torch.Loss() {
      @Override
      public <V> V of(TrainingGraph<V> g) {
        V logits = g.add(logits(g, network), positionEffect(g, network));
        V mean = g.constant(new float[] {(float) ((1 - listwiseShare) / requests)}, 1);
        V loss = g.multiply(pointwise(g, logits), mean);
        if (listwiseShare > 0) {
          V share = g.constant(new float[] {(float) (-listwiseShare / requests)}, 1);
          loss = g.add(loss, g.multiply(listwise(g, logits), share));
        }
        return loss;
      }
    };
  }

  /** The logits of a network on this batch, position left out, shape (rows, T). */
  Torch.Loss logitsOf(RankerNetwork network) {
    return new Torch.Loss() {
      @Override
      public <V> V of(TrainingGraph<V> g) {
        return logits(g, network);
      }
    };
  }

  private <V> V logits(TrainingGraph<V> g, RankerNetwork network) {
    V x = g.data(features, rows, featureCount);
    RankingExamples.History history = examples.history();
    V relation = history == null ? x : g.data(relations, rows, events, history.spec().columns());
    return width == 0
        ? network.logits(g, x, x, x, relation)
        : network.logits(g, x, g.data(queries, rows, width), g.data(items, rows, width), relation);
  }

  private <V> V positionEffect(TrainingGraph<V> g, RankerNetwork network) {
    V effect = g.lookup(g.parameter(network.positions()), g.indices(positions, rows));
    return g.multiply(effect, g.data(known, rows, 1));
  }

  /** Σ factor · binary cross-entropy: max(z,0) − z·y + ln(1+e^−|z|). */
  private <V> V pointwise(TrainingGraph<V> g, V logits) {
    V one = g.constant(new float[] {1}, 1, 1);
    V minusOne = g.constant(new float[] {-1}, 1, 1);
    V soft = g.log(g.add(g.exp(g.multiply(g.abs(logits), minusOne)), one));
    V fit = g.multiply(logits, g.data(labels, rows, tasks));
    V entropy = g.add(g.subtract(g.relu(logits), fit), soft);
    return g.sumAll(g.multiply(entropy, g.constant(lossFactors, 1, tasks)));
  }

  /** Σ over requests of Σ target · log-softmax of the weighted logit. */
  private <V> V listwise(TrainingGraph<V> g, V logits) {
    V weighted = g.matMul(logits, g.constant(weightShares, tasks, 1));
    V lists = g.reshape(g.lookup(weighted, g.indices(listRows, requests, longest)), 0, 0);
    V masked = g.add(lists, g.data(listMask, requests, longest));
    return g.sumAll(g.multiply(g.logSoftmax(masked), g.data(listTargets, requests, longest)));
  }
}
