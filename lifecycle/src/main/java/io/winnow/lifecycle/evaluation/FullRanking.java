package io.winnow.lifecycle.evaluation;

import io.winnow.lifecycle.evaluation.EvaluationRows.BitMask;

/**
 * Ranks the full catalogue by a score. Ties, as of items without evidence, go to the more popular
 * item, then to the smaller index, so that a model that knows nothing of a user recommends what is
 * popular.
 */
final class FullRanking {
  private FullRanking() {}

  /** The place of an allowed item among the allowed items, from 0. */
  static int rank(int item, float[] scores, float[] popularity, BitMask allowed) {
    int better = 0;
    for (int other = 0; other < scores.length; other++) {
      if (other != item && allowed.get(other) && before(other, item, scores, popularity)) {
        better++;
      }
    }
    return better;
  }

  /** The best k allowed items, best first. */
  static int[] top(int k, float[] scores, float[] popularity, BitMask allowed) {
    int[] best = new int[k];
    int size = 0;
    for (int item = 0; item < scores.length; item++) {
      if (!allowed.get(item) || (size == k && !before(item, best[k - 1], scores, popularity))) {
        continue;
      }
      int at = size < k ? size++ : k - 1;
      while (at > 0 && before(item, best[at - 1], scores, popularity)) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = item;
    }
    return java.util.Arrays.copyOf(best, size);
  }

  private static boolean before(int a, int b, float[] scores, float[] popularity) {
    if (scores[a] != scores[b]) {
      return scores[a] > scores[b];
    }
    if (popularity[a] != popularity[b]) {
      return popularity[a] > popularity[b];
    }
    return a < b;
  }
}
