package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.features.FeatureSchema;
import io.winnow.lifecycle.trainingset.Provenance.Rows;
import io.winnow.lifecycle.trainingset.TrainingSetExporter;
import io.winnow.lifecycle.trainingset.TrainingSetExporter.Config;
import io.winnow.lifecycle.trainingset.TrainingSetExporter.Limits;
import io.winnow.lifecycle.trainingset.TrainingSetManifest;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow features export}: a training set as Parquet. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Writes what requests saw, and what came of them, as Parquet files with their provenance.",
      "impressions: the values that were logged; features that were not, as of the request.",
      "events: the values before each event. No value is later than its row.",
      "The data folder must not be in use by a server."
    })
final class FeaturesExportCommand implements Callable<Integer> {
  private static final String TIME =
      "a time such as 2026-03-01T12:00:00Z or a day such as 2026-03-01";

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "The data folder (default: ${DEFAULT-VALUE}).")
  private Path data = Path.of("data");

  @Option(
      names = "--out",
      paramLabel = "FOLDER",
      required = true,
      description = "Takes the files; must be missing or empty.")
  private Path out = Path.of("training-set");

  @Option(names = "--rows", description = "impressions or events (default: ${DEFAULT-VALUE}).")
  private String rows = Rows.IMPRESSIONS.label();

  @Option(names = "--from", paramLabel = "TIME", description = "Only rows at this time or later.")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "TIME", description = "Only rows before this time.")
  private @Nullable String to;

  @Option(
      names = "--features",
      paramLabel = "NAMES",
      description = "Qualified names, separated by commas (default: all).")
  private @Nullable String features;

  @Option(
      names = "--app",
      paramLabel = "FILE",
      description = "An application file with other features; the data folder keeps its own.")
  private @Nullable Path app;

  @Option(names = "--json", description = "Print the set's manifest as JSON.")
  private boolean json;

  FeaturesExportCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    DataFolder folder = new DataFolder(data);
    Config config =
        new Config(kind(), time("--from", from), time("--to", to), names(), Limits.DEFAULT);
    ApplicationFile wanted = folder.application(app, environment);
    // What impressions carry is said by the file that serves, which --app does not replace.
    ApplicationFile served =
        Files.exists(folder.applicationFile()) ? folder.application(null, environment) : wanted;
    if (!Files.isDirectory(folder.log())) {
      throw WinnowException.invalid("--data", data, "a data folder with an event log");
    }
    TrainingSetManifest manifest;
    try (EventLog log =
        EventLogs.open(
            EventLogConfig.in(folder.log()),
            served.definition().schema(),
            TimeSource.system(),
            List.of())) {
      manifest =
          new TrainingSetExporter(
                  wanted, FeatureSchema.of(served.definition()), TimeSource.system())
              .export(log, out, config);
    }
    print(manifest);
    return ExitCode.OK.value();
  }

  private void print(TrainingSetManifest manifest) {
    PrintWriter result = spec.commandLine().getOut();
    if (json) {
      result.println(Json.write(manifest));
      return;
    }
    TrainingSetManifest.Counts counts = manifest.counts();
    result.printf(
        Locale.ROOT,
        "%,d rows, %d features, %d labels in %d files: %s%n",
        counts.rows(),
        manifest.provenance().features().size(),
        manifest.provenance().objectives().size(),
        manifest.parts().size(),
        out);
    result.printf(
        Locale.ROOT,
        "%,d of them with replayed values; left out: %,d of unknown items, %,d too late%n",
        counts.replayed(),
        counts.unknownItems(),
        counts.tooLate());
  }

  private Rows kind() {
    for (Rows kind : Rows.values()) {
      if (kind.label().equals(rows)) {
        return kind;
      }
    }
    throw WinnowException.invalid("--rows", rows, "impressions or events");
  }

  private List<String> names() {
    return features == null
        ? List.of()
        : Arrays.stream(features.split(",", -1)).map(String::strip).toList();
  }

  private static @Nullable Long time(String option, @Nullable String text) {
    if (text == null) {
      return null;
    }
    try {
      return text.contains("T")
          ? Instant.parse(text).toEpochMilli()
          : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    } catch (DateTimeException e) {
      throw WinnowException.invalid(option, text, TIME);
    }
  }
}
