package io.winnow.models.linear;

import io.winnow.models.Interactions;
import io.winnow.models.ItemScorer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Offline evaluation of item scorers by full ranking over all items; ties go to the lower index.
 *
 * @param training what the model may see
 * @param all every event, of which {@code training} is the past
 * @param targets positions in {@code all} that are to be predicted, each from the events of its
 *     user before it
 * @param seenFiltered whether items of the history are left out of the ranking
 */
record Evaluation(Interactions training, Interactions all, int[] targets, boolean seenFiltered) {
  /** What came out: means over the targets. */
  record Result(int targets, double ndcg10, double hr10, double recall100) {
    @Override
    public String toString() {
      return "targets=%d ndcg@10=%.4f hr@10=%.4f recall@100=%.4f"
          .formatted(targets, ndcg10, hr10, recall100);
    }
  }

  /** Each user's last event is the target, all others are training. */
  static Evaluation leaveOneOut(Interactions all) {
    int users = all.userCount();
    int[] targets = new int[users];
    boolean[] kept = new boolean[all.size()];
    Arrays.fill(kept, true);
    int size = 0;
    for (int u = 0; u < users; u++) {
      if (all.userOffsets()[u + 1] - all.userOffsets()[u] >= 2) {
        targets[size] = all.userOffsets()[u + 1] - 1;
        kept[targets[size++]] = false;
      }
    }
    return new Evaluation(select(all, kept), all, Arrays.copyOf(targets, size), true);
  }

  /** Training is what came before the quantile of time, every later event a target. */
  static Evaluation temporal(Interactions all, double quantile, boolean seenFiltered) {
    long[] times = all.timesMs().clone();
    Arrays.sort(times);
    long cut = times[(int) (quantile * times.length)];
    boolean[] kept = new boolean[all.size()];
    for (int e = 0; e < kept.length; e++) {
      kept[e] = all.timesMs()[e] < cut;
    }
    int[] targets = IntStream.range(0, kept.length).filter(e -> !kept[e]).toArray();
    return new Evaluation(select(all, kept), all, targets, seenFiltered);
  }

  private static Interactions select(Interactions all, boolean[] kept) {
    int[] offsets = new int[all.userCount() + 1];
    int[] items = new int[all.size()];
    long[] times = new long[all.size()];
    int size = 0;
    for (int u = 0; u < all.userCount(); u++) {
      for (int e = all.userOffsets()[u]; e < all.userOffsets()[u + 1]; e++) {
        if (kept[e]) {
          items[size] = all.items()[e];
          times[size++] = all.timesMs()[e];
        }
      }
      offsets[u + 1] = size;
    }
    return new Interactions(
        all.itemCount(), offsets, Arrays.copyOf(items, size), Arrays.copyOf(times, size));
  }

  /** Ranks every target. */
  Result run(ItemScorer scorer) {
    int[] users = new int[all.size()];
    for (int u = 0; u < all.userCount(); u++) {
      Arrays.fill(users, all.userOffsets()[u], all.userOffsets()[u + 1], u);
    }
    float[] scores = new float[all.itemCount()];
    double ndcg = 0;
    double hits10 = 0;
    double hits100 = 0;
    for (int target : targets) {
      int from = all.userOffsets()[users[target]];
      int[] history = Arrays.copyOfRange(all.items(), from, target);
      long[] times = Arrays.copyOfRange(all.timesMs(), from, target);
      scorer.score(history, times, all.timesMs()[target], scores);
      if (seenFiltered) {
        for (int item : history) {
          scores[item] = Float.NEGATIVE_INFINITY;
        }
      }
      int rank = rank(scores, all.items()[target]);
      ndcg += rank < 10 ? 1 / (Math.log(rank + 2) / Math.log(2)) : 0;
      hits10 += rank < 10 ? 1 : 0;
      hits100 += rank < 100 ? 1 : 0;
    }
    int n = targets.length;
    return new Result(n, ndcg / n, hits10 / n, hits100 / n);
  }

  private static int rank(float[] scores, int target) {
    int rank = 0;
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] > scores[target] || (scores[i] == scores[target] && i < target)) {
        rank++;
      }
    }
    return rank;
  }
}
