package io.winnow.features;

import java.util.List;

/**
 * What a user did, oldest first: the newest {@link #MAX_LENGTH} events that are no impressions.
 * Owns its arrays.
 *
 * @param items catalogue indices, shape (L)
 * @param timesMs epoch milliseconds, shape (L), in log order
 * @param types indices into {@code typeNames}, shape (L)
 * @param values event values, NaN where absent, shape (L)
 * @param typeNames the application's event types in their declared order
 */
public record UserHistory(
    int[] items, long[] timesMs, byte[] types, float[] values, List<String> typeNames) {
  /** How many events are kept for a user; older ones fall out. */
  public static final int MAX_LENGTH = 4096;

  /** How many events there are. */
  public int length() {
    return items.length;
  }

  /** Of a user who did nothing yet. */
  public static UserHistory empty(List<String> typeNames) {
    return new UserHistory(new int[0], new long[0], new byte[0], new float[0], typeNames);
  }
}
