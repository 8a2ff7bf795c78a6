package io.winnow.benchmarks.day;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.Samples;
import io.winnow.benchmarks.day.DayEngine.Place;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.EventLog.Verdict;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureWorker;
import io.winnow.harness.KafkaBroker;
import io.winnow.harness.RedisServer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * How long after its acknowledgement an event changes what the next request reads, on Kafka and
 * Redis: at the server that took it, and at another one. Between the measured events, others keep
 * log and workers busy.
 */
public final class FreshnessBenchmark {
  private static final int OTHERS = 20;
  private static final double P99_MS_MAX = 50;
  private static final long GIVE_UP_NANOS = 10_000_000_000L;

  private FreshnessBenchmark() {}

  /**
   * Measures it.
   *
   * @param events how many events are measured, after a fifth as many that are not
   * @param folder takes the servers' own state; must be empty or missing
   */
  public static Figures run(int events, Path folder) {
    ApplicationDefinition application = DayEvents.application();
    try (KafkaBroker broker = KafkaBroker.start();
        RedisServer redis = RedisServer.start()) {
      List<String> services = List.of(broker.bootstrapServers(), redis.uri());
      Place first = new Place(folder.resolve("server-1"), services);
      Place second = new Place(folder.resolve("server-2"), services);
      DayEvents day = new DayEvents(10_000_000);
      try (DayEngine one = DayEngine.open(first, application, () -> Long.MAX_VALUE / 4);
          DayEngine two = DayEngine.open(second, application, () -> Long.MAX_VALUE / 4);
          FeatureWorker _ = DayEngine.worker(first, application, one.log(), "worker-1");
          FeatureWorker _ = DayEngine.worker(second, application, two.log(), "worker-2")) {
        return measure(events, day, one, two);
      }
    }
  }

  private static Figures measure(int events, DayEvents day, DayEngine one, DayEngine two) {
    one.log().append(DayEvents.preparation().subList(0, 5_000));
    double[] own = new double[events];
    double[] other = new double[events];
    int warmUp = events / 5;
    long number = 0;
    for (int i = -warmUp; i < events; i++) {
      for (int k = 0; k < OTHERS; k++) {
        one.log().append(List.of(day.logRecord(number++)));
      }
      SplittableRandom random = new SplittableRandom(Seed.mix(number));
      UserId user = DayEvents.user(random);
      ItemId item = one.store().catalog().item(DayEvents.skewed(random, 5_000));
      long timeMs = day.sentMs(number);
      int before = one.store().history(user).length();
      Event event = new Event("measured-" + i, "watch", user, item, timeMs, 40);
      Verdict verdict = one.log().append(List.of(new LogRecord.Happened(event))).getFirst();
      long acknowledged = System.nanoTime();
      double ownMs = untilVisible(one, verdict.offset(), acknowledged, user, before, timeMs);
      double otherMs = untilVisible(two, verdict.offset(), acknowledged, user, before, timeMs);
      if (i >= 0) {
        own[i] = ownMs;
        other[i] = otherMs;
      }
    }
    Samples ownMs = new Samples(own);
    Samples otherMs = new Samples(other);
    return new Figures.Builder("features")
        .add("freshness.kafka.p50_ms", otherMs.percentile(0.5), "ms to another server")
        .add(
            "freshness.kafka.p99_ms",
            otherMs.percentile(0.99),
            "ms to another server",
            Goal.below(P99_MS_MAX))
        .add("freshness.kafka.own.p99_ms", ownMs.percentile(0.99), "ms to the same server")
        .build();
  }

  /** Asks again and again, as requests would, until the answer holds the event. */
  private static double untilVisible(
      DayEngine engine, long offset, long since, UserId user, int before, long timeMs) {
    while (engine.store().appliedOffset() <= offset) {
      if (System.nanoTime() - since > GIVE_UP_NANOS) {
        throw new IllegalStateException("an event is not visible after ten seconds");
      }
      LockSupport.parkNanos(50_000);
    }
    engine.store().read(new FeatureQuery(user, new int[] {0}, Map.of(), timeMs));
    int seen = engine.store().history(user).length();
    if (seen <= before && before < 4_096) {
      throw new IllegalStateException(
          "history: " + seen + " events (expected: > " + before + ", at that offset)");
    }
    return (System.nanoTime() - since) / 1e6;
  }
}
