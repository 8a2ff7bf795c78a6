package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Engines;
import io.winnow.lifecycle.ReleaseStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Where one application lives on disk.
 *
 * <pre>
 * winnow.yaml   the application file
 * log/          the event log: the truth
 * features/     the feature store's state: a fold over the log
 * kafka-TOPIC/  the id index and the states of a log in Kafka, in folders as those above
 * releases/     release bundles, and which of them is active
 * training/     what trainings and the offline gate keep while they run
 * batch/        slates of all users, a folder for each batch
 * experiments.json  what each run of an experiment began with
 * audit.json    what the last audit of served features found
 * as-of         present where the data ended long ago: requests are asked as of then
 * </pre>
 *
 * @param path the folder
 */
record DataFolder(Path path) {
  private static final String AS_OF = "as-of";

  Path log() {
    return path.resolve("log");
  }

  Path features() {
    return path.resolve("features");
  }

  /**
   * Where what belongs to a log engine lies: its id index and the states folded from it. Another
   * engine is another log, whose offsets and ids mean nothing in this one.
   */
  DataFolder of(Engines.LogEngine engine) {
    return switch (engine) {
      case Engines.LogEngine.Embedded _ -> this;
      case Engines.LogEngine.Kafka kafka -> new DataFolder(path.resolve("kafka-" + kafka.topic()));
    };
  }

  Path releases() {
    return path.resolve("releases");
  }

  /**
   * The releases that a server of this folder shares or has to itself, with this folder's own
   * memory of which it served last.
   */
  ReleaseStore releaseStore(Engines engines) {
    return ReleaseStore.of(engines.artifacts(), releases());
  }

  /** The same, as the kept application file says; this folder's own where there is none. */
  ReleaseStore releaseStore(Map<String, String> environment) {
    return releaseStore(
        Files.exists(applicationFile())
            ? application(null, environment).definition().operations().engines()
            : Engines.EMBEDDED);
  }

  Path training() {
    return path.resolve("training");
  }

  /** Slates of all users, a folder for each batch. */
  Path batch() {
    return path.resolve("batch");
  }

  Path audit() {
    return path.resolve("audit.json");
  }

  /** What each run of an experiment began with. */
  Path experimentRuns() {
    return path.resolve("experiments.json");
  }

  Path applicationFile() {
    return path.resolve(ApplicationFile.NAME);
  }

  /** When the folder's data ended, epoch milliseconds, if it is a historic data set. */
  OptionalLong asOfMs() {
    Path file = path.resolve(AS_OF);
    try {
      return Files.exists(file)
          ? OptionalLong.of(Long.parseLong(Files.readString(file).strip()))
          : OptionalLong.empty();
    } catch (IOException | NumberFormatException e) {
      throw WinnowException.invalid(AS_OF, file, "a file with epoch milliseconds");
    }
  }

  /** Marks the folder as a historic data set. */
  void setAsOf(long epochMs) {
    try {
      Files.createDirectories(path);
      Files.writeString(path.resolve(AS_OF), epochMs + "\n");
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot write " + path.resolve(AS_OF) + ": " + e.getMessage(), e);
    }
  }

  /**
   * The clock of requests: the wall clock; in a historic data set one that goes on from where the
   * data ended, since windows over the last days would be empty otherwise ({@link AsOfClock}).
   */
  TimeSource requestClock(TimeSource wall) {
    OptionalLong asOf = asOfMs();
    if (asOf.isEmpty()) {
      return wall;
    }
    return new AsOfClock(wall, asOf.getAsLong(), markedMs());
  }

  private long markedMs() {
    try {
      return Files.getLastModifiedTime(path.resolve(AS_OF)).toMillis();
    } catch (IOException e) {
      return Long.MAX_VALUE; // nobody knows
    }
  }

  /**
   * The application of this folder: a given file, or the one that is kept here.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if there is neither
   */
  ApplicationFile application(@Nullable Path given, Map<String, String> environment) {
    if (given != null) {
      return ApplicationFile.read(given, environment);
    }
    if (!Files.exists(applicationFile())) {
      throw WinnowException.invalid(
          "data",
          path,
          "a folder with a "
              + ApplicationFile.NAME
              + "; 'winnow import' or 'winnow serve --app FILE' makes one");
    }
    return ApplicationFile.read(applicationFile(), environment);
  }

  /** Keeps the application file here, in place of an earlier one. One process at a time. */
  void keep(ApplicationFile application) {
    replace(applicationFile(), application.text());
  }

  /**
   * Puts a text in the place of a small file, whole or not at all; the folder is made if need be.
   *
   * @throws WinnowException with {@code UNAVAILABLE} if it cannot be written
   */
  static void replace(Path file, String text) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Path temporary = file.resolveSibling("." + file.getFileName());
      Files.writeString(temporary, text);
      Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
