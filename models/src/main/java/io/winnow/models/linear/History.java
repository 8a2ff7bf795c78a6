package io.winnow.models.linear;

import java.util.Arrays;

/** Readings of a history. */
final class History {
  private History() {}

  /**
   * The distinct items of a history, newest first.
   *
   * @param history item indices, oldest first
   * @param itemCount indices at or above this, and negative ones, are left out
   * @param limit at most how many
   */
  static int[] newestDistinct(int[] history, int itemCount, int limit) {
    int capacity = 4 * Integer.highestOneBit(Math.max(1, Math.min(history.length, limit)));
    int[] table = new int[capacity];
    int[] newest = new int[Math.min(history.length, limit)];
    int size = 0;
    for (int e = history.length - 1; e >= 0 && size < newest.length; e--) {
      int item = history[e];
      if (item >= 0 && item < itemCount && insert(table, item + 1)) {
        newest[size++] = item;
      }
    }
    return Arrays.copyOf(newest, size);
  }

  /** What an item with {@code newer} newer ones counts: a power law forgets late, but never all. */
  static float weight(int newer, double power) {
    return power == 0 ? 1f : (float) Math.pow(1 + newer, -power);
  }

  /** Open addressing; the table is at most half full. Zero marks a free slot. */
  private static boolean insert(int[] table, int key) {
    int mask = table.length - 1;
    int slot = ((key * 0x9E3779B9) >>> 7) & mask;
    while (table[slot] != 0) {
      if (table[slot] == key) {
        return false;
      }
      slot = (slot + 1) & mask;
    }
    table[slot] = key;
    return true;
  }
}
