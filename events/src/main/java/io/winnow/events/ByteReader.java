package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads what {@link ByteWriter} wrote. Whatever the bytes are, it throws {@link ErrorCode#CORRUPT}
 * and nothing else, and allocates no more than they could hold.
 */
final class ByteReader {
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private final byte[] bytes;
  private final int end;
  private int position;

  ByteReader(byte[] bytes, int from, int length) {
    this.bytes = bytes;
    this.position = from;
    this.end = from + length;
  }

  int remaining() {
    return end - position;
  }

  /** The place of the next byte in the array. */
  int position() {
    return position;
  }

  /** Passes over some of the bytes left. */
  void skip(int count) {
    need(count);
    position += count;
  }

  int getByte() {
    need(1);
    return bytes[position++] & 0xFF;
  }

  int getFixed32() {
    need(Integer.BYTES);
    int value = (int) INTS.get(bytes, position);
    position += Integer.BYTES;
    return value;
  }

  long getFixed64() {
    need(Long.BYTES);
    long value = (long) LONGS.get(bytes, position);
    position += Long.BYTES;
    return value;
  }

  double getDouble() {
    return Double.longBitsToDouble(getFixed64());
  }

  long getVarint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int next = getByte();
      value |= (next & 0x7FL) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw corrupt("a varint of more than ten bytes");
  }

  long getSigned() {
    long value = getVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** A count of things of which each takes at least {@code bytesEach} of the bytes left. */
  int getCount(int bytesEach) {
    long count = getVarint();
    if (count < 0 || count > remaining() / bytesEach) {
      throw corrupt("a count of " + count + " with " + remaining() + " bytes left");
    }
    return (int) count;
  }

  String getString() {
    int length = getCount(1);
    String value = new String(bytes, position, length, StandardCharsets.UTF_8);
    position += length;
    return value;
  }

  WinnowException corrupt(String what) {
    return new WinnowException(ErrorCode.CORRUPT, "log record: " + what + " at byte " + position);
  }

  private void need(int count) {
    if (remaining() < count) {
      throw corrupt("ends early");
    }
  }
}
