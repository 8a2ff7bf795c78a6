package io.winnow.models.encoder;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.models.ModelFile;
import io.winnow.models.network.Resumable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Where a training keeps its state, so that the same training goes on after the process was killed:
 * one file, replaced at each epoch's end and from time to time in between. A new state is written
 * beside it, forced to disk and renamed, so there is always a whole one. Not thread-safe; one
 * training at a time.
 */
public final class Checkpoints {
  private static final String KIND = "encoder-checkpoint";
  private static final int VERSION = 1;

  private final Path folder;
  private final Path file;
  private final Path next;
  private final long everyMs;

  /**
   * Checkpoints of one training.
   *
   * @param folder made if it is not there
   * @param name the training's own name in the folder
   * @param everyMs how long a checkpoint may be out of date within an epoch
   */
  public Checkpoints(Path folder, String name, long everyMs) {
    this.folder = folder;
    this.file = folder.resolve(name + ".checkpoint");
    this.next = folder.resolve(name + ".checkpoint.next");
    this.everyMs = everyMs;
  }

  /** The file with the latest state, which may not be there yet. */
  public Path file() {
    return file;
  }

  long everyMs() {
    return everyMs;
  }

  /**
   * Reads the latest state.
   *
   * @param digest of what the training depends on
   * @return false if there is none
   * @throws WinnowException CORRUPT if it is damaged or another training's: {@code state} may have
   *     been changed
   */
  boolean load(String digest, Resumable state) {
    if (!Files.exists(file)) {
      return false;
    }
    return ModelFile.read(
        file,
        KIND,
        VERSION,
        in -> {
          String written = in.readUTF();
          if (!written.equals(digest)) {
            throw new IllegalArgumentException(
                "of other data, another configuration or seed: digest "
                    + written
                    + " (expected: "
                    + digest
                    + ")");
          }
          state.read(in);
          return true;
        });
  }

  /**
   * Replaces the latest state.
   *
   * @throws WinnowException UNAVAILABLE if it cannot be written; the one before is still there
   */
  void save(String digest, Resumable state) {
    try {
      Files.createDirectories(folder);
      ModelFile.write(
          next,
          KIND,
          VERSION,
          out -> {
            out.writeUTF(digest);
            state.write(out);
          });
      force(next, StandardOpenOption.WRITE);
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
      force(folder, StandardOpenOption.READ);
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, file + ": could not be written", e);
    }
  }

  private static void force(Path path, StandardOpenOption option) throws IOException {
    try (FileChannel channel = FileChannel.open(path, option)) {
      channel.force(true);
    }
  }

  /** Forgets the state: what it was kept for is done. */
  public void remove() {
    try {
      Files.deleteIfExists(file);
      Files.deleteIfExists(next);
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, file + ": could not be deleted", e);
    }
  }
}
