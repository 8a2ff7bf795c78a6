package io.winnow.models;

/**
 * Who did what, in order: the training data of every retrieval model. A ragged matrix by user
 * (compressed rows): user u's events are at {@code userOffsets[u] … userOffsets[u+1]-1}, oldest
 * first. Owns its arrays.
 *
 * @param itemCount N
 * @param userOffsets shape (users + 1)
 * @param items item indices, shape (events)
 * @param timesMs epoch milliseconds, ascending within a user, shape (events)
 */
public record Interactions(int itemCount, int[] userOffsets, int[] items, long[] timesMs) {
  /** Checks the shapes. */
  public Interactions {
    int events = userOffsets[userOffsets.length - 1];
    if (items.length != events || timesMs.length != events) {
      throw new IllegalArgumentException(
          "items: "
              + items.length
              + ", timesMs: "
              + timesMs.length
              + " (expected: both "
              + events
              + ", the last user offset)");
    }
  }

  /** How many users. */
  public int userCount() {
    return userOffsets.length - 1;
  }

  /** How many events. */
  public int size() {
    return items.length;
  }

  /** How often each item occurs, shape (N). */
  public int[] itemCounts() {
    int[] counts = new int[itemCount];
    for (int item : items) {
      counts[item]++;
    }
    return counts;
  }
}
