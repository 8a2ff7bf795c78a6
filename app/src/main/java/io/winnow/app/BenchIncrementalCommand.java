package io.winnow.app;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.IncrementalBenchmark;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainerSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code winnow bench incremental}: a training that goes on from a release, beside a full one. */
@Command(
    name = "incremental",
    mixinStandardHelpOptions = true,
    description = {
      "Trains a champion up to a first cut of a data set; up to a second one, a release in full and",
      "one from the champion; and asks all of them for the choices behind the second cut."
    })
final class BenchIncrementalCommand extends BenchCommand.Bench {
  private final Map<String, String> environment;

  @Option(
      names = "--dataset",
      paramLabel = "DIR",
      required = true,
      description = "The data set's folder.")
  private Path dataset = Path.of(".");

  @Option(
      names = "--from",
      description = "Share of choices before the first cut (default: ${DEFAULT-VALUE}).")
  private double from = 0.8;

  @Option(
      names = "--to",
      description = "Share of choices before the second cut (default: ${DEFAULT-VALUE}).")
  private double to = 0.9;

  @Option(names = "--seeds", description = "How many trainings (default: ${DEFAULT-VALUE}).")
  private int seeds = 3;

  @Option(
      names = "--max-targets",
      description = "At most so many choices, evenly thinned (default: ${DEFAULT-VALUE}).")
  private int maxTargets = 10_000;

  @Option(
      names = "--settings",
      paramLabel = "FILE",
      description = "How to train, as 'winnow train' takes it.")
  private @Nullable Path settings;

  @Option(
      names = "--way",
      paramLabel = "NAME=SETTINGS",
      description = {
        "Another way to go on, as settings of 'incremental', such as 'all=rehearsal:1,epochs:2';",
        "may be given several times."
      })
  private List<String> ways = new ArrayList<>();

  BenchIncrementalCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  Figures figures(ConsoleProgress progress) {
    TrainerConfig defaults =
        TrainerConfig.defaults(seed().value(), Runtime.getRuntime().availableProcessors());
    TrainerConfig config = settings == null ? defaults : TrainerSettings.read(settings, defaults);
    Map<String, TrainerConfig.Incremental> all = new LinkedHashMap<>();
    all.put("incremental", config.incremental());
    for (String way : ways) {
      String[] parts = way.split("=", 2);
      if (parts.length != 2) {
        throw WinnowException.invalid("--way", way, "NAME=SETTING:VALUE,…");
      }
      all.put(parts[0], way(config, parts[1]).incremental());
    }
    ApplicationFile application = ApplicationFile.forDataset(dataset, null, environment);
    return IncrementalBenchmark.run(
        new IncrementalBenchmark.Config(application, config, all, from, to, seeds, maxTargets),
        DataSetFiles.load(dataset, application, progress),
        progress);
  }

  private static TrainerConfig way(TrainerConfig config, String text) {
    Map<String, String> changes = new LinkedHashMap<>();
    for (String setting : text.split(",", -1)) {
      String[] parts = setting.split(":", 2);
      if (parts.length != 2) {
        throw WinnowException.invalid("--way", setting, "SETTING:VALUE");
      }
      changes.put("incremental." + parts[0].strip(), parts[1].strip());
    }
    return TrainerSettings.with(config, changes);
  }
}
