package io.winnow.lifecycle.trainingset;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder that appears whole or not at all: written under a hidden name beside its place, then
 * renamed.
 */
final class StagedFolder implements AutoCloseable {
  private final Path target;
  private final Path staging;

  private StagedFolder(Path target, Path staging) {
    this.target = target;
    this.staging = staging;
  }

  /**
   * Begins; what an earlier attempt left is deleted.
   *
   * @throws WinnowException with {@code CONFLICT} if there is something in the place
   */
  static StagedFolder begin(Path folder) throws IOException {
    Path target = folder.toAbsolutePath().normalize();
    Path parent = target.getParent();
    Path name = target.getFileName();
    if (parent == null || name == null) {
      throw WinnowException.invalid("out", folder, "a folder below another one");
    }
    if (Files.exists(target)) {
      boolean isFree = Files.isDirectory(target) && list(target).isEmpty();
      if (!isFree) {
        throw new WinnowException(
            ErrorCode.CONFLICT, folder + ": exists (expected: a new or an empty folder)");
      }
    }
    Files.createDirectories(parent);
    StagedFolder staged = new StagedFolder(target, parent.resolve("." + name + ".staging"));
    staged.delete();
    Files.createDirectory(staged.staging);
    return staged;
  }

  /** Where to write. */
  Path path() {
    return staging;
  }

  /** Makes it visible under its name. */
  void publish() throws IOException {
    force(staging);
    Files.deleteIfExists(target); // An empty folder, as seen at the beginning.
    Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
    Path parent = target.getParent();
    if (parent != null) {
      force(parent);
    }
  }

  private static void force(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private void delete() throws IOException {
    if (Files.isDirectory(staging)) {
      for (Path file : list(staging)) {
        Files.delete(file);
      }
      Files.delete(staging);
    }
  }

  /** Deletes what was not published. */
  @Override
  public void close() throws IOException {
    delete();
  }
}
