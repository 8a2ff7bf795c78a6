package io.winnow.events;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * Writes an {@link IdRun}, whose number of entries is known from the beginning. All four parts grow
 * at the same time, each through a buffer of its own. One thread.
 */
final class IdRunWriter implements Closeable {
  private static final int BUFFER_BYTES = 64 << 10;

  private final FileChannel channel;
  private final IdRun.Layout layout;
  private final Part entries;
  private final Part checksums;
  private final Part buckets;
  private final Part fingerprints;
  private final CRC32C blockChecksum = new CRC32C();
  private final ByteBuffer block =
      ByteBuffer.allocate(IdRun.BLOCK_ENTRIES * IdRun.ENTRY_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private int written;
  private int bucketsBegun;

  /** Begins a file, in place of what the path holds. */
  IdRunWriter(Path path, long count) throws IOException {
    layout = IdRun.Layout.of(count);
    channel =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    entries = new Part(layout.entriesAt());
    checksums = new Part(layout.checksumsAt());
    buckets = new Part(layout.bucketsAt());
    fingerprints = new Part(layout.fingerprintsAt());
  }

  /** A stretch of the file that is written from front to back. */
  private final class Part {
    private final ByteBuffer buffer =
        ByteBuffer.allocate(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C crc = new CRC32C();
    private long position;

    Part(long position) {
      this.position = position;
    }

    ByteBuffer room(int bytes) throws IOException {
      if (buffer.remaining() < bytes) {
        flush();
      }
      return buffer;
    }

    void flush() throws IOException {
      crc.update(buffer.array(), 0, buffer.position());
      buffer.flip();
      while (buffer.hasRemaining()) {
        position += channel.write(buffer, position);
      }
      buffer.clear();
    }

    int checksum() {
      return (int) crc.getValue();
    }
  }

  /** Adds the entry with the next higher key. */
  void add(long high, long low, long offset, long content) throws IOException {
    int bucket = layout.bucket(high);
    beginBuckets(bucket + 1);
    fingerprints.room(Short.BYTES).putShort(IdRun.fingerprint(low));
    block.putLong(high).putLong(low).putLong(offset).putLong(content);
    written++;
    if (!block.hasRemaining()) {
      endBlock();
    }
  }

  private void beginBuckets(int count) throws IOException {
    while (bucketsBegun < count) {
      buckets.room(Integer.BYTES).putInt(written);
      bucketsBegun++;
    }
  }

  private void endBlock() throws IOException {
    blockChecksum.reset();
    blockChecksum.update(block.array(), 0, block.position());
    checksums.room(Integer.BYTES).putInt((int) blockChecksum.getValue());
    entries.room(block.position()).put(block.flip());
    block.clear();
  }

  /** Completes the file and returns when it is on the medium. */
  void finish() throws IOException {
    if (written != layout.entries()) {
      throw new IllegalStateException(
          "%d entries (expected: %d)".formatted(written, layout.entries()));
    }
    if (block.position() > 0) {
      endBlock();
    }
    beginBuckets(layout.buckets() + 1);
    for (int i = 0; i < IdRun.PROBED; i++) {
      fingerprints.room(Short.BYTES).putShort((short) 0);
    }
    entries.flush();
    checksums.flush();
    buckets.flush();
    fingerprints.flush();
    ByteBuffer header =
        IdRun.header(layout, buckets.checksum(), fingerprints.checksum(), checksums.checksum());
    while (header.hasRemaining()) {
      channel.write(header, header.position());
    }
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
