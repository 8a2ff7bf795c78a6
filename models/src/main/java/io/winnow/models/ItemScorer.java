package io.winnow.models;

/** A model that scores every item for a user's history. Thread-safe once trained or loaded. */
public interface ItemScorer {
  /** N, how many items it knows. */
  int itemCount();

  /**
   * Scores all items; higher is better. An item without evidence gets 0 or less.
   *
   * @param history item indices, oldest first, shape (L); indices at or above {@link #itemCount()}
   *     are ignored
   * @param timesMs when they happened, shape (L)
   * @param nowMs the time of the request
   * @param scores receives the scores, shape (N)
   */
  void score(int[] history, long[] timesMs, long nowMs, float[] scores);
}
