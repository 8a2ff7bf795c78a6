package io.winnow.serving.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes JSON text byte by byte, for answers that are mostly numbers: no node, string or boxed
 * number for each value. The caller sees to commas and brackets. Not thread-safe.
 */
final class JsonBytes {
  private static final byte[] NULL = {'n', 'u', 'l', 'l'};
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  /** Whole numbers below are written as such; all of them are exact as floats. */
  private static final int EXACT_BELOW = 1 << 24;

  private static final int MAX_DIGITS = 20;

  private byte[] bytes;
  private int size;

  JsonBytes(int capacity) {
    bytes = new byte[Math.max(64, capacity)];
  }

  /** The text of a JSON string, with its quotes. */
  static byte[] quoted(String text) {
    return new JsonBytes(text.length() + 2).text(text).toBytes();
  }

  private void room(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(size + more, size * 2));
    }
  }

  /** One ASCII character as it is. */
  JsonBytes raw(char ascii) {
    room(1);
    bytes[size++] = (byte) ascii;
    return this;
  }

  /** ASCII characters as they are. */
  JsonBytes raw(String ascii) {
    room(ascii.length());
    for (int i = 0; i < ascii.length(); i++) {
      bytes[size++] = (byte) ascii.charAt(i);
    }
    return this;
  }

  /** Text that was written before. */
  JsonBytes raw(byte[] json) {
    room(json.length);
    System.arraycopy(json, 0, bytes, size, json.length);
    size += json.length;
    return this;
  }

  /** A string in quotes, escaped where JSON asks for it. */
  JsonBytes text(String text) {
    raw('"');
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    room(utf8.length);
    for (byte b : utf8) {
      if (b == '"' || b == '\\') {
        raw('\\').raw((char) b);
      } else if (b >= 0 && b < 0x20) {
        raw("\\u00").raw((char) HEX[b >> 4]).raw((char) HEX[b & 15]);
      } else {
        room(1);
        bytes[size++] = b;
      }
    }
    return raw('"');
  }

  /** {@code null}. */
  JsonBytes nothing() {
    return raw(NULL);
  }

  /** A whole number. */
  JsonBytes number(long value) {
    if (value == Long.MIN_VALUE) {
      return raw(Long.toString(value));
    }
    long rest = Math.abs(value);
    room(MAX_DIGITS);
    if (value < 0) {
      bytes[size++] = '-';
    }
    int digits = 1;
    for (long power = 10; digits < 19 && rest >= power; power *= 10) {
      digits++;
    }
    for (int place = size + digits - 1; place >= size; place--) {
      bytes[place] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    size += digits;
    return this;
  }

  /**
   * A number with the fewest digits that tell it from all other floats; null for NaN and
   * infinities, which JSON does not have. Reading it as a float gives the same bits.
   */
  JsonBytes number(float value) {
    if (!Float.isFinite(value)) {
      return nothing();
    }
    int whole = (int) value;
    if (whole == value
        && Math.abs(whole) < EXACT_BELOW
        && Float.floatToRawIntBits(value) != 1 << 31) {
      return number((long) whole);
    }
    return raw(Float.toString(value));
  }

  /** Milliseconds as seconds, exactly; at least 0. */
  JsonBytes seconds(long ms) {
    number(ms / 1000);
    int rest = (int) (ms % 1000);
    if (rest > 0) {
      room(4);
      bytes[size++] = '.';
      bytes[size++] = (byte) ('0' + rest / 100);
      if (rest % 100 > 0) {
        bytes[size++] = (byte) ('0' + rest / 10 % 10);
      }
      if (rest % 10 > 0) {
        bytes[size++] = (byte) ('0' + rest % 10);
      }
    }
    return this;
  }

  /** Where the next byte goes. */
  int size() {
    return size;
  }

  /** Writes a part of what was written once more. */
  JsonBytes again(int from, int length) {
    room(length);
    System.arraycopy(bytes, from, bytes, size, length);
    size += length;
    return this;
  }

  /** What was written. */
  byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }
}
