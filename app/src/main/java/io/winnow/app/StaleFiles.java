package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What trainings that were never finished left in a folder, and batches that are old. A worker may
 * write and delete there at the same time: what is gone meanwhile is no failure.
 */
final class StaleFiles {
  /** A folder that is being filled has a name that begins with this. */
  static final String STAGING = ".staging-";

  private StaleFiles() {}

  /**
   * Deletes checkpoints that nobody touched for longer than a time, and batches, whole or broken
   * off, whose newest file is older.
   *
   * @return how many files and folders went
   */
  static int delete(DataFolder data, Duration age, long nowMs) {
    long beforeMs = nowMs - age.toMillis();
    try {
      int deleted = deleteOld(data.training(), beforeMs);
      for (Path batch : list(data.batch())) {
        // A batch is whole or gone: no part of it goes alone.
        if (newestMs(batch) < beforeMs) {
          deleted += deleteTree(batch);
        }
      }
      return deleted;
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot delete in " + data.path() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Deletes a folder and all that it holds, if it is there.
   *
   * @return how many files and folders went
   */
  static int deleteTree(Path folder) throws IOException {
    return deleteOld(folder, Long.MAX_VALUE) + (Files.deleteIfExists(folder) ? 1 : 0);
  }

  /** Deletes files below a folder that are older, and folders that are older and empty. */
  private static int deleteOld(Path root, long beforeMs) throws IOException {
    int deleted = 0;
    // Deleting a file makes its folder young: what counts is how old it was before.
    for (Found found : below(root)) {
      if (found.modifiedMs < beforeMs && deleteIfEmpty(found.path)) {
        deleted++;
      }
    }
    return deleted;
  }

  private record Found(Path path, long modifiedMs) {}

  /** Everything below a folder, what a folder holds before the folder; not the folder itself. */
  private static List<Found> below(Path root) throws IOException {
    List<Found> found = new ArrayList<>();
    if (!Files.isDirectory(root)) {
      return found;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          private final Map<Path, Long> entered = new HashMap<>();

          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            entered.put(folder, attributes.lastModifiedTime().toMillis());
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            found.add(new Found(file, attributes.lastModifiedTime().toMillis()));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
              throws IOException {
            if (e != null && !(e instanceof NoSuchFileException)) {
              throw e;
            }
            Long modifiedMs = entered.remove(folder);
            if (!folder.equals(root) && modifiedMs != null) {
              found.add(new Found(folder, modifiedMs));
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return found;
  }

  private static long newestMs(Path folder) throws IOException {
    long newest;
    try {
      newest = Files.getLastModifiedTime(folder).toMillis();
    } catch (NoSuchFileException e) {
      return Long.MAX_VALUE; // It was moved or deleted meanwhile.
    }
    for (Found found : below(folder)) {
      newest = Math.max(newest, found.modifiedMs);
    }
    return newest;
  }

  private static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.toList();
    }
  }

  private static boolean deleteIfEmpty(Path path) throws IOException {
    try {
      return Files.deleteIfExists(path);
    } catch (DirectoryNotEmptyException e) {
      return false;
    }
  }
}
