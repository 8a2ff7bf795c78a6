package io.winnow.retrieval;

import io.winnow.retrieval.CandidateSource.Candidates;
import java.util.Arrays;

/** Collects at most k candidates that arrive best first. Not thread-safe. */
final class Gathered {
  private static final int INITIAL_CAPACITY = 64;

  private final int k;
  private int[] items;
  private float[] scores;
  private int size;

  Gathered(int k) {
    this.k = k;
    this.items = new int[Math.min(k, INITIAL_CAPACITY)];
    this.scores = new float[items.length];
  }

  boolean full() {
    return size >= k;
  }

  void add(int item, float score) {
    if (size == items.length) {
      items = Arrays.copyOf(items, Math.min(k, 2 * size));
      scores = Arrays.copyOf(scores, items.length);
    }
    items[size] = item;
    scores[size++] = score;
  }

  Candidates candidates() {
    return new Candidates(Arrays.copyOf(items, size), Arrays.copyOf(scores, size));
  }
}
