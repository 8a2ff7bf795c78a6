package io.winnow.benchmarks;

import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.features.EmbeddedConfig;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureSchema;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.simulator.World;
import io.winnow.simulator.WorldConfig;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

/**
 * How fast the fold takes records in and requests read them, with 50 features a row: those of the
 * simulator's application and some more counts.
 */
public final class FeatureSpeedBenchmark {
  private static final int COLUMNS = 50;
  private static final int ROWS = 500;
  private static final int BATCH = 1000;
  private static final int ROUNDS = 3;

  private final Config config;
  private final ApplicationDefinition application = fiftyColumns();
  private final List<LogRecord> records;

  /**
   * What to run.
   *
   * @param world whose history is taken in
   * @param reads how many requests are measured, after as many that are not
   * @param folder takes log and store; must be empty or missing
   */
  public record Config(WorldConfig world, int reads, Path folder, Seed seed) {
    /** The demo's world and 1,000 requests. */
    public static Config defaults(Path folder, Seed seed) {
      return new Config(WorldConfig.demo(seed.value()), 1_000, folder, seed);
    }
  }

  private FeatureSpeedBenchmark(Config config) {
    this.config = config;
    this.records = new World(config.world(), FeaturesBenchmark.NOW_MS).history().toList();
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    return new FeatureSpeedBenchmark(config).run();
  }

  private Figures run() {
    double inMemory = 0;
    for (int round = 0; round < ROUNDS; round++) {
      inMemory = Math.max(inMemory, applyInMemory());
    }
    try (OnlineStore store =
            OnlineStores.embedded(
                application, config.folder().resolve("features"), EmbeddedConfig.DEFAULT);
        EventLog log =
            EventLogs.open(
                EventLogConfig.in(config.folder().resolve("log")),
                application.schema(),
                () -> FeaturesBenchmark.NOW_MS,
                List.of(store))) {
      double durable = append(log);
      Samples readMs = read(store);
      return new Figures.Builder("features")
          .add("aggregation.memory.events_per_second_core", inMemory, "records per CPU second")
          .add("aggregation.durable.events_per_second", durable, "records/s")
          .add("read.process.500x50.p50_ms", readMs.percentile(0.5), "ms")
          .add("read.process.500x50.p99_ms", readMs.percentile(0.99), "ms")
          .build();
    }
  }

  private static ApplicationDefinition fiftyColumns() {
    ApplicationDefinition shorts = FeaturesBenchmark.shorts();
    List<FeatureDefinition> features = new ArrayList<>(shorts.features());
    for (int day = 2; FeatureSchema.of(with(shorts, features)).size() < COLUMNS; day++) {
      features.add(
          new FeatureDefinition(
              "clicks_" + day + "d",
              Entity.USER,
              new Aggregation.Count(EventFilter.ofType("click"), Window.of(Duration.ofDays(day)))));
    }
    return with(shorts, features);
  }

  private static ApplicationDefinition with(
      ApplicationDefinition application, List<FeatureDefinition> features) {
    return new ApplicationDefinition(
        application.name(),
        application.schema(),
        features,
        application.objectives(),
        application.policy(),
        application.imports());
  }

  /** Records a second of this thread's processor time, so that a busy machine counts little. */
  private double applyInMemory() {
    try (OnlineStore store = OnlineStores.inMemory(application)) {
      long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      for (int from = 0; from < records.size(); from += BATCH) {
        int to = Math.min(records.size(), from + BATCH);
        store.apply(LongStream.range(from, to).toArray(), records.subList(from, to));
      }
      long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start;
      return records.size() * 1e9 / nanos;
    }
  }

  /** Records a second through log and store, each batch acknowledged before the next. */
  private double append(EventLog log) {
    long start = System.nanoTime();
    for (int from = 0; from < records.size(); from += BATCH) {
      log.append(records.subList(from, Math.min(records.size(), from + BATCH)));
    }
    return records.size() * 1e9 / (System.nanoTime() - start);
  }

  private Samples read(OnlineStore store) {
    RandomGenerator random = config.seed().generator("reads");
    List<UserId> users =
        records.stream()
            .filter(LogRecord.Happened.class::isInstance)
            .map(r -> ((LogRecord.Happened) r).event().user())
            .distinct()
            .toList();
    double[] ms = new double[config.reads()];
    for (int read = -config.reads(); read < config.reads(); read++) {
      FeatureQuery query =
          new FeatureQuery(
              users.get(random.nextInt(users.size())),
              random.ints(ROWS, 0, store.catalog().size()).toArray(),
              Map.of("device", "phone"),
              FeaturesBenchmark.NOW_MS);
      long start = System.nanoTime();
      int columns = store.read(query).columns();
      double took = (System.nanoTime() - start) / 1e6;
      if (columns != COLUMNS) {
        throw new IllegalStateException(columns + " columns (expected: " + COLUMNS + ")");
      }
      if (read >= 0) {
        ms[read] = took;
      }
    }
    return new Samples(ms);
  }
}
