package io.winnow.events;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A growing byte array with the few primitives that {@link LogCodec} is made of. */
final class ByteWriter {
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] bytes;
  private int size;

  ByteWriter(int capacity) {
    bytes = new byte[capacity];
  }

  int size() {
    return size;
  }

  /** The array that holds what was written; it is another one after a write that does not fit. */
  byte[] array() {
    return bytes;
  }

  /** Leaves some bytes to be written later, or takes back what was written behind a size. */
  void size(int newSize) {
    if (newSize > size) {
      reserve(newSize - size);
    }
    size = newSize;
  }

  void putByte(int value) {
    reserve(1);
    bytes[size++] = (byte) value;
  }

  void putFixed32(int value) {
    reserve(Integer.BYTES);
    INTS.set(bytes, size, value);
    size += Integer.BYTES;
  }

  void putFixed64(long value) {
    reserve(Long.BYTES);
    LONGS.set(bytes, size, value);
    size += Long.BYTES;
  }

  void putDouble(double value) {
    putFixed64(Double.doubleToLongBits(value));
  }

  /** Seven bits a byte, lowest first; negative numbers take ten bytes. */
  void putVarint(long value) {
    reserve(10);
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  /** A varint in which small negative numbers are short, too. */
  void putSigned(long value) {
    putVarint((value << 1) ^ (value >> 63));
  }

  /** The length in bytes, then UTF-8. */
  void putString(String value) {
    int length = value.length();
    reserve(length + 1);
    if (length < 0x80 && putAscii(value, length)) {
      return;
    }
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    putVarint(utf8.length);
    reserve(utf8.length);
    System.arraycopy(utf8, 0, bytes, size, utf8.length);
    size += utf8.length;
  }

  /** What nearly every id is: one byte a letter. Writes nothing that counts if it is not so. */
  private boolean putAscii(String value, int length) {
    byte[] target = bytes;
    int at = size;
    target[at++] = (byte) length;
    for (int i = 0; i < length; i++) {
      char c = value.charAt(i);
      if (c >= 0x80) {
        return false;
      }
      target[at++] = (byte) c;
    }
    size = at;
    return true;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  private void reserve(int count) {
    if (size + count > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + count));
    }
  }
}
