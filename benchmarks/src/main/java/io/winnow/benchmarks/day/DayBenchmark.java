package io.winnow.benchmarks.day;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.crash.CrashBenchmark;
import io.winnow.benchmarks.day.DayEngine.Place;
import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.EventLog;
import io.winnow.features.AuditReport;
import io.winnow.features.FeatureAudit;
import io.winnow.features.FeatureWorker;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.harness.KafkaBroker;
import io.winnow.harness.RedisServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether the features that requests of a day were served equal those that a replay of the log
 * computes, bit for bit: with events that come late, and processes that are killed in the middle.
 *
 * <p>A server of its own process sends the day's events and serves requests in between. Half-way it
 * is killed and started again. On Kafka and Redis, a second process folds half of the users, and is
 * killed too. In the end all logged impressions are audited, and the store's whole state is
 * compared with that of a replay.
 */
public final class DayBenchmark {
  /** So many events are sent again after a kill, as clients do that are not sure. */
  private static final int SENT_AGAIN = 1_000;

  private final Config config;
  private final ApplicationDefinition application = DayEvents.application();
  private final DayEvents day;

  /**
   * What to run.
   *
   * @param events how many the day has
   * @param requestsPerBatch how many requests are served for each 500 events
   * @param folder takes logs and stores; must be empty or missing
   */
  public record Config(int events, int requestsPerBatch, Path folder) {
    /** Checks the numbers. */
    public Config {
      if (events < 4 * SENT_AGAIN) {
        throw WinnowException.invalid("events", events, ">= " + 4 * SENT_AGAIN);
      }
      if (requestsPerBatch < 1) {
        throw WinnowException.invalid("requests_per_batch", requestsPerBatch, ">= 1");
      }
    }
  }

  private DayBenchmark(Config config) {
    this.config = config;
    this.day = new DayEvents(config.events());
  }

  /** A day with everything embedded. */
  public static Figures embedded(Config config) {
    DayBenchmark benchmark = new DayBenchmark(config);
    Place place = new Place(config.folder().resolve("server"), List.of());
    long last = benchmark.lead(place, 0, config.events() / 2);
    benchmark.lead(place, Math.max(0, last - SENT_AGAIN), config.events());
    return benchmark.audit("parity", place);
  }

  /** A day on Kafka and Redis, with two processes that fold. */
  public static Figures kafkaAndRedis(Config config) {
    DayBenchmark benchmark = new DayBenchmark(config);
    try (KafkaBroker broker = KafkaBroker.start();
        RedisServer redis = RedisServer.start()) {
      List<String> services = List.of(broker.bootstrapServers(), redis.uri());
      Place leader = new Place(config.folder().resolve("server-1"), services);
      Place follower = new Place(config.folder().resolve("server-2"), services);
      long last;
      try (Server _ = benchmark.start(follower, 0, "follow")) {
        last = benchmark.lead(leader, 0, config.events() / 2);
      }
      // The second process died here, by kill -9 as the first.
      try (Server _ = benchmark.start(follower, 0, "follow")) {
        benchmark.lead(leader, Math.max(0, last - SENT_AGAIN), config.events());
        return benchmark.audit("parity.kafka_redis", leader);
      }
    }
  }

  /**
   * Runs a server until it has sent so many events, and kills it then.
   *
   * @return the last event that it said it had sent
   */
  private long lead(Place place, long first, long until) {
    try (Server server = start(place, first, "lead")) {
      long at = first;
      while (at < until) {
        at = server.awaitProgress();
      }
      return at;
    }
  }

  private Server start(Place place, long first, String role) {
    List<String> command = new ArrayList<>(CrashBenchmark.javaCommand(DayServer.class));
    command.addAll(
        List.of(
            place.folder().toString(),
            Integer.toString(config.events()),
            Integer.toString(config.requestsPerBatch()),
            Long.toString(first),
            role));
    command.addAll(place.services());
    try {
      Files.createDirectories(place.folder());
      return new Server(command, place.folder().resolve("errors.txt"));
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "cannot start a server", e);
    }
  }

  private Figures audit(String name, Place place) {
    try (DayEngine engine = DayEngine.open(place, application, () -> day.sentMs(config.events()));
        FeatureWorker _ =
            place.isEmbedded()
                ? null
                : DayEngine.worker(place, application, engine.log(), "audit")) {
      AuditReport report =
          FeatureAudit.run(
              engine.log(),
              FeatureAudit.Definitions.only(application),
              FeatureAudit.Options.DEFAULT);
      report.examples().forEach(example -> System.err.println("differs: " + example));
      return new Figures.Builder("features")
          .count(name + ".events", countEvents(engine.log()), "events")
          .count(name + ".impressions", report.impressions(), "impressions", Goal.atLeast(1))
          .count(name + ".values", report.values(), "values")
          .count(name + ".mismatches", report.mismatches(), "values", Goal.exactly(0))
          .count(
              name + ".degraded",
              report.skippedImpressions(),
              "impressions served with old features, as the answer said")
          .count(
              name + ".state_differences",
              digestOfReplay(engine.log()).equals(engine.store().stateDigest()) ? 0 : 1,
              "of 1 digest of the whole state",
              Goal.exactly(0))
          .build();
    }
  }

  private static long countEvents(EventLog log) {
    long[] events = {0};
    log.replay((_, logged) -> {
      if (logged instanceof LogRecord.Happened happened && happened.event().impression() == null) {
        events[0]++;
      }
    });
    return events[0];
  }

  private String digestOfReplay(EventLog log) {
    try (OnlineStore memory = OnlineStores.inMemory(application)) {
      log.replay((offset, logged) -> memory.apply(new long[] {offset}, List.of(logged)));
      return memory.stateDigest();
    }
  }

  /** A process of {@link DayServer}; closing kills it. */
  private static final class Server implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final Path errors;

    Server(List<String> command, Path errors) throws IOException {
      this.errors = errors;
      this.process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      this.out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
      awaitLine("open");
    }

    private String awaitLine(String beginning) throws IOException {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.startsWith(beginning)) {
          return line;
        }
      }
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "the server ended by itself: " + Files.readString(errors));
    }

    /** The number of the last event that was sent and acknowledged. */
    long awaitProgress() {
      try {
        return Long.parseLong(awaitLine("at ").split(" ")[1]);
      } catch (IOException e) {
        throw new WinnowException(ErrorCode.UNAVAILABLE, "the server's output", e);
      }
    }

    @Override
    public void close() {
      process.destroyForcibly();
      try {
        process.waitFor();
        out.close();
      } catch (IOException e) {
        throw new WinnowException(ErrorCode.UNAVAILABLE, "the server's output", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new WinnowException(ErrorCode.UNAVAILABLE, "interrupted", e);
      }
    }
  }
}
