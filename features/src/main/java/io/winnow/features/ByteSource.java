package io.winnow.features;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what {@link ByteSink} wrote. Every method throws a {@link WinnowException} with {@code
 * CORRUPT} where the bytes end early or hold a length that cannot be. Not thread-safe.
 */
final class ByteSource {
  private final byte[] bytes;
  private int position;

  ByteSource(byte[] bytes) {
    this.bytes = bytes;
  }

  ByteSource(byte[] bytes, int position) {
    this.bytes = bytes;
    this.position = position;
  }

  int raw() {
    if (position >= bytes.length) {
      throw corrupt("ends after " + bytes.length + " bytes");
    }
    return bytes[position++] & 0xff;
  }

  long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int b = raw();
      value |= (long) (b & 0x7f) << shift;
      if (b < 0x80) {
        return value;
      }
    }
    throw corrupt("holds a number of more than 10 bytes");
  }

  /** A varint in {@code 0 … max}. */
  int count(int max) {
    long value = varint();
    if (value < 0 || value > max) {
      throw corrupt("holds the count " + value + " (expected: at most " + max + ")");
    }
    return (int) value;
  }

  long signed() {
    long value = varint();
    return (value >>> 1) ^ -(value & 1);
  }

  double real() {
    return Double.longBitsToDouble(Long.reverseBytes(varint()));
  }

  int fixed32() {
    return raw() << 24 | raw() << 16 | raw() << 8 | raw();
  }

  long ordered64() {
    long high = fixed32();
    return (high << 32 | (fixed32() & 0xffffffffL)) ^ Long.MIN_VALUE;
  }

  String text() {
    int length = length();
    position += length;
    return new String(bytes, position - length, length, StandardCharsets.UTF_8);
  }

  byte[] blob() {
    int length = length();
    position += length;
    return Arrays.copyOfRange(bytes, position - length, position);
  }

  /** The length of what follows. */
  private int length() {
    int length = count(bytes.length);
    if (length > bytes.length - position) {
      throw corrupt("ends after " + bytes.length + " bytes");
    }
    return length;
  }

  /** The remaining bytes as UTF-8. */
  String restAsText() {
    String value = new String(bytes, position, bytes.length - position, StandardCharsets.UTF_8);
    position = bytes.length;
    return value;
  }

  /** Checks that nothing is left over. */
  void end() {
    if (position != bytes.length) {
      throw corrupt("has " + (bytes.length - position) + " bytes too many");
    }
  }

  private static WinnowException corrupt(String what) {
    return new WinnowException(ErrorCode.CORRUPT, "feature state: an entry " + what);
  }
}
