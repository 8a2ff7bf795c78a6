package io.winnow.features;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes the feature store's canonical binary form: equal state gives equal bytes. Numbers are
 * LEB128 varints, so that small ones are short. Not thread-safe.
 */
final class ByteSink {
  private byte[] bytes = new byte[64];
  private int length;

  /** One byte. */
  ByteSink raw(int value) {
    if (length == bytes.length) {
      bytes = Arrays.copyOf(bytes, length * 2);
    }
    bytes[length++] = (byte) value;
    return this;
  }

  /** A number taken as unsigned; 1 byte below 128, at most 10. */
  ByteSink varint(long value) {
    while ((value & ~0x7fL) != 0) {
      raw((int) (value & 0x7f) | 0x80);
      value >>>= 7;
    }
    return raw((int) value);
  }

  /** A signed number; short if close to zero. */
  ByteSink signed(long value) {
    return varint((value << 1) ^ (value >> 63));
  }

  /** A double, exactly. Whole numbers below 256 take at most 3 bytes: their low bits are zero. */
  ByteSink real(double value) {
    return varint(Long.reverseBytes(Double.doubleToLongBits(value)));
  }

  /** Four bytes, big endian, so that unsigned byte order is numeric order. */
  ByteSink fixed32(int value) {
    return raw(value >>> 24).raw(value >>> 16).raw(value >>> 8).raw(value);
  }

  /** Eight bytes, big endian, the sign flipped, so that unsigned byte order is numeric order. */
  ByteSink ordered64(long value) {
    long flipped = value ^ Long.MIN_VALUE;
    return fixed32((int) (flipped >>> 32)).fixed32((int) flipped);
  }

  /** Length and UTF-8 bytes. */
  ByteSink text(String value) {
    return blob(value.getBytes(StandardCharsets.UTF_8));
  }

  /** Length and bytes. */
  ByteSink blob(byte[] value) {
    return varint(value.length).rest(value);
  }

  /** The bytes as they are, without their length. */
  ByteSink rest(byte[] value) {
    if (length + value.length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + value.length));
    }
    System.arraycopy(value, 0, bytes, length, value.length);
    length += value.length;
    return this;
  }

  /** A copy of what was written. */
  byte[] toBytes() {
    return Arrays.copyOf(bytes, length);
  }
}
