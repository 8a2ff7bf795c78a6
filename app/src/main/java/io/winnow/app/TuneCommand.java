package io.winnow.app;

import io.winnow.core.Nearest;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.events.RecordSource;
import io.winnow.lifecycle.ModelTrials.Part;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainerSettings;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.tuning.Tuning;
import io.winnow.lifecycle.tuning.TuningProgress;
import io.winnow.models.network.Progress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow tune}: searches for better settings. */
@Command(
    name = "tune",
    mixinStandardHelpOptions = true,
    description = {
      "Searches for better settings, by how well models that learned from the older choices predict newer ones.",
      "Nothing behind the cut is looked at. Started again with the same arguments, it goes on where it was.",
      "'winnow train --settings FILE' and 'winnow evaluate --settings FILE' use what it finds.",
      "The data folder must not be in use by a server."
    })
final class TuneCommand implements Callable<Integer> {
  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "The data folder, whose log is used if there is no --dataset (default: ${DEFAULT-VALUE}).")
  private Path data = Path.of("data");

  @Option(names = "--dataset", paramLabel = "DIR", description = "A data set's folder instead.")
  private @Nullable Path dataset;

  @Option(
      names = "--app",
      paramLabel = "FILE",
      description = "The application file, if the folder has none and is not recognised.")
  private @Nullable Path app;

  @Option(
      names = "--cut",
      description =
          "Share of choices that may be looked at (default: 0.9 of a data set, as 'evaluate' has it; all of a log).")
  private @Nullable Double cut;

  @Option(
      names = "--minutes",
      description =
          "The budget, earlier runs with the same folder included (default: ${DEFAULT-VALUE}).")
  private double minutes = 30;

  @Option(
      names = "--folder",
      paramLabel = "DIR",
      description = "Keeps journal and best settings (default: 'tuning' in the data folder).")
  private @Nullable Path folder;

  @Option(
      names = "--models",
      paramLabel = "NAMES",
      description =
          "What to tune, separated by commas: transitions, ease, ials, encoder, ranker (default: all).")
  private @Nullable String models;

  @Mixin private TrainingOptions training = new TrainingOptions();

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  TuneCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    double quantile = cut == null ? (dataset == null ? 1 : 0.9) : cut;
    if (!(quantile > 0 && quantile <= 1)) {
      throw WinnowException.invalid("--cut", quantile, "above 0, at most 1");
    }
    if (!(minutes > 0 && minutes <= Tuning.MINUTES_MAX)) {
      throw WinnowException.invalid("--minutes", minutes, "above 0, at most " + Tuning.MINUTES_MAX);
    }
    TrainerConfig base = training.config();
    Path place = folder == null ? data.resolve("tuning") : folder;
    Tuning tuning =
        new Tuning(place, new Tuning.Config(base, minutes, parts()), TimeSource.system());
    ConsoleProgress progress = new ConsoleProgress(spec.commandLine().getErr());
    Map<String, String> best =
        dataset == null
            ? ofLog(tuning, quantile, progress)
            : ofDataSet(tuning, dataset, quantile, progress);
    Map<String, String> sorted = new TreeMap<>(best);
    Path file = place.resolve(Tuning.BEST);
    if (json) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("settings", sorted);
      result.put("file", file.toString());
      spec.commandLine().getOut().println(Json.write(result));
    } else {
      spec.commandLine()
          .getOut()
          .print(
              sorted.isEmpty()
                  ? "nothing better than the settings that it began with was found%n".formatted()
                  : TrainerSettings.text(sorted));
      spec.commandLine().getOut().println("# " + file);
    }
    return ExitCode.OK.value();
  }

  private List<Part> parts() {
    if (models == null) {
      return List.of(Part.values());
    }
    Map<String, Part> known = new LinkedHashMap<>();
    for (Part part : Part.values()) {
      known.put(part.name().toLowerCase(Locale.ROOT), part);
    }
    List<Part> parts = new ArrayList<>();
    for (String name : models.split(",", -1)) {
      Part part = known.get(name.strip());
      if (part == null) {
        throw WinnowException.invalid(
            "--models", name, Nearest.expectation("model", name, known.keySet()));
      }
      parts.add(part);
    }
    return parts;
  }

  private Map<String, String> ofLog(Tuning tuning, double quantile, ConsoleProgress progress) {
    DataFolder place = new DataFolder(data);
    ApplicationFile application = place.application(app, environment);
    if (!Files.isDirectory(place.log())) {
      throw WinnowException.invalid("--data", data, "a data folder with an event log");
    }
    try (EventLog log =
        EventLogs.open(
            EventLogConfig.in(place.log()),
            application.definition().schema(),
            TimeSource.system(),
            List.of())) {
      return run(tuning, application, log, quantile, progress);
    }
  }

  private Map<String, String> ofDataSet(
      Tuning tuning, Path set, double quantile, ConsoleProgress progress) {
    ApplicationFile application = ApplicationFile.forDataset(set, app, environment);
    RecordSource records = DataSetFiles.load(set, application, progress);
    return run(tuning, application, records, quantile, progress);
  }

  private static Map<String, String> run(
      Tuning tuning,
      ApplicationFile application,
      RecordSource records,
      double quantile,
      ConsoleProgress progress) {
    long end = Tuning.cut(application, records, quantile);
    progress.line("%-12s records below offset %,d".formatted("look at", end));
    TuningProgress told =
        (part, id, settings, score, best, secondsLeft) ->
            progress.line(
                "%-12s %s: %s (best %s), %.0f min left; %s"
                    .formatted(
                        part.name().toLowerCase(Locale.ROOT),
                        id,
                        figure(score),
                        figure(best),
                        secondsLeft / 60,
                        settings));
    TrainingProgress trainings =
        new TrainingProgress() {
          @Override
          public void step(String name, String detail) {
            progress.step(name, detail);
          }

          @Override
          public void epoch(Progress.Epoch epoch) {
            // A line for each trial says enough.
          }
        };
    return tuning.run(application, records, end, told, trainings);
  }

  private static String figure(@Nullable Double score) {
    return score == null ? "none" : "ndcg@10 %.4f".formatted(score);
  }
}
