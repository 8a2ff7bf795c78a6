package io.winnow.retrieval;

import io.winnow.models.TopK;
import io.winnow.models.linear.Kernels;
import io.winnow.retrieval.CandidateSource.Candidates;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Vector lists and where each item is in them: what every index of this package has in common.
 * Writers are serialised by this object's lock; readers never wait.
 */
final class IndexedLists {
  private static final long NOWHERE = -1;

  private final int dimension;
  private final VectorList[] lists;

  /** By item: list in the upper half, row in the lower. Replaced when it has to grow. */
  private volatile AtomicLongArray places;

  private volatile int size;

  IndexedLists(int dimension, int listCount, int expectedSize) {
    this.dimension = dimension;
    this.lists = new VectorList[listCount];
    Arrays.setAll(lists, i -> new VectorList(dimension, Math.max(1, expectedSize / listCount)));
    this.places = nowhere(0);
  }

  private static AtomicLongArray nowhere(int length) {
    long[] values = new long[length];
    Arrays.fill(values, NOWHERE);
    return new AtomicLongArray(values);
  }

  int dimension() {
    return dimension;
  }

  int size() {
    return size;
  }

  VectorList list(int index) {
    return lists[index];
  }

  int listCount() {
    return lists.length;
  }

  /** Puts an item into a list, out of the one it was in. */
  synchronized void put(int item, int list, float[] vectors, int offset) {
    if (item < 0) {
      throw new IllegalArgumentException("item: " + item + " (expected: >= 0)");
    }
    growTo(item);
    remove(item);
    lists[list].append(
        item, vectors, offset, (moved, row) -> places.set(moved, ((long) list << 32) | row));
    size++;
  }

  synchronized void remove(int item) {
    long place = place(item);
    if (place != NOWHERE) {
      places.set(item, NOWHERE);
      lists[(int) (place >> 32)].remove((int) place);
      size--;
    }
  }

  private long place(int item) {
    AtomicLongArray now = places;
    return item >= 0 && item < now.length() ? now.get(item) : NOWHERE;
  }

  private void growTo(int item) {
    AtomicLongArray old = places;
    if (item >= old.length()) {
      AtomicLongArray grown =
          nowhere(
              (int) Math.max(item + 1L, Math.min(Integer.MAX_VALUE - 8L, 3L * old.length() / 2)));
      for (int i = 0; i < old.length(); i++) {
        grown.set(i, old.get(i));
      }
      places = grown;
    }
  }

  /** Inner products of given items; NaN where an item has no vector. */
  float[] score(float[] query, int[] items) {
    checkVector("query", query);
    float[] scores = new float[items.length];
    for (int i = 0; i < items.length; i++) {
      scores[i] = score(query, items[i]);
    }
    return scores;
  }

  private float score(float[] query, int item) {
    // A list may be rewritten between the two reads; then the row holds another item: look again.
    for (long place = place(item); place != NOWHERE; place = place(item)) {
      VectorList.Rows rows = lists[(int) (place >> 32)].rows();
      int row = (int) place;
      if (row < rows.size() && rows.items()[row] == item) {
        return Kernels.dot(query, 0, rows.vectors(), row * dimension, dimension);
      }
      Thread.onSpinWait();
    }
    return Float.NaN;
  }

  void checkVector(String name, float[] vector) {
    if (vector.length != dimension) {
      throw new IllegalArgumentException(
          name + ".length: " + vector.length + " (expected: " + dimension + ")");
    }
    for (float value : vector) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(name + ": " + value + " (expected: finite)");
      }
    }
  }

  /** Ends a search. An item whose vector was replaced meanwhile may have been met twice. */
  static Candidates candidates(TopK best) {
    TopK.Ranked ranked = best.drain();
    int[] sorted = ranked.items().clone();
    Arrays.sort(sorted);
    for (int i = 1; i < sorted.length; i++) {
      if (sorted[i] == sorted[i - 1]) {
        return withoutDuplicates(ranked);
      }
    }
    return new Candidates(ranked.items(), ranked.scores());
  }

  private static Candidates withoutDuplicates(TopK.Ranked ranked) {
    int[] items = new int[ranked.size()];
    float[] scores = new float[ranked.size()];
    IntSet met = new IntSet(ranked.size());
    int size = 0;
    for (int i = 0; i < ranked.size(); i++) {
      if (met.add(ranked.items()[i])) {
        items[size] = ranked.items()[i];
        scores[size++] = ranked.scores()[i];
      }
    }
    return new Candidates(Arrays.copyOf(items, size), Arrays.copyOf(scores, size));
  }
}
