package io.winnow.features;

import java.util.Arrays;

/**
 * Numbers in ascending order of their keys, of which the newest are kept: those with the highest
 * keys, and of equal keys those that came last.
 */
abstract sealed class NewestByKey implements AggregationState permits TiledSums, NewestEvents {
  private final int kept;

  /** Ascending; the first {@link #size} count. */
  long[] keys;

  /** Same shape as the keys. */
  double[] values;

  int size;

  /**
   * Without entries.
   *
   * @param kept most entries
   * @param capacity for how many there is room from the start
   */
  NewestByKey(int kept, int capacity) {
    this.kept = kept;
    this.keys = new long[capacity];
    this.values = new double[capacity];
  }

  /** Reads what {@link #write} wrote into a state without entries. */
  final void load(ByteSource source) {
    size = source.count(kept);
    keys = new long[Math.max(keys.length, size)];
    values = new double[keys.length];
    long key = 0;
    for (int i = 0; i < size; i++) {
      key += i == 0 ? source.signed() : source.varint();
      keys[i] = key;
      values[i] = source.real();
    }
  }

  @Override
  public final void write(ByteSink sink) {
    sink.varint(size);
    for (int i = 0; i < size; i++) {
      if (i == 0) {
        sink.signed(keys[0]);
      } else {
        sink.varint(keys[i] - keys[i - 1]);
      }
      sink.real(values[i]);
    }
  }

  /** How many entries have this key or a lower one; looks at the newest first. */
  final int upTo(long key) {
    int count = size;
    while (count > 0 && keys[count - 1] > key) {
      count--;
    }
    return count;
  }

  /**
   * Inserts an entry.
   *
   * @param place {@link #upTo} of the key
   * @return false if it would be the oldest of too many and was dropped
   */
  final boolean insert(int place, long key, double value) {
    int at = place;
    if (size == kept) {
      if (at == 0) {
        return false;
      }
      at--;
      System.arraycopy(keys, 1, keys, 0, at);
      System.arraycopy(values, 1, values, 0, at);
    } else {
      if (size == keys.length) {
        int capacity = Math.min(kept, size * 2);
        keys = Arrays.copyOf(keys, capacity);
        values = Arrays.copyOf(values, capacity);
      }
      System.arraycopy(keys, at, keys, at + 1, size - at);
      System.arraycopy(values, at, values, at + 1, size - at);
      size++;
    }
    keys[at] = key;
    values[at] = value;
    return true;
  }
}
