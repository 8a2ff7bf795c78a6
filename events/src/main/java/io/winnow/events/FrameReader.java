package io.winnow.events;

import java.io.Closeable;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * Reads a segment's frames in order and finds its way past damage: where no valid frame stands, it
 * tries every following byte until one does. A frame is valid if its length is in range, its offset
 * is above the last one and less than 2³² above, and its checksum holds; so zeros and noise cost
 * one comparison a byte. One thread.
 */
final class FrameReader implements Closeable {
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int BUFFER_BYTES = 1 << 18;
  private static final long OFFSET_JUMP_MAX = 1L << 32;

  /** Told of each stretch without a valid frame that has one behind it. */
  interface Damage {
    void skipped(long position, long bytes, long lastOffset, long nextOffset);
  }

  private final FileChannel channel;
  private final long limit;
  private final int payloadBytesMax;
  private final Damage damage;
  private final Frame.Sealer sealer;

  private byte[] buffer = new byte[BUFFER_BYTES];
  private long bufferStart;
  private int bufferSize;

  /** Where the next frame should start. */
  private long position;

  private long framePosition;
  private long offset;
  private int payloadFrom;
  private int payloadLength;

  /**
   * Opens a segment for reading.
   *
   * @param start position of a frame, or of the first
   * @param lastOffset the offset before the frame at {@code start}
   * @param limit end of what may be read
   */
  FrameReader(
      Path path,
      long baseOffset,
      long start,
      long lastOffset,
      long limit,
      int payloadBytesMax,
      Damage damage)
      throws IOException {
    this.channel = FileChannel.open(path, StandardOpenOption.READ);
    this.sealer = new Frame.Sealer(baseOffset);
    this.position = start;
    this.offset = lastOffset;
    this.limit = limit;
    this.payloadBytesMax = payloadBytesMax;
    this.damage = damage;
  }

  /** Moves to the next valid frame; false behind the last one. */
  boolean next() throws IOException {
    long lastOffset = offset;
    long candidate = position;
    while (candidate + Frame.OVERHEAD_BYTES < limit) {
      if (frameAt(candidate, lastOffset)) {
        if (candidate > position) {
          damage.skipped(position, candidate - position, lastOffset, offset);
        }
        framePosition = candidate;
        position = candidate + Frame.OVERHEAD_BYTES + payloadLength;
        return true;
      }
      candidate++;
    }
    return false;
  }

  private boolean frameAt(long candidate, long lastOffset) throws IOException {
    if (!load(candidate, Frame.OVERHEAD_BYTES)) {
      return false;
    }
    int at = (int) (candidate - bufferStart);
    int length = (int) INTS.get(buffer, at);
    long frameOffset = (long) LONGS.get(buffer, at + 8);
    if (length <= 0
        || length > payloadBytesMax
        || frameOffset <= lastOffset
        || frameOffset - lastOffset >= OFFSET_JUMP_MAX
        || !load(candidate, Frame.OVERHEAD_BYTES + length)) {
      return false;
    }
    at = (int) (candidate - bufferStart);
    int from = at + Frame.OVERHEAD_BYTES;
    if (sealer.checksum(frameOffset, buffer, from, length) != (int) INTS.get(buffer, at + 4)) {
      return false;
    }
    offset = frameOffset;
    payloadFrom = from;
    payloadLength = length;
    return true;
  }

  /** Makes the buffer hold a range of the file; false if the file ends before it does. */
  private boolean load(long from, int count) throws IOException {
    if (from + count > limit) {
      return false;
    }
    if (from >= bufferStart && from + count <= bufferStart + bufferSize) {
      return true;
    }
    if (count > buffer.length) {
      buffer = Arrays.copyOf(buffer, Math.max(count, buffer.length * 2));
    }
    int wanted = (int) Math.min(buffer.length, limit - from);
    ByteBuffer target = ByteBuffer.wrap(buffer, 0, wanted);
    while (target.hasRemaining()) {
      if (channel.read(target, from + target.position()) < 0) {
        break;
      }
    }
    bufferStart = from;
    bufferSize = target.position();
    return bufferSize >= count;
  }

  /** Where the current frame starts. */
  long framePosition() {
    return framePosition;
  }

  /** The end of the last valid frame. */
  long position() {
    return position;
  }

  /** The current frame's offset, or the last one's after the end. */
  long offset() {
    return offset;
  }

  /** The array that holds the payload until the next move. */
  byte[] buffer() {
    return buffer;
  }

  int payloadFrom() {
    return payloadFrom;
  }

  int payloadLength() {
    return payloadLength;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
