package io.winnow.features;

import java.util.Arrays;
import java.util.List;

/**
 * One user's events, oldest first, in chunks of {@value #CHUNK} that are stored one by one: an
 * event rewrites the last chunk, not the whole history. Whole chunks fall out at the old end, so up
 * to {@value #CHUNK} events more than {@link UserHistory#MAX_LENGTH} are held. Not thread-safe.
 *
 * <p>An event takes two neighbouring cells, so that adding one touches one cache line: its time and
 * type, and its item and value.
 */
final class HistoryLog {
  /** Events in a chunk. */
  static final int CHUNK = 64;

  private static final int MAX_HELD = UserHistory.MAX_LENGTH + CHUNK;
  private static final int TYPE_BITS = 8;

  private long[] cells = new long[8];
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
      System.arraycopy(cells, 2 * CHUNK, cells, 0, 2 * size);
      firstChunk++;
    }
    if (2 * size == cells.length) {
      cells = Arrays.copyOf(cells, 2 * Math.min(MAX_HELD, size * 2));
    }
    cells[2 * size] = (timeMs << TYPE_BITS) | type;
    cells[2 * size + 1] =
        ((long) item << Integer.SIZE) | (Float.floatToRawIntBits(value) & 0xffffffffL);
    size++;
  }

  private long timeMs(int index) {
    return cells[2 * index] >> TYPE_BITS;
  }

  private byte type(int index) {
    return (byte) cells[2 * index];
  }

  private int item(int index) {
    return (int) (cells[2 * index + 1] >>> Integer.SIZE);
  }

  private float value(int index) {
    return Float.intBitsToFloat((int) cells[2 * index + 1]);
  }

  /** The newest events, copied. */
  UserHistory read(List<String> typeNames) {
    int length = Math.min(size, UserHistory.MAX_LENGTH);
    int from = size - length;
    UserHistory history =
        new UserHistory(
            new int[length], new long[length], new byte[length], new float[length], typeNames);
    for (int i = 0; i < length; i++) {
      history.items()[i] = item(from + i);
      history.timesMs()[i] = timeMs(from + i);
      history.types()[i] = type(from + i);
      history.values()[i] = value(from + i);
    }
    return history;
  }

  /** Writes one chunk. */
  void write(long chunk, ByteSink sink) {
    int from = (int) (chunk - firstChunk) * CHUNK;
    int to = Math.min(size, from + CHUNK);
    sink.varint(to - from);
    long before = 0;
    for (int i = from; i < to; i++) {
      sink.varint(item(i)).signed(timeMs(i) - before).raw(type(i));
      sink.fixed32(Float.floatToIntBits(value(i)));
      before = timeMs(i);
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
