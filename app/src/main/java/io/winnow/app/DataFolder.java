package io.winnow.app;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where one application lives on disk.
 *
 * <pre>
 * winnow.yaml   the application file
 * log/          the event log: the truth
 * features/     the feature store's state: a fold over the log
 * releases/     release bundles, and which of them is active
 * </pre>
 *
 * @param path the folder
 */
record DataFolder(Path path) {
  Path log() {
    return path.resolve("log");
  }

  Path features() {
    return path.resolve("features");
  }

  Path releases() {
    return path.resolve("releases");
  }

  Path applicationFile() {
    return path.resolve(ApplicationFile.NAME);
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
    try {
      Files.createDirectories(path);
      Path temporary = path.resolve("." + ApplicationFile.NAME);
      Files.writeString(temporary, application.text());
      Files.move(temporary, applicationFile(), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "cannot write " + applicationFile() + ": " + e.getMessage(), e);
    }
  }
}
