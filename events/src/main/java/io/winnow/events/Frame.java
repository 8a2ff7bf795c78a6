package io.winnow.events;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The layout of a segment: a header of {@value #HEADER_BYTES} bytes, then frames.
 *
 * <pre>
 * header  magic "WINNOWL\n" 8 | version int | base offset long | CRC32C of these int
 * frame   payload length int | CRC32C int | offset long | payload
 * </pre>
 *
 * <p>All little-endian. A frame's checksum covers the segment's base offset (which the file's name
 * tells, too), the length, the offset and the payload: bytes that strayed in from another segment
 * do not pass as a frame.
 */
final class Frame {
  static final long MAGIC = 0x0A4C574F4E4E4957L;
  static final int VERSION = 1;
  static final int HEADER_BYTES = 24;
  static final int OVERHEAD_BYTES = 16;

  private Frame() {}

  static ByteBuffer header(long baseOffset) {
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(MAGIC).putInt(VERSION).putLong(baseOffset);
    CRC32C crc = new CRC32C();
    crc.update(header.array(), 0, header.position());
    return header.putInt((int) crc.getValue()).flip();
  }

  /** The version that an undamaged header tells, or -1. */
  static int version(byte[] header, long baseOffset) {
    if (header.length < HEADER_BYTES) {
      return -1;
    }
    ByteBuffer in = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
    CRC32C crc = new CRC32C();
    crc.update(header, 0, HEADER_BYTES - Integer.BYTES);
    boolean intact =
        in.getLong(0) == MAGIC
            && in.getLong(12) == baseOffset
            && in.getInt(20) == (int) crc.getValue();
    return intact ? in.getInt(8) : -1;
  }

  /** Adds a frame to a buffer in little-endian order. */
  static void put(ByteBuffer out, CRC32C crc, long baseOffset, long offset, byte[] payload) {
    out.putInt(payload.length)
        .putInt(checksum(crc, baseOffset, offset, payload, 0, payload.length))
        .putLong(offset)
        .put(payload);
  }

  static int checksum(
      CRC32C crc, long baseOffset, long offset, byte[] bytes, int from, int length) {
    crc.reset();
    update(crc, baseOffset);
    update(crc, offset);
    update(crc, length);
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }

  private static void update(CRC32C crc, long value) {
    for (int shift = 0; shift < 64; shift += 8) {
      crc.update((int) (value >>> shift));
    }
  }
}
