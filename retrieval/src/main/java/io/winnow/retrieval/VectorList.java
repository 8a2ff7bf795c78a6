package io.winnow.retrieval;

import io.winnow.models.TopK;
import io.winnow.models.linear.Kernels;
import io.winnow.retrieval.CandidateSource.ItemFilter;
import java.util.Arrays;

/**
 * Vectors side by side in memory, with the items they belong to. One writer at a time, which the
 * owner sees to; any number of readers, which never wait.
 *
 * <p>An append writes behind the end that readers know and then publishes the new end; a removal
 * overwrites the item with {@link #REMOVED}. Arrays are replaced when they are full, and then what
 * was removed is left behind, so space stays within twice the live vectors and what one growth step
 * adds.
 */
final class VectorList {
  /** Stands where a removed item stood. */
  static final int REMOVED = -1;

  private static final int BLOCK = 256;

  private final int dimension;
  private volatile Rows rows;
  private int removed;

  /** What readers see: the first {@code size} rows. */
  record Rows(int[] items, float[] vectors, int size) {}

  VectorList(int dimension, int capacity) {
    this.dimension = dimension;
    this.rows = new Rows(new int[capacity], new float[Math.multiplyExact(capacity, dimension)], 0);
  }

  /** The rows at this moment; removed ones are still among them. */
  Rows rows() {
    return rows;
  }

  /** Where appended rows went when the arrays were replaced. */
  @FunctionalInterface
  interface Moved {
    /** The item now is at this row. */
    void to(int item, int row);
  }

  /** Appends and tells where this item and all that moved are. */
  void append(int item, float[] source, int offset, Moved moved) {
    Rows now = rows;
    if (now.size() == now.items().length) {
      now = replaced(now, moved);
    }
    now.items()[now.size()] = item;
    System.arraycopy(source, offset, now.vectors(), now.size() * dimension, dimension);
    rows = new Rows(now.items(), now.vectors(), now.size() + 1);
    moved.to(item, now.size());
  }

  private Rows replaced(Rows old, Moved moved) {
    int live = old.size() - removed;
    int capacity = Math.max(8, live + (live >> 1));
    int[] items = new int[capacity];
    float[] vectors = new float[Math.multiplyExact(capacity, dimension)];
    int size = 0;
    for (int row = 0; row < old.size(); row++) {
      if (old.items()[row] != REMOVED) {
        items[size] = old.items()[row];
        System.arraycopy(old.vectors(), row * dimension, vectors, size++ * dimension, dimension);
      }
    }
    removed = 0;
    Rows compact = new Rows(items, vectors, size);
    rows = compact;
    for (int row = 0; row < size; row++) {
      moved.to(items[row], row);
    }
    return compact;
  }

  void remove(int row) {
    Rows now = rows;
    now.items()[row] = REMOVED;
    removed++;
    rows = new Rows(now.items(), now.vectors(), now.size());
  }

  /**
   * Offers every allowed item that can still enter; the filter is asked only for those.
   *
   * @return how many inner products were taken
   */
  int scan(float[] query, ItemFilter filter, TopK best, float[] scratch) {
    Rows now = rows;
    for (int from = 0; from < now.size(); from += BLOCK) {
      int count = Math.min(BLOCK, now.size() - from);
      Kernels.dots(query, now.vectors(), from * dimension, count, scratch, 0);
      float threshold = best.threshold();
      for (int i = 0; i < count; i++) {
        if (scratch[i] >= threshold) {
          int item = now.items()[from + i];
          if (item != REMOVED && filter.allows(item)) {
            best.offer(item, scratch[i]);
            threshold = best.threshold();
          }
        }
      }
    }
    return now.size();
  }

  /** As {@link #scan}, but asks the filter first: cheaper where it allows few. */
  int scanAllowed(float[] query, ItemFilter filter, TopK best) {
    Rows now = rows;
    int scanned = 0;
    for (int row = 0; row < now.size(); row++) {
      int item = now.items()[row];
      if (item != REMOVED && filter.allows(item)) {
        best.offer(item, Kernels.dot(query, 0, now.vectors(), row * dimension, dimension));
        scanned++;
      }
    }
    return scanned;
  }

  /** A buffer for {@link #scan}. */
  static float[] scratch() {
    return new float[BLOCK];
  }

  /** The live items and vectors, in row order. */
  Rows live() {
    Rows now = rows;
    int[] items = new int[now.size()];
    float[] vectors = new float[now.size() * dimension];
    int size = 0;
    for (int row = 0; row < now.size(); row++) {
      if (now.items()[row] != REMOVED) {
        items[size] = now.items()[row];
        System.arraycopy(now.vectors(), row * dimension, vectors, size++ * dimension, dimension);
      }
    }
    return new Rows(Arrays.copyOf(items, size), Arrays.copyOf(vectors, size * dimension), size);
  }
}
