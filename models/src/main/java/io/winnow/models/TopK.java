package io.winnow.models;

import java.util.Arrays;

/**
 * Keeps the k best of a stream of scored items: a binary heap with the worst kept item at its root.
 * Equal scores are ordered by item index, lower first, so the outcome does not depend on the order
 * of arrival. O(log k) for an item that enters, O(1) for one that does not. Not thread-safe.
 */
public final class TopK {
  private static final int INITIAL_CAPACITY = 64;

  private final int k;
  private long[] heap;
  private int size;

  /**
   * An empty collector.
   *
   * @param k how many to keep, >= 0
   */
  public TopK(int k) {
    if (k < 0) {
      throw new IllegalArgumentException("k: " + k + " (expected: >= 0)");
    }
    this.k = k;
    this.heap = new long[Math.min(k, INITIAL_CAPACITY)];
  }

  /** Offers an item; NaN is never kept. */
  public void offer(int item, float score) {
    if (k == 0 || Float.isNaN(score)) {
      return;
    }
    long key = key(item, score);
    if (size < k) {
      if (size == heap.length) {
        heap = Arrays.copyOf(heap, (int) Math.min(k, 2L * size));
      }
      heap[size] = key;
      siftUp(size++);
    } else if (key > heap[0]) {
      heap[0] = key;
      siftDown(0, size);
    }
  }

  /** How many are kept now. */
  public int size() {
    return size;
  }

  /** What a further item's score must reach to enter; minus infinity while there is room. */
  public float threshold() {
    if (k == 0) {
      return Float.POSITIVE_INFINITY;
    }
    return size < k ? Float.NEGATIVE_INFINITY : score(heap[0]);
  }

  /** Forgets everything. */
  public void clear() {
    size = 0;
  }

  /** The kept items, best first, and empties the collector. */
  public Ranked drain() {
    long[] keys = Arrays.copyOf(heap, size);
    Arrays.sort(keys);
    int[] items = new int[size];
    float[] scores = new float[size];
    for (int i = 0; i < size; i++) {
      long key = keys[size - 1 - i];
      items[i] = ~(int) key;
      scores[i] = score(key);
    }
    size = 0;
    return new Ranked(items, scores);
  }

  /**
   * Items and scores, best first. Owns its arrays.
   *
   * @param items shape (at most k)
   * @param scores descending, same shape
   */
  public record Ranked(int[] items, float[] scores) {
    /** How many. */
    public int size() {
      return items.length;
    }
  }

  /**
   * Orders by score, then by lower item: the float's bits made monotonic above the inverted item.
   */
  private static long key(int item, float score) {
    int bits = Float.floatToIntBits(score + 0f);
    int monotonic = bits ^ ((bits >> 31) & 0x7fffffff);
    return ((long) monotonic << 32) | (~item & 0xffffffffL);
  }

  private static float score(long key) {
    int monotonic = (int) (key >> 32);
    return Float.intBitsToFloat(monotonic ^ ((monotonic >> 31) & 0x7fffffff));
  }

  private void siftUp(int child) {
    long key = heap[child];
    int at = child;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (heap[parent] <= key) {
        break;
      }
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = key;
  }

  private void siftDown(int parent, int end) {
    long key = heap[parent];
    int at = parent;
    while (2 * at + 1 < end) {
      int child = 2 * at + 1;
      if (child + 1 < end && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= key) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = key;
  }
}
