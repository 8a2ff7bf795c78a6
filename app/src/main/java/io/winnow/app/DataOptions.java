package io.winnow.app;

import io.winnow.core.application.ApplicationFile;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that works on a data folder. */
final class DataOptions {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The data folder (default: ${DEFAULT-VALUE}).")
  private Path data = Path.of("data");

  @Option(
      names = "--app",
      paramLabel = "FILE",
      description = "The application file; kept in the data folder from then on.")
  private @Nullable Path app;

  DataFolder folder() {
    return new DataFolder(data);
  }

  /** The given file, or null. */
  @Nullable Path app() {
    return app;
  }

  ApplicationFile application(Map<String, String> environment) {
    return folder().application(app, environment);
  }
}
