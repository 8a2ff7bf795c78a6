package io.winnow.benchmarks;

import io.winnow.benchmarks.Figures.Goal;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Presets;
import io.winnow.events.RecordSource;
import io.winnow.features.EmbeddedConfig;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.features.PointInTimeReplay;
import io.winnow.features.PointInTimeReplay.Request;
import io.winnow.simulator.World;
import io.winnow.simulator.WorldConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

/**
 * Whether features that were served equal those that replay computes, bit for bit.
 *
 * <p>A simulated world's history, a twentieth of it late, goes through the embedded store, whose
 * cache holds a part of the users. While it is applied, requests read through the same store; each
 * answer is kept with the offset that it saw. Then {@link PointInTimeReplay} computes them again.
 */
public final class FeaturesBenchmark {
  /** Where the simulated history ends: 2026-03-01T12:00:00Z. */
  static final long NOW_MS = 1_772_366_400_000L;

  private static final int BATCH = 40;
  private static final int ITEMS = 3;
  private static final double LATE_SHARE = 0.05;
  private static final int LATE_RECORDS_MAX = 2_000;

  private final ApplicationDefinition application = shorts();
  private final Config config;
  private final RandomGenerator random;
  private final List<LogRecord> records;

  /**
   * What to run.
   *
   * @param world what happens
   * @param requests how many are served meanwhile
   * @param folder takes the store; must be empty or missing
   */
  public record Config(WorldConfig world, int requests, Path folder, Seed seed) {
    /** The demo's world and 100,000 requests. */
    public static Config defaults(Path folder, Seed seed) {
      return new Config(WorldConfig.demo(seed.value()), 100_000, folder, seed);
    }

    /** Checks the number. */
    public Config {
      if (requests < 1) {
        throw WinnowException.invalid("requests", requests, ">= 1");
      }
    }
  }

  private record Served(FeatureQuery query, FeatureRows rows) {}

  private FeaturesBenchmark(Config config) {
    this.config = config;
    this.random = config.seed().generator("parity");
    this.records = late(new World(config.world(), NOW_MS).history().toList(), random);
  }

  /** The simulator's application. */
  static ApplicationDefinition shorts() {
    return Presets.load("shorts", Map.of()).definition();
  }

  /** Measures parity. */
  public static Figures parity(Config config) {
    return new FeaturesBenchmark(config).parity();
  }

  private Figures parity() {
    List<Served> served = serve();
    long[] values = {0, 0, 0};
    List<Request> requests =
        served.stream().map(s -> new Request(s.rows().asOfOffset(), s.query())).toList();
    PointInTimeReplay.replay(
        RecordSource.of(records),
        application,
        requests,
        (index, rows, reader) -> {
          float[] expected = served.get(index).rows().values();
          values[2]++;
          for (int i = 0; i < expected.length; i++) {
            values[0]++;
            int bits = Float.floatToRawIntBits(expected[i]);
            values[1] += bits == Float.floatToRawIntBits(rows.values()[i]) ? 0 : 1;
          }
        });
    return new Figures.Builder("features")
        .count("parity.events", records.size(), "records")
        .count("parity.late", countLate(records), "records behind a later one")
        .count("parity.requests", values[2], "requests", Goal.exactly(config.requests()))
        .count("parity.values", values[0], "values")
        .count("parity.mismatches", values[1], "values", Goal.exactly(0))
        .build();
  }

  /** Each batch is applied on one thread while requests read on this one. */
  private List<Served> serve() {
    List<Served> served = new ArrayList<>(config.requests());
    int batches = Math.ceilDiv(records.size(), BATCH);
    try (OnlineStore store =
            OnlineStores.embedded(
                application, config.folder(), new EmbeddedConfig(200, 2_000, 4 << 20));
        ExecutorService applier = Executors.newSingleThreadExecutor()) {
      for (int batch = 0; batch < batches; batch++) {
        int from = batch * BATCH;
        int to = Math.min(records.size(), from + BATCH);
        Future<?> applied =
            applier.submit(
                () -> store.apply(LongStream.range(from, to).toArray(), records.subList(from, to)));
        long due = (long) config.requests() * (batch + 1) / batches;
        while (served.size() < due) {
          served.add(request(store));
        }
        await(applied);
      }
    }
    return served;
  }

  private static void await(Future<?> future) {
    try {
      future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a batch was not applied", e.getCause());
    }
  }

  private Served request(OnlineStore store) {
    int now = (int) Math.min(store.appliedOffset(), records.size() - 1);
    int known = store.catalog().size();
    int[] items = known == 0 ? new int[0] : random.ints(ITEMS, 0, known).toArray();
    Map<String, String> context = Map.of("device", random.nextBoolean() ? "phone" : "tv");
    long timeMs = records.get(now).timeMs() + random.nextLong(60_000);
    FeatureQuery query = new FeatureQuery(user(now), items, context, timeMs);
    return new Served(query, store.read(query));
  }

  /** A user of a recent event, or of none. */
  private UserId user(int now) {
    LogRecord recent = records.get(Math.max(0, now - random.nextInt(5_000)));
    return recent instanceof LogRecord.Happened happened
        ? happened.event().user()
        : new UserId("nobody");
  }

  /** Lets some records come later than they happened. */
  private static List<LogRecord> late(List<LogRecord> inOrder, RandomGenerator random) {
    record Arrival(long at, LogRecord what) {}
    List<Arrival> arrivals = new ArrayList<>(inOrder.size());
    for (int i = 0; i < inOrder.size(); i++) {
      boolean isLate = random.nextDouble() < LATE_SHARE;
      arrivals.add(
          new Arrival(i + (isLate ? random.nextLong(LATE_RECORDS_MAX) : 0), inOrder.get(i)));
    }
    return arrivals.stream()
        .sorted(Comparator.comparingLong(Arrival::at))
        .map(Arrival::what)
        .toList();
  }

  private static long countLate(List<LogRecord> records) {
    long newest = Long.MIN_VALUE;
    long late = 0;
    for (LogRecord logRecord : records) {
      late += logRecord.timeMs() < newest ? 1 : 0;
      newest = Math.max(newest, logRecord.timeMs());
    }
    return late;
  }
}
