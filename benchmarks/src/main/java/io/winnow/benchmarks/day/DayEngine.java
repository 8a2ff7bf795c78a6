package io.winnow.benchmarks.day;

import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Engines;
import io.winnow.events.EventLog;
import io.winnow.events.EventLogConfig;
import io.winnow.events.EventLogs;
import io.winnow.events.KafkaLogConfig;
import io.winnow.features.EmbeddedConfig;
import io.winnow.features.FeatureWorker;
import io.winnow.features.OnlineStore;
import io.winnow.features.OnlineStores;
import io.winnow.features.RedisConfig;
import java.nio.file.Path;
import java.util.List;

/**
 * A log that feeds a feature store, as one server has them.
 *
 * @param store what requests read
 * @param log what they and clients append to
 */
record DayEngine(OnlineStore store, EventLog log) implements AutoCloseable {
  /** Small, so that most users are read back from the disk. */
  private static final EmbeddedConfig SIZES = new EmbeddedConfig(2_000, 20_000, 8 << 20);

  /**
   * Where log and users are kept.
   *
   * @param folder of this server
   * @param services the brokers and the Redis address, or empty where all is embedded
   */
  record Place(Path folder, List<String> services) {
    /** Copies the list. */
    Place {
      services = List.copyOf(services);
    }

    boolean isEmbedded() {
      return services.isEmpty();
    }

    Engines.LogEngine.Kafka kafka() {
      return new Engines.LogEngine.Kafka(services.get(0), "day");
    }

    RedisConfig redis() {
      return RedisConfig.of(services.get(1), "day");
    }
  }

  /** Opens both. */
  static DayEngine open(Place place, ApplicationDefinition application, TimeSource clock) {
    OnlineStore store =
        place.isEmbedded()
            ? OnlineStores.embedded(application, place.folder().resolve("features"), SIZES)
            : OnlineStores.redis(application, place.redis());
    return new DayEngine(store, openLog(place, application, clock, store));
  }

  private static EventLog openLog(
      Place place, ApplicationDefinition application, TimeSource clock, OnlineStore store) {
    Path folder = place.folder().resolve("log");
    return place.isEmbedded()
        ? EventLogs.open(EventLogConfig.in(folder), application.schema(), clock, List.of(store))
        : EventLogs.openKafka(
            KafkaLogConfig.of(place.kafka(), folder), application.schema(), clock, List.of(store));
  }

  /** A worker that folds users into Redis from this engine's log. */
  static FeatureWorker worker(
      Place place, ApplicationDefinition application, EventLog log, String id) {
    return OnlineStores.redisWorker(application, place.redis(), id, log);
  }

  @Override
  public void close() {
    try (OnlineStore _ = store;
        EventLog _ = log) {
      // Closed in reverse: the log first.
    }
  }
}
