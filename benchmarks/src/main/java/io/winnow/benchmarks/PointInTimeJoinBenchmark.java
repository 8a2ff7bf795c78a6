package io.winnow.benchmarks;

import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.Figures.Peer;
import io.winnow.core.ErrorCode;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.features.PointInTimeJoin;
import io.winnow.features.PointInTimeJoin.Side;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.random.RandomGenerator;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/**
 * The columnar point-in-time join against DuckDB's {@code ASOF LEFT JOIN} of the same tables, in
 * the same process, on the same number of threads.
 *
 * <p>Both start with columns in memory, in random order of time: arrays here, in-memory tables
 * there. Both count and sum what was joined within the measured time; here the joined column is
 * also materialised. DuckDB answers in two ways, as an aggregate over the join and as a table of
 * its result; the faster one counts. Rounds alternate, and medians are compared. Event times are
 * distinct, since DuckDB breaks ties in any way; the answers must then agree.
 */
public final class PointInTimeJoinBenchmark {
  /** An aggregate over the join. */
  static final String AGGREGATE =
      "SELECT count(e.value), sum(e.value::DOUBLE) FROM requests r"
          + " ASOF LEFT JOIN events e ON r.key = e.key AND r.time >= e.time";

  /** The joined column as a table. */
  static final String TABLE =
      "CREATE OR REPLACE TABLE joined AS SELECT e.value FROM requests r"
          + " ASOF LEFT JOIN events e ON r.key = e.key AND r.time >= e.time";

  private static final double GOAL = 3;
  private static final long SPAN_MS = 30 * 86_400_000L;
  private static final int VALUES = 1000;

  private final Config config;
  private final Side requests;
  private final Side events;
  private final float[] values;

  /**
   * What to run.
   *
   * @param requests how many
   * @param events how many
   * @param keys how many distinct keys
   * @param rounds measured ones, behind one that is not
   * @param threads of both
   */
  public record Config(int requests, int events, int keys, int rounds, int threads, Seed seed) {
    /** 5 million requests and events, 50 keys, 5 rounds, all cores. */
    public static Config defaults(Seed seed) {
      return new Config(
          5_000_000, 5_000_000, 50, 5, Runtime.getRuntime().availableProcessors(), seed);
    }

    /** Checks the sizes. */
    public Config {
      positive("requests", requests);
      positive("events", events);
      positive("keys", keys);
      positive("rounds", rounds);
      positive("threads", threads);
    }

    private static void positive(String name, int value) {
      if (value < 1) {
        throw WinnowException.invalid(name, value, ">= 1");
      }
    }
  }

  /** How many requests found an event, and the sum of its values. */
  private record Answer(long count, double sum) {}

  private PointInTimeJoinBenchmark(Config config) {
    this.config = config;
    RandomGenerator random = config.seed().generator("point-in-time join");
    this.requests =
        new Side(
            random.ints(config.requests(), 0, config.keys()).toArray(),
            random
                .longs(config.requests(), FiftyFeatures.END_MS - SPAN_MS, FiftyFeatures.END_MS)
                .toArray());
    this.events =
        new Side(
            random.ints(config.events(), 0, config.keys()).toArray(),
            distinctTimes(config.events(), random));
    this.values = new float[config.events()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(VALUES); // Whole numbers: sums are exact in any order.
    }
  }

  /** One time in each of so many steps of the span, shuffled. */
  private static long[] distinctTimes(int count, RandomGenerator random) {
    long step = Math.max(1, SPAN_MS / count);
    long[] times = new long[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      times[i] = times[j];
      times[j] = FiftyFeatures.END_MS - SPAN_MS + i * step + random.nextLong(step);
    }
    return times;
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    try {
      return new PointInTimeJoinBenchmark(config).run();
    } catch (SQLException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, "DuckDB: " + e.getMessage(), e);
    }
  }

  private Figures run() throws SQLException {
    double[] ours = new double[config.rounds()];
    double[] aggregates = new double[config.rounds()];
    double[] tables = new double[config.rounds()];
    String version;
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      version = text(statement, "SELECT version()");
      statement.execute("SET threads = " + config.threads());
      fill(connection, statement);
      for (int round = -1; round < config.rounds(); round++) {
        int slot = Math.max(0, round);
        long start = System.nanoTime();
        Answer answer = join();
        ours[slot] = secondsSince(start);
        start = System.nanoTime();
        Answer aggregate = answer(statement, AGGREGATE);
        aggregates[slot] = secondsSince(start);
        start = System.nanoTime();
        statement.execute(TABLE);
        tables[slot] = secondsSince(start);
        check(answer, aggregate);
        check(answer, answer(statement, "SELECT count(value), sum(value::DOUBLE) FROM joined"));
      }
    }
    double seconds = new Samples(ours).percentile(0.5);
    double aggregate = new Samples(aggregates).percentile(0.5);
    double table = new Samples(tables).percentile(0.5);
    String duckDb = "DuckDB " + version + ", " + config.threads() + " threads";
    Peer peer =
        aggregate <= table
            ? new Peer(duckDb + ": " + AGGREGATE, aggregate)
            : new Peer(duckDb + ": " + TABLE, table);
    return new Figures.Builder("features")
        .count("point_in_time.requests", config.requests(), "rows")
        .count("point_in_time.events", config.events(), "rows")
        .add("point_in_time.join_seconds", seconds, "s", peer)
        .add(
            "point_in_time.speedup_over_duckdb",
            peer.value() / seconds,
            "times",
            Goal.atLeast(GOAL),
            new Peer(duckDb, 1))
        .build();
  }

  private static double secondsSince(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private Answer join() {
    float[] joined =
        PointInTimeJoin.values(requests, events, values, config.keys(), config.threads());
    long count = 0;
    double sum = 0;
    for (float value : joined) {
      if (!Float.isNaN(value)) {
        count++;
        sum += value;
      }
    }
    return new Answer(count, sum);
  }

  private static void check(Answer ours, Answer theirs) {
    if (!ours.equals(theirs)) {
      throw new IllegalStateException(
          "the joins differ: " + ours + " here, " + theirs + " by DuckDB");
    }
  }

  private void fill(Connection connection, Statement statement) throws SQLException {
    statement.execute("CREATE TABLE requests (key INTEGER, time BIGINT)");
    statement.execute("CREATE TABLE events (key INTEGER, time BIGINT, value FLOAT)");
    DuckDBConnection duckDb = connection.unwrap(DuckDBConnection.class);
    for (String table : List.of("requests", "events")) {
      Side side = table.equals("events") ? events : requests;
      try (DuckDBAppender rows = duckDb.createAppender("main", table)) {
        for (int i = 0; i < side.rows(); i++) {
          rows.beginRow();
          rows.append(side.keys()[i]);
          rows.append(side.times()[i]);
          if (table.equals("events")) {
            rows.append(values[i]);
          }
          rows.endRow();
        }
      }
    }
  }

  private static Answer answer(Statement statement, String sql) throws SQLException {
    try (ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return new Answer(result.getLong(1), result.getDouble(2));
    }
  }

  private static String text(Statement statement, String sql) throws SQLException {
    try (ResultSet result = statement.executeQuery(sql)) {
      result.next();
      return result.getString(1);
    }
  }
}
