package io.winnow.experiments.analysis;

import io.winnow.core.Seed;

/**
 * A map from hashes to ints in two flat arrays, 24 bytes an entry on average. Keys are never
 * removed. Not thread-safe.
 */
final class LongIntMap {
  /** What {@link #get} answers for a key that is not there. */
  static final int ABSENT = -1;

  private static final int FIRST = 1024;

  private long[] keys = new long[FIRST];
  private int[] values = new int[FIRST];
  private int size;

  /** The number of keys. */
  int size() {
    return size;
  }

  /** The value of a key, or {@link #ABSENT}. */
  int get(long key) {
    int slot = slot(keys, used(key));
    return keys[slot] == 0 ? ABSENT : values[slot];
  }

  /** Sets a value, which must not be {@link #ABSENT}. */
  void put(long key, int value) {
    int slot = room(used(key));
    values[slot] = value;
  }

  /** Adds to a value that begins at 0. */
  void add(long key, int delta) {
    int slot = room(used(key));
    values[slot] += delta;
  }

  /** Visits every key and value, in no order that means anything but always the same. */
  void forEach(Visitor visitor) {
    for (int slot = 0; slot < keys.length; slot++) {
      if (keys[slot] != 0) {
        visitor.visit(keys[slot], values[slot]);
      }
    }
  }

  /** Receives entries. */
  @FunctionalInterface
  interface Visitor {
    void visit(long key, int value);
  }

  private int room(long key) {
    int slot = slot(keys, key);
    if (keys[slot] == 0) {
      if (size >= keys.length / 2) {
        grow();
        slot = slot(keys, key);
      }
      keys[slot] = key;
      size++;
    }
    return slot;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldValues = values;
    keys = new long[oldKeys.length * 2];
    values = new int[keys.length];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        int slot = slot(keys, oldKeys[i]);
        keys[slot] = oldKeys[i];
        values[slot] = oldValues[i];
      }
    }
  }

  private static int slot(long[] keys, long key) {
    int mask = keys.length - 1;
    int slot = (int) Seed.mix(key) & mask;
    while (keys[slot] != 0 && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** 0 marks a free slot, so the key 0 is another one here. */
  private static long used(long key) {
    return key == 0 ? Long.MIN_VALUE : key;
  }
}
