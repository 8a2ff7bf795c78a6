package io.winnow.app;

import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.importing.DataSet;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.evaluation.EvaluationTable;
import io.winnow.lifecycle.evaluation.Evaluator;
import io.winnow.lifecycle.evaluation.Evaluator.Protocol;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code winnow evaluate}: trains on the past of a data set and measures on its future. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    description = {
      "Trains on the past of a data set, measures on its future, prints one table.",
      "temporal: one cut in time; every later choice is a target, from the true history, models frozen at the cut.",
      "leave-one-out: each user's last choice; only to compare with published tables."
    })
final class EvaluateCommand implements Callable<Integer> {
  private static final int SEEDS_MAX = 100;

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--dataset",
      paramLabel = "DIR",
      required = true,
      description = "The data set's folder.")
  private Path dataset = Path.of(".");

  @Option(
      names = "--app",
      paramLabel = "FILE",
      description = "The application file, if the folder has none and is not recognised.")
  private @Nullable Path app;

  @Option(
      names = "--protocol",
      description = "temporal or leave-one-out (default: ${DEFAULT-VALUE}).")
  private String protocol = Protocol.TEMPORAL.label();

  @Option(
      names = "--cut",
      description =
          "Share of choices before the cut of the temporal protocol (default: ${DEFAULT-VALUE}).")
  private double cut = 0.9;

  @Mixin private TrainingOptions training = new TrainingOptions();

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description =
          "Train N times, with --seed and the numbers after it; figures are means (default: ${DEFAULT-VALUE}).")
  private int seeds = 1;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  EvaluateCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public Integer call() {
    if (!(cut > 0 && cut < 1)) {
      throw WinnowException.invalid("--cut", cut, "between 0 and 1");
    }
    if (!(seeds >= 1 && seeds <= SEEDS_MAX)) {
      throw WinnowException.invalid("--seeds", seeds, "1 to " + SEEDS_MAX);
    }
    Protocol chosen = protocol();
    TrainerConfig config = training.config();
    if (config.seed() > Long.MAX_VALUE - seeds) {
      throw WinnowException.invalid(
          "--seed",
          config.seed(),
          "at most " + (Long.MAX_VALUE - seeds) + " with --seeds " + seeds);
    }
    List<Long> each = LongStream.range(config.seed(), config.seed() + seeds).boxed().toList();
    ConsoleProgress progress = new ConsoleProgress(spec.commandLine().getErr());
    ApplicationFile application = ApplicationFile.forDataset(dataset, app, environment);
    DataSet records = DataSetFiles.load(dataset, application, progress);
    progress.line(
        "%-12s %,d events, %,d items, %,d users, %,d bad rows"
            .formatted(
                "read",
                records.report().events(),
                records.report().items(),
                records.report().users(),
                records.report().bad()));
    EvaluationTable table =
        new Evaluator(application, config, TimeSource.system(), progress)
            .evaluate(records, chosen, cut, each);
    String name = dataset.toAbsolutePath().normalize().getFileName().toString();
    spec.commandLine()
        .getOut()
        .println(json ? Json.write(EvaluationJson.of(table, name, cut, each)) : table.toText());
    return ExitCode.OK.value();
  }

  private Protocol protocol() {
    for (Protocol candidate : Protocol.values()) {
      if (candidate.label().equals(protocol)) {
        return candidate;
      }
    }
    throw WinnowException.invalid("--protocol", protocol, "temporal or leave-one-out");
  }
}
