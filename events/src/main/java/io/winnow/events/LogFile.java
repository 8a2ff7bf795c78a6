package io.winnow.events;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The three things that the log asks of a disk, apart from reading. One seam, so that tests can
 * stand in for a disk that is full or failing.
 */
interface LogFile extends Closeable {
  /** Writes all of the buffer at a position. */
  void write(ByteBuffer bytes, long position) throws IOException;

  /** Returns when everything that was written is on the medium. */
  void force() throws IOException;

  /** Cuts the file to a size. */
  void truncate(long size) throws IOException;

  /** Opens files for writing. */
  interface Opener {
    /** Opens a file, which is made if it is missing; what it holds stays. */
    LogFile open(Path path) throws IOException;
  }

  /** The file system's own files. */
  static LogFile open(Path path) throws IOException {
    FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    return new LogFile() {
      @Override
      public void write(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
          at += channel.write(bytes, at);
        }
      }

      @Override
      public void force() throws IOException {
        // Without access times; a file's length counts as data (fdatasync(2)).
        channel.force(false);
      }

      @Override
      public void truncate(long size) throws IOException {
        channel.truncate(size);
      }

      @Override
      public void close() throws IOException {
        channel.close();
      }
    };
  }

  /** Returns when the folder's own entries, such as that of a new file, are on the medium. */
  static void forceFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
