package io.winnow.retrieval;

/**
 * A small set of non-negative integers: open addressing, at most half full. Safe to read from many
 * threads once filled.
 */
final class IntSet {
  /** Holds value + 1; zero marks a free slot. */
  private final int[] table;

  private final int mask;

  /** For at most {@code expected} values. */
  IntSet(int expected) {
    this.table = new int[4 * Integer.highestOneBit(Math.max(1, expected))];
    this.mask = table.length - 1;
  }

  /** Whether it was not yet there. */
  boolean add(int value) {
    int slot = slot(value);
    if (table[slot] != 0) {
      return false;
    }
    table[slot] = value + 1;
    return true;
  }

  boolean contains(int value) {
    return table[slot(value)] != 0;
  }

  /** Where the value is, or the free slot where it would go. */
  private int slot(int value) {
    int slot = ((value * 0x9E3779B9) >>> 7) & mask;
    while (table[slot] != 0 && table[slot] != value + 1) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
