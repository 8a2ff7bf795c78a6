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
    long tag = low & 0xFFFF_FFFF_0000_0000L;
    for (int slot = home(high); slot < slots.length && slots[slot] != 0; slot++) {
      int entry = (int) slots[slot] - 1;
      if ((slots[slot] & 0xFFFF_FFFF_0000_0000L) == tag
          && high(entry) == high
          && low(entry) == low) {
        return entry;
      }
    }
    return -1;
  }

  /** Adds an entry whose key is not there. */
  void add(long high, long low, long offset, long content) {
    int at = ENTRY_LONGS * size;
    if (at == entries.length) {
      entries = Arrays.copyOf(entries, 2 * entries.length);
    }
    entries[at] = high;
    entries[at + 1] = low;
    entries[at + 2] = offset;
    entries[at + 3] = content;
    size++;
    if (size > 1 << (bits - 1) || !occupy(size - 1)) {
      grow();
    }
  }

  /**
   * Takes the entries back that were added last. No entry that is left was put behind them in the
   * slots, so that clearing theirs leaves no gap in the way to another.
   */
  void shrink(int newSize) {
    while (size > newSize) {
      size--;
      int slot = home(high(size));
      while ((int) slots[slot] - 1 != size) {
        slot++;
      }
      slots[slot] = 0;
    }
  }

  /** The numbers of the entries, ascending by unsigned key. */
  int[] sorted() {
    int[] order = new int[size];
    int count = 0;
    for (long slot : slots) {
      if (slot != 0) {
        int entry = (int) slot - 1;
        int at = count++;
        while (at > 0 && isLess(entry, order[at - 1])) {
          order[at] = order[at - 1];
          at--;
        }
        order[at] = entry;
      }
    }
    return order;
  }

  private boolean isLess(int left, int right) {
    int byHigh = Long.compareUnsigned(high(left), high(right));
    return byHigh != 0 ? byHigh < 0 : Long.compareUnsigned(low(left), low(right)) < 0;
  }

  private int home(long high) {
    return (int) (high >>> (Long.SIZE - bits));
  }

  private boolean occupy(int entry) {
    int slot = home(high(entry));
    while (slot < slots.length && slots[slot] != 0) {
      slot++;
    }
    if (slot == slots.length) {
      return false;
    }
    slots[slot] = (low(entry) & 0xFFFF_FFFF_0000_0000L) | (entry + 1);
    return true;
  }

  /** Doubles the slots until every entry finds one. */
  private void grow() {
    boolean fits = false;
    while (!fits) {
      bits++;
      slots = new long[(1 << bits) + OVERFLOW_SLOTS];
      fits = true;
      for (int entry = 0; entry < size && fits; entry++) {
        fits = occupy(entry);
      }
    }
  }
}
