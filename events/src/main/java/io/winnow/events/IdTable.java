package io.winnow.events;

import java.util.Arrays;

/**
 * The newest event ids, in memory: a hash table whose keys are 128-bit hashes, each with an offset
 * and the hash of a content.
 *
 * <p>Entries stand in the order in which they came. The slots that lead to them are probed linearly
 * from the place that the highest bits of the key name, so reading the slots in order gives the
 * keys almost in order: they are sorted for a file at little more than the cost of reading them.
 * Keys are spread evenly because they are hashes under a secret key; at most half of the slots are
 * taken.
 *
 * <p>One thread writes; when it no longer does, many may read.
 */
final class IdTable {
  /** An entry takes so many longs: high and low of the key, offset, content. */
  static final int ENTRY_LONGS = 4;

  private static final int BITS_MIN = 10;

  /** Of a slot, the half that is the key's. */
  private static final long TAG = 0xFFFF_FFFF_0000_0000L;

  /** Slots behind the last that a key can name, so that probing need not wrap around. */
  private static final int OVERFLOW_SLOTS = 64;

  private int bits = BITS_MIN;

  /** In the lower half the number of the entry plus one, in the upper half of its key's low. */
  private long[] slots = new long[(1 << BITS_MIN) + OVERFLOW_SLOTS];

  private long[] entries = new long[ENTRY_LONGS << (BITS_MIN - 1)];
  private int size;

  int size() {
    return size;
  }

  long high(int entry) {
    return entries[ENTRY_LONGS * entry];
  }

  long low(int entry) {
    return entries[ENTRY_LONGS * entry + 1];
  }

  long offset(int entry) {
    return entries[ENTRY_LONGS * entry + 2];
  }

  long content(int entry) {
    return entries[ENTRY_LONGS * entry + 3];
  }

  /** The number of the entry with a key, or -1. */
  int find(long high, long low) {
    int slot = slotOf(high, low);
    return slot < slots.length ? (int) slots[slot] - 1 : -1;
  }

  /** The slot that leads to a key, or the empty one where it would be, or the number of slots. */
  private int slotOf(long high, long low) {
    long tag = low & TAG;
    int slot = (int) (high >>> (Long.SIZE - bits));
    while (slot < slots.length && slots[slot] != 0) {
      if ((slots[slot] & TAG) == tag) {
        int entry = (int) slots[slot] - 1;
        if (high(entry) == high && low(entry) == low) {
          return slot;
        }
      }
      slot++;
    }
    return slot;
  }

  /**
   * Adds an entry, if its key is not there.
   *
   * @return -1, or the number of the entry that is there
   */
  int addIfAbsent(long high, long low, long offset, long content) {
    int slot = slotOf(high, low);
    if (slot < slots.length && slots[slot] != 0) {
      return (int) slots[slot] - 1;
    }
    int at = ENTRY_LONGS * size;
    if (at == entries.length) {
      entries = Arrays.copyOf(entries, 2 * entries.length);
    }
    entries[at] = high;
    entries[at + 1] = low;
    entries[at + 2] = offset;
    entries[at + 3] = content;
    size++;
    if (slot == slots.length || size > 1 << (bits - 1)) {
      grow();
    } else {
      slots[slot] = (low & TAG) | size;
    }
    return -1;
  }

  /**
   * Takes the entries back that were added last. No entry that is left was put behind them in the
   * slots, so that clearing theirs leaves no gap in the way to another.
   */
  void shrink(int newSize) {
    while (size > newSize) {
      slots[slotOf(high(size - 1), low(size - 1))] = 0;
      size--;
    }
  }

  /** All entries, {@value #ENTRY_LONGS} longs each, ascending by unsigned key. */
  long[] sorted() {
    long[] sorted = new long[ENTRY_LONGS * size];
    int count = 0;
    for (long slot : slots) {
      if (slot != 0) {
        System.arraycopy(
            entries, ENTRY_LONGS * ((int) slot - 1), sorted, ENTRY_LONGS * count++, ENTRY_LONGS);
      }
    }
    long[] moved = new long[ENTRY_LONGS];
    for (int i = 1; i < count; i++) {
      int to = i;
      while (to > 0 && isLess(sorted, i, to - 1)) {
        to--;
      }
      if (to < i) {
        System.arraycopy(sorted, ENTRY_LONGS * i, moved, 0, ENTRY_LONGS);
        int from = ENTRY_LONGS * to;
        System.arraycopy(sorted, from, sorted, from + ENTRY_LONGS, ENTRY_LONGS * (i - to));
        System.arraycopy(moved, 0, sorted, from, ENTRY_LONGS);
      }
    }
    return sorted;
  }

  private static boolean isLess(long[] entries, int left, int right) {
    int l = ENTRY_LONGS * left;
    int r = ENTRY_LONGS * right;
    int byHigh = Long.compareUnsigned(entries[l], entries[r]);
    return byHigh < 0 || (byHigh == 0 && Long.compareUnsigned(entries[l + 1], entries[r + 1]) < 0);
  }

  /** Doubles the slots until every entry finds one. */
  private void grow() {
    boolean fits = false;
    while (!fits) {
      bits++;
      slots = new long[(1 << bits) + OVERFLOW_SLOTS];
      fits = true;
      for (int entry = 0; entry < size && fits; entry++) {
        int slot = (int) (high(entry) >>> (Long.SIZE - bits));
        while (slot < slots.length && slots[slot] != 0) {
          slot++;
        }
        fits = slot < slots.length;
        if (fits) {
          slots[slot] = (low(entry) & TAG) | (entry + 1);
        }
      }
    }
  }
}
