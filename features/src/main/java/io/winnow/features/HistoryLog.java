package io.winnow.features;

import java.util.Arrays;
import java.util.List;

/**
 * One user's events, oldest first, in chunks of {@value #CHUNK} that are stored one by one: an
 * event rewrites the last chunk, not the whole history. Whole chunks fall out at the old end, so up
 * to {@value #CHUNK} events more than {@link UserHistory#MAX_LENGTH} are held. Not thread-safe.
 */
final class HistoryLog {
  /** Events in a chunk. */
  static final int CHUNK = 64;

  private static final int MAX_HELD = UserHistory.MAX_LENGTH + CHUNK;

  private int[] items = new int[4];
  private long[] timesMs = new long[4];
  private byte[] types = new byte[4];
  private float[] values = new float[4];
  private int size;
  private long firstChunk;

  /** How many events are held. */
  int size() {
    return size;
  }

  /** The number of the oldest chunk that is held. */
  long firstChunk() {
    return firstChunk;
  }

  /** The number of the chunk behind the last. */
  long endChunk() {
    return firstChunk + Math.ceilDiv(size, CHUNK);
  }

  /** Appends an event. */
  void add(int item, long timeMs, int type, float value) {
    if (size == MAX_HELD) {
      size -= CHUNK;
      System.arraycopy(items, CHUNK, items, 0, size);
      System.arraycopy(timesMs, CHUNK, timesMs, 0, size);
      System.arraycopy(types, CHUNK, types, 0, size);
      System.arraycopy(values, CHUNK, values, 0, size);
      firstChunk++;
    }
    if (size == items.length) {
      int capacity = Math.min(MAX_HELD, size * 2);
      items = Arrays.copyOf(items, capacity);
      timesMs = Arrays.copyOf(timesMs, capacity);
      types = Arrays.copyOf(types, capacity);
      values = Arrays.copyOf(values, capacity);
    }
    items[size] = item;
    timesMs[size] = timeMs;
    types[size] = (byte) type;
    values[size] = value;
    size++;
  }

  /** The newest events, copied. */
  UserHistory read(List<String> typeNames) {
    int from = Math.max(0, size - UserHistory.MAX_LENGTH);
    return new UserHistory(
        Arrays.copyOfRange(items, from, size),
        Arrays.copyOfRange(timesMs, from, size),
        Arrays.copyOfRange(types, from, size),
        Arrays.copyOfRange(values, from, size),
        typeNames);
  }

  /** Writes one chunk. */
  void write(long chunk, ByteSink sink) {
    int from = (int) (chunk - firstChunk) * CHUNK;
    int to = Math.min(size, from + CHUNK);
    sink.varint(to - from);
    long before = 0;
    for (int i = from; i < to; i++) {
      sink.varint(items[i]).signed(timesMs[i] - before).raw(types[i]);
      sink.fixed32(Float.floatToIntBits(values[i]));
      before = timesMs[i];
    }
  }

  /** Reads the next chunk; chunks come in ascending order, and the first one sets the start. */
  void load(long chunk, ByteSource source) {
    if (size == 0) {
      firstChunk = chunk;
    }
    int count = source.count(CHUNK);
    long timeMs = 0;
    for (int i = 0; i < count; i++) {
      int item = source.count(Integer.MAX_VALUE);
      timeMs += source.signed();
      int type = source.raw();
      add(item, timeMs, type, Float.intBitsToFloat(source.fixed32()));
    }
  }
}
