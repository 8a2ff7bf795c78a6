package io.winnow.benchmarks;

import io.winnow.benchmarks.Figures.Goal;
import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** How fast the feature store takes events in and answers, in process and over HTTP. */
public final class FeatureSpeedBenchmark {
  private static final int ROWS = 500;
  private static final int BATCH = 1000;
  private static final int ROUNDS = 5;

  private final Config config;
  private final Consumer<String> progress;

  /**
   * What to run.
   *
   * @param events how many are aggregated
   * @param reads how many requests are measured in process, after as many that are not
   * @param folder takes logs and stores; must be empty or missing
   * @param program how {@code winnow} is started
   */
  public record Config(int events, int reads, Path folder, Seed seed, List<String> program) {
    /** Copies the command. */
    public Config {
      program = List.copyOf(program);
    }

    /** Two million events, 2,000 requests. */
    public static Config defaults(Path folder, Seed seed, List<String> program) {
      return new Config(2_000_000, 2_000, folder, seed, program);
    }
  }

  private FeatureSpeedBenchmark(Config config, Consumer<String> progress) {
    this.config = config;
    this.progress = progress;
  }

  /** Runs it to the end. */
  public static Figures run(Config config, Consumer<String> progress) {
    return new FeatureSpeedBenchmark(config, progress).run();
  }

  private Figures run() {
    progress.accept("aggregation");
    WindowAggregation skewed = new WindowAggregation(config.events(), 10_000, 3, config.seed());
    double inMemory =
        IntStream.range(0, ROUNDS).mapToDouble(_ -> skewed.inMemory()).max().orElse(0);
    double durable =
        IntStream.range(0, ROUNDS)
            .mapToDouble(round -> skewed.durable(config.folder().resolve("windows-" + round)))
            .max()
            .orElse(0);
    WindowAggregation even = new WindowAggregation(config.events(), 100_000, 1, config.seed());
    double evenInMemory =
        IntStream.range(0, ROUNDS).mapToDouble(_ -> even.inMemory()).max().orElse(0);
    double evenDurable = even.durable(config.folder().resolve("windows-even"));
    progress.accept("reads in process");
    Samples readMs = read();
    progress.accept("reads over HTTP");
    Samples httpMs = readHttp();
    return new Figures.Builder("features")
        .add(
            "aggregation.memory.events_per_second_core",
            inMemory,
            "events per CPU second, 10,000 users with a skew",
            Goal.atLeast(1_400_000))
        .add(
            "aggregation.memory.even.events_per_second_core",
            evenInMemory,
            "the same of 100,000 users who act evenly")
        .add(
            "aggregation.durable.events_per_second",
            durable,
            "events/s, 10,000 users with a skew",
            Goal.atLeast(250_000))
        .add(
            "aggregation.durable.even.events_per_second",
            evenDurable,
            "the same of 100,000 users who act evenly")
        .add("read.process.500x50.p50_ms", readMs.percentile(0.5), "ms", Goal.below(0.3))
        .add("read.process.500x50.p99_ms", readMs.percentile(0.99), "ms")
        .add("read.http.100x50.p50_ms", httpMs.percentile(0.5), "ms")
        .add("read.http.100x50.p99_ms", httpMs.percentile(0.99), "ms", Goal.below(1.7))
        .build();
  }

  private Samples read() {
    List<LogRecord> records = FiftyFeatures.records(400_000, config.seed());
    RandomGenerator random = config.seed().generator("reads");
    try (OnlineStore store = OnlineStores.inMemory(FiftyFeatures.application())) {
      for (int from = 0; from < records.size(); from += BATCH) {
        int to = Math.min(records.size(), from + BATCH);
        store.apply(LongStream.range(from, to).toArray(), records.subList(from, to));
      }
      double[] ms = new double[config.reads()];
      for (int read = -config.reads(); read < config.reads(); read++) {
        FeatureQuery query =
            new FeatureQuery(
                FiftyFeatures.user(random.nextInt(FiftyFeatures.USERS)),
                random.ints(ROWS, 0, store.catalog().size()).toArray(),
                Map.of(),
                FiftyFeatures.END_MS + random.nextInt(60_000));
        long start = System.nanoTime();
        int columns = store.read(query).columns();
        double took = (System.nanoTime() - start) / 1e6;
        if (columns != FiftyFeatures.COLUMNS) {
          throw new IllegalStateException(
              columns + " columns (expected: " + FiftyFeatures.COLUMNS + ")");
        }
        if (read >= 0) {
          ms[read] = took;
        }
      }
      return new Samples(ms);
    }
  }

  /** Against a server in a process of its own, over the same records. */
  private Samples readHttp() {
    Path data = config.folder().resolve("data");
    ApplicationDefinition application = FiftyFeatures.application();
    try {
      Files.createDirectories(data);
      Files.writeString(data.resolve(ApplicationFile.NAME), FiftyFeatures.APPLICATION);
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, data + ": cannot be written", e);
    }
    List<LogRecord> records = FiftyFeatures.records(400_000, config.seed());
    try (EventLog log =
        EventLogs.open(
            EventLogConfig.in(data.resolve("log")),
            application.schema(),
            () -> FiftyFeatures.END_MS,
            List.of())) {
      for (int from = 0; from < records.size(); from += BATCH) {
        log.append(records.subList(from, Math.min(records.size(), from + BATCH)));
      }
    }
    try (WinnowProcess server =
        WinnowProcess.serve(
            config.program(), List.of("--no-training", "--data", data.toString()), progress)) {
      return new HttpFeatureReads(server.awaitUri(), config.seed()).run();
    }
  }
}
