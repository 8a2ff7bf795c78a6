package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Keeps a second process, and a second log of this one, out of a folder. The system lets go of it
 * when the process ends, however it ends.
 */
record FolderLock(FileChannel channel) implements Closeable {
  static FolderLock acquire(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return new FolderLock(channel);
      }
    } catch (OverlappingFileLockException e) {
      // Held by this process: the same answer.
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    throw new WinnowException(
        ErrorCode.UNAVAILABLE,
        "event log: %s is held by another log or process (expected: one at a time)"
            .formatted(file));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
