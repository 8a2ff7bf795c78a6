package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.importing.DataSet;
import io.winnow.events.importing.Importer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the files of a data set as a log that nobody else sees. */
final class DataSetFiles {
  private DataSetFiles() {}

  /**
   * Reads them in the order of time.
   *
   * @param folder holds the files that the application's imports name
   */
  static DataSet load(Path folder, ApplicationFile application, ConsoleProgress progress) {
    try {
      Path temporary = Files.createTempDirectory("winnow-import-");
      try {
        return new Importer(TimeSource.system(), temporary)
            .load(
                folder,
                application.definition().imports(),
                application.definition().schema(),
                progress::rows);
      } finally {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
