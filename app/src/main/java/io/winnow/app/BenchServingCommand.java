package io.winnow.app;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.ServingBenchmark;
import io.winnow.benchmarks.TemporaryFolder;
import io.winnow.benchmarks.Traffic;
import io.winnow.benchmarks.WinnowProcess;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code winnow bench serving}: a real server in a process of its own, over a data set's log and a
 * release that was trained on it, under a constant load.
 */
@Command(
    name = "serving",
    mixinStandardHelpOptions = true,
    description = {
      "Asks a real server for recommendations at a constant rate and prints its latencies.",
      "With --dataset the data set is imported and a release trained first, which takes minutes;"
          + " with --data an imported folder is used, and changed: impressions and events go into its log."
    })
final class BenchServingCommand extends BenchCommand.Bench {
  private static final int USERS_SAMPLED = 20_000;

  private final Map<String, String> environment;

  @Option(names = "--dataset", paramLabel = "DIR", description = "The data set's folder.")
  private @Nullable Path dataset;

  @Option(names = "--data", paramLabel = "DIR", description = "A data folder instead.")
  private @Nullable Path data;

  @Option(names = "--rate", description = "Requests a second (default: ${DEFAULT-VALUE}).")
  private double rate = 20;

  @Option(names = "--seconds", description = "How long (default: ${DEFAULT-VALUE}).")
  private int seconds = 60;

  @Option(
      names = "--warm-up",
      description = "Seconds of the same load that are not counted (default: ${DEFAULT-VALUE}).")
  private int warmUpSeconds = 10;

  @Option(
      names = "--event-every",
      description = "An event is sent with every so-manieth request (default: ${DEFAULT-VALUE}).")
  private int eventEvery = 4;

  BenchServingCommand(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  Figures figures(ConsoleProgress progress) {
    if ((dataset == null) == (data == null)) {
      throw WinnowException.invalid(
          "--dataset", dataset == null ? "absent" : dataset, "either --dataset or --data");
    }
    if (data != null) {
      return measure(new DataFolder(data), progress);
    }
    try (TemporaryFolder temporary = new TemporaryFolder()) {
      Path folder = temporary.path().resolve("data");
      WinnowProcess.run(
          OtherProcess.winnow(),
          List.of("import", "--dataset", String.valueOf(dataset), "--data", folder.toString()),
          progress::line);
      return measure(new DataFolder(folder), progress);
    }
  }

  private Figures measure(DataFolder folder, ConsoleProgress progress) {
    Traffic traffic = traffic(folder);
    List<String> where = List.of("--data", folder.path().toString());
    if (folder.releaseStore(environment).active().isEmpty()) {
      WinnowProcess.run(
          OtherProcess.winnow(),
          Stream.concat(Stream.of("train"), where.stream()).toList(),
          progress::line);
    }
    try (WinnowProcess server = WinnowProcess.serve(OtherProcess.winnow(), where, progress::line)) {
      ServingBenchmark.Config config =
          new ServingBenchmark.Config(
              server.awaitUri(),
              rate,
              Duration.ofSeconds(warmUpSeconds),
              Duration.ofSeconds(seconds),
              eventEvery,
              seed());
      progress.step("load", rate + " requests/s for " + seconds + " s");
      return ServingBenchmark.run(config, traffic);
    }
  }

  private Traffic traffic(DataFolder folder) {
    ApplicationFile application = folder.application(null, environment);
    try (EventLog log =
        EventLogs.open(
            EventLogConfig.in(folder.log()),
            application.definition().schema(),
            TimeSource.system(),
            List.of())) {
      return Traffic.sample(log, USERS_SAMPLED, seed());
    }
  }
}
