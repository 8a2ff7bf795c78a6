package io.winnow.ranking.reranking;

import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The candidates of one request, best score first; equal scores keep the order they came in. A
 * candidate is spoken of by its rank in this list. Immutable.
 *
 * @param items catalogue indices, shape (C)
 * @param scores descending, shape (C)
 */
record Candidates(int[] items, float[] scores) {
  /** Orders items by their scores. */
  static Candidates bestFirst(int[] items, float[] scores) {
    int[] order =
        IntStream.range(0, items.length)
            .boxed()
            .sorted((a, b) -> Float.compare(scores[b], scores[a]))
            .mapToInt(Integer::intValue)
            .toArray();
    return pick(items, scores, order);
  }

  /** Each item once, at its best rank. */
  Candidates withoutDuplicates() {
    Set<Integer> seen = HashSet.newHashSet(items.length);
    return keep(seen::add);
  }

  /** The candidates whose items satisfy a condition; it is asked in order of rank. */
  Candidates keep(IntPredicate condition) {
    int[] kept =
        IntStream.range(0, items.length).filter(rank -> condition.test(items[rank])).toArray();
    return kept.length == items.length ? this : pick(items, scores, kept);
  }

  /** How many. */
  int size() {
    return items.length;
  }

  /** The catalogue index of a candidate. */
  int item(int candidate) {
    return items[candidate];
  }

  /** The candidate that is this item, or -1. */
  int indexOf(int item) {
    for (int candidate = 0; candidate < items.length; candidate++) {
      if (items[candidate] == item) {
        return candidate;
      }
    }
    return -1;
  }

  /** The score of a candidate. */
  float score(int candidate) {
    return scores[candidate];
  }

  /** Every candidate, as a set of its own. */
  BitSet all() {
    BitSet all = new BitSet(items.length);
    all.set(0, items.length);
    return all;
  }

  private static Candidates pick(int[] items, float[] scores, int[] order) {
    int[] pickedItems = new int[order.length];
    float[] pickedScores = new float[order.length];
    for (int i = 0; i < order.length; i++) {
      pickedItems[i] = items[order[i]];
      pickedScores[i] = scores[order[i]];
    }
    return new Candidates(pickedItems, pickedScores);
  }
}
