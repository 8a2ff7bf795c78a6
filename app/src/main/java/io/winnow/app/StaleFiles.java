package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What trainings that were never finished, and batches that were broken off, left in a folder. */
final class StaleFiles {
  /** A folder that is being filled has a name that begins with this. */
  static final String STAGING = ".staging-";

  private StaleFiles() {}

  /**
   * Deletes checkpoints and staged files that nobody touched for longer than a time.
   *
   * @return how many files went
   */
  static int delete(DataFolder data, Duration age, long nowMs) {
    int deleted = 0;
    for (Path root : List.of(data.training(), data.batch())) {
      if (!Files.isDirectory(root)) {
        continue;
      }
      try (Stream<Path> walk = Files.walk(root)) {
        for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
          boolean stale =
              Files.getLastModifiedTime(path).toMillis() < nowMs - age.toMillis()
                  && (root.equals(data.training()) || isStaged(root, path));
          if (stale && !path.equals(root) && deleteIfEmpty(path)) {
            deleted++;
          }
        }
      } catch (IOException e) {
        throw new WinnowException(
            ErrorCode.UNAVAILABLE, "cannot delete in " + root + ": " + e.getMessage(), e);
      }
    }
    return deleted;
  }

  private static boolean isStaged(Path root, Path path) {
    return root.relativize(path).getName(0).toString().startsWith(STAGING);
  }

  private static boolean deleteIfEmpty(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      try (Stream<Path> files = Files.list(path)) {
        if (files.findAny().isPresent()) {
          return false;
        }
      }
    }
    Files.delete(path);
    return true;
  }
}
