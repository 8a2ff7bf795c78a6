package io.winnow.app.demo;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder that a demo has to itself: empty when claimed, marked so that a later demo may wipe it,
 * and locked while this one uses it.
 */
public final class DemoFolder implements AutoCloseable {
  /** The file that tells a demo's folder from any other. */
  static final String MARKER = "made-by-winnow-demo";

  private final Path path;
  private final FileChannel marker;

  private DemoFolder(Path path, FileChannel marker) {
    this.path = path;
    this.marker = marker;
  }

  /**
   * Takes a folder that is absent, empty or an earlier demo's, and empties it.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} for a folder with anything else in it,
   *     {@code UNAVAILABLE} if another demo uses it or it cannot be written
   */
  public static DemoFolder claim(Path path) {
    try {
      if (Files.exists(path) && !isOurs(path)) {
        throw WinnowException.invalid(
            "--data", path, "a folder that is absent, empty or made by an earlier demo");
      }
      Files.createDirectories(path);
      FileChannel marker =
          FileChannel.open(
              path.resolve(MARKER), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      DemoFolder folder = new DemoFolder(path, marker);
      try {
        folder.lock();
        folder.wipe();
        return folder;
      } catch (IOException | RuntimeException e) {
        folder.close();
        throw e;
      }
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "--data: cannot use %s: %s".formatted(path, e), e);
    }
  }

  private static boolean isOurs(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> content = Files.list(path)) {
      return Files.exists(path.resolve(MARKER)) || content.findAny().isEmpty();
    }
  }

  private void lock() throws IOException {
    boolean locked;
    try {
      locked = marker.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      locked = false;
    }
    if (!locked) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE,
          "--data: another demo uses %s (expected: a folder of its own)".formatted(path));
    }
  }

  /** Deletes all but the marker; does not follow links. */
  private void wipe() throws IOException {
    Path kept = path.resolve(MARKER);
    List<Path> content;
    try (Stream<Path> walk = Files.walk(path)) {
      content =
          walk.filter(file -> !file.equals(path) && !file.equals(kept))
              .sorted(Comparator.reverseOrder())
              .toList();
    }
    for (Path file : content) {
      Files.delete(file);
    }
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  /** Lets the next demo have it; what is in it stays until then. */
  @Override
  public void close() {
    try {
      marker.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
