package io.winnow.app;

import io.winnow.benchmarks.AnnBenchmark;
import io.winnow.benchmarks.CrashFigures;
import io.winnow.benchmarks.FeatureSpeedBenchmark;
import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.LogBenchmark;
import io.winnow.benchmarks.PointInTimeJoinBenchmark;
import io.winnow.benchmarks.TemporaryFolder;
import io.winnow.benchmarks.TrainingBenchmark;
import io.winnow.benchmarks.day.DayBenchmark;
import io.winnow.benchmarks.day.FreshnessBenchmark;
import io.winnow.benchmarks.ranker.RankerBenchmark;
import io.winnow.core.Nearest;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code winnow bench}: the figures of BENCHMARKS.md, each by a command. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measures one promise and prints its figures; a goal that is missed is marked.",
      "The exit code is 0 also then: it says that the measurement was taken."
    })
final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();
  @Unmatched private @Nullable List<String> unmatched;

  /** The command with all benchmarks. */
  static CommandLine line(Map<String, String> environment) {
    CommandLine line = new CommandLine(new BenchCommand());
    line.addSubcommand(new Crash());
    line.addSubcommand(new Features());
    line.addSubcommand(new BenchServingCommand(environment));
    line.addSubcommand(new Log());
    line.addSubcommand(new Ann());
    line.addSubcommand(new Training());
    line.addSubcommand(new Ranker());
    line.addSubcommand(new BenchExperimentsCommand());
    line.addSubcommand(new BenchMalformedCommand());
    line.addSubcommand(new BenchRolloutCommand());
    line.addSubcommand(new BenchIncrementalCommand(environment));
    return line;
  }

  @Override
  public Integer call() {
    List<String> names = List.copyOf(spec.subcommands().keySet());
    String given = unmatched == null ? "absent" : unmatched.getFirst();
    throw WinnowException.invalid("bench", given, Nearest.expectation("benchmark", given, names));
  }

  /** What every benchmark has: {@code --json}, {@code --seed}, and figures to print. */
  abstract static class Bench implements Callable<Integer> {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Option(
        names = "--seed",
        description = "Decides everything random (default: ${DEFAULT-VALUE}).")
    private long seed = 1;

    abstract Figures figures(ConsoleProgress progress);

    /** What the figures rest on, beside them in the JSON object; asked for after them. */
    Map<String, Object> details() {
      return Map.of();
    }

    /** The same for people, before the figures; empty where there is nothing. */
    String detailsText() {
      return "";
    }

    final Seed seed() {
      return new Seed(seed);
    }

    @Override
    public Integer call() {
      Figures figures = figures(new ConsoleProgress(spec.commandLine().getErr()));
      Map<String, Object> all = new LinkedHashMap<>(figures.toMap());
      all.putAll(details());
      String text = detailsText();
      spec.commandLine()
          .getOut()
          .println(
              json
                  ? Json.write(all)
                  : text.isEmpty() ? figures.toText() : text + "\n" + figures.toText());
      return ExitCode.OK.value();
    }
  }

  /** {@code winnow bench crash}. */
  @Command(
      name = "crash",
      mixinStandardHelpOptions = true,
      description = "Kills a log that feeds a feature store and counts what was lost.")
  static final class Crash extends Bench {
    @Option(names = "--kills", description = "How many (default: ${DEFAULT-VALUE}).")
    private int kills = 50;

    @Override
    Figures figures(ConsoleProgress progress) {
      try (TemporaryFolder folder = new TemporaryFolder()) {
        return CrashFigures.run(kills, folder.path().resolve("crash"), seed());
      }
    }
  }

  /** {@code winnow bench features}. */
  @Command(
      name = "features",
      mixinStandardHelpOptions = true,
      description = "Compares served with replayed features, and measures the feature store.")
  static final class Features extends Bench {
    private static final int MEASURED = 1_000;
    private static final List<String> PARTS =
        List.of("parity", "kafka", "speed", "freshness", "join");

    @Option(
        names = "--only",
        description =
            "parity (with kafka), kafka, speed (with freshness and join), freshness or join; otherwise everything.")
    private @Nullable String only;

    @Option(
        names = "--events",
        description = "How many events the simulated day has (default: ${DEFAULT-VALUE}).")
    private int events = 1_000_000;

    @Override
    Figures figures(ConsoleProgress progress) {
      if (only != null && !PARTS.contains(only)) {
        throw WinnowException.invalid("--only", only, "parity, kafka, speed, freshness or join");
      }
      Map<String, Figures.Figure> all = new LinkedHashMap<>();
      String machine = "";
      List<String> parts =
          switch (only == null ? "" : only) {
            case "" -> PARTS;
            case "speed" -> List.of("speed", "freshness", "join");
            case "parity" -> List.of("parity", "kafka");
            case String one -> List.of(one);
          };
      for (String part : parts) {
        progress.step(part, "");
        Figures figures = run(part, progress);
        all.putAll(figures.figures());
        machine = figures.machine();
      }
      return new Figures("features", machine, all);
    }

    private Figures run(String part, ConsoleProgress progress) {
      try (TemporaryFolder folder = new TemporaryFolder()) {
        Path path = folder.path().resolve("bench");
        return switch (part) {
          case "join" ->
              PointInTimeJoinBenchmark.run(PointInTimeJoinBenchmark.Config.defaults(seed()));
          case "parity" -> DayBenchmark.embedded(new DayBenchmark.Config(events, 50, path));
          case "freshness" -> FreshnessBenchmark.run(MEASURED, path);
          case "kafka" -> DayBenchmark.kafkaAndRedis(new DayBenchmark.Config(events, 10, path));
          default ->
              FeatureSpeedBenchmark.run(
                  FeatureSpeedBenchmark.Config.defaults(path, seed(), OtherProcess.winnow()),
                  progress::line);
        };
      }
    }
  }

  /** {@code winnow bench log}. */
  @Command(
      name = "log",
      mixinStandardHelpOptions = true,
      description = "Measures the event log's appends, replay and opening.")
  static final class Log extends Bench {
    @Option(
        names = "--seconds",
        description = "Length of each measurement (default: ${DEFAULT-VALUE}).")
    private int seconds = 5;

    @Override
    Figures figures(ConsoleProgress progress) {
      try (TemporaryFolder folder = new TemporaryFolder()) {
        return LogBenchmark.run(
            new LogBenchmark.Config(Duration.ofSeconds(seconds), folder.path()));
      }
    }
  }

  /** {@code winnow bench ann}. */
  @Command(
      name = "ann",
      mixinStandardHelpOptions = true,
      description = "Compares the partitioned index with an exact scan.")
  static final class Ann extends Bench {
    @Option(names = "--items", description = "How many vectors (default: ${DEFAULT-VALUE}).")
    private int items = 100_000;

    @Option(names = "--queries", description = "Searches a round (default: ${DEFAULT-VALUE}).")
    private int queries = 200;

    @Override
    Figures figures(ConsoleProgress progress) {
      return AnnBenchmark.run(new AnnBenchmark.Config(items, queries, seed()));
    }
  }

  /** {@code winnow bench training}. */
  @Command(
      name = "training",
      mixinStandardHelpOptions = true,
      description = {
        "Measures how fast encoder, implicit ALS and ranker are trained.",
        "Without --dataset encoder and ALS train on generated data of MovieLens-1M's size."
      })
  static final class Training extends Bench {
    @Option(
        names = "--dataset",
        paramLabel = "DIR",
        description = "A folder with sasrec-sequences.txt.gz: movielens-1m.")
    private @Nullable Path dataset;

    @Option(names = "--only", description = "encoder, als or ranker; otherwise everything.")
    private @Nullable String only;

    @Option(
        names = "--epochs",
        description = "Of the encoder; the first is not counted (default: ${DEFAULT-VALUE}).")
    private int epochs = 3;

    @Option(
        names = "--threads",
        description = "Threads of ALS (default: as many as there are cores).")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Override
    Figures figures(ConsoleProgress progress) {
      if (only != null && !TrainingBenchmark.PARTS.contains(only)) {
        throw WinnowException.invalid("--only", only, "encoder, als or ranker");
      }
      Set<String> parts = only == null ? Set.copyOf(TrainingBenchmark.PARTS) : Set.of(only);
      return TrainingBenchmark.run(
          TrainingBenchmark.Config.of(dataset, epochs, parts, threads, seed()), progress::line);
    }
  }

  /** {@code winnow bench ranker}. */
  @Command(
      name = "ranker",
      mixinStandardHelpOptions = true,
      description =
          "Compares the ranker with the truth, a factorisation machine and logistic regression.")
  static final class Ranker extends Bench {
    @Option(
        names = "--slates",
        description = "Slates of ten rows in the generated log (default: ${DEFAULT-VALUE}).")
    private int slates = 200_000;

    @Override
    Figures figures(ConsoleProgress progress) {
      return RankerBenchmark.run(
          RankerBenchmark.Config.defaults(seed()).withSlates(slates), progress::line);
    }
  }
}
