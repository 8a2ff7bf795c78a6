package io.winnow.events;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

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

  /**
   * Computes frames' checksums and fills in their headers. For one thread.
   *
   * <p>What the checksum covers before the payload is laid out in an array first: the processor's
   * instruction takes eight bytes at a time, a call for each byte would cost more than the payload.
   */
  static final class Sealer {
    private final CRC32C crc = new CRC32C();
    private final byte[] prefix = new byte[3 * Long.BYTES];

    Sealer(long baseOffset) {
      LONGS.set(prefix, 0, baseOffset);
    }

    int checksum(long offset, byte[] bytes, int payloadFrom, int payloadLength) {
      LONGS.set(prefix, Long.BYTES, offset);
      LONGS.set(prefix, 2 * Long.BYTES, (long) payloadLength);
      crc.reset();
      crc.update(prefix, 0, prefix.length);
      crc.update(bytes, payloadFrom, payloadLength);
      return (int) crc.getValue();
    }

    /** Fills in the header of a frame whose payload is in its place. */
    void seal(long offset, byte[] bytes, int frameFrom, int payloadLength) {
      INTS.set(bytes, frameFrom, payloadLength);
      INTS.set(
          bytes, frameFrom + 4, checksum(offset, bytes, frameFrom + OVERHEAD_BYTES, payloadLength));
      LONGS.set(bytes, frameFrom + 8, offset);
    }
  }
}
