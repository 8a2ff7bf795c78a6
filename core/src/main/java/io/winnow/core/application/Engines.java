package io.winnow.core.application;

/**
 * What the event log and the online features are kept in: {@code engines}. Usually set by the
 * environment ({@code WINNOW_ENGINES_LOG}, {@code WINNOW_ENGINES_FEATURES}), since it differs
 * between a laptop and production.
 *
 * @param log where the truth is
 * @param features where user states are
 */
public record Engines(LogEngine log, StoreEngine features) {
  /** Everything in files of this process. */
  public static final Engines EMBEDDED =
      new Engines(new LogEngine.Embedded(), new StoreEngine.Embedded());

  /** Where the truth is. */
  public sealed interface LogEngine {
    /** {@code embedded}: in files of this process. */
    record Embedded() implements LogEngine {
      @Override
      public String toString() {
        return "embedded";
      }
    }

    /**
     * {@code kafka://HOST:PORT[,HOST:PORT…]/TOPIC}.
     *
     * @param bootstrapServers comma-separated, as Kafka's clients take them
     * @param topic with one partition; created if it is missing
     */
    record Kafka(String bootstrapServers, String topic) implements LogEngine {
      /** As the application file writes it. */
      @Override
      public String toString() {
        return "kafka://" + bootstrapServers + "/" + topic;
      }
    }
  }

  /** Where user states are. */
  public sealed interface StoreEngine {
    /** {@code embedded}: in a RocksDB of this process. */
    record Embedded() implements StoreEngine {
      @Override
      public String toString() {
        return "embedded";
      }
    }

    /**
     * {@code redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?prefix=NAME]}, or {@code rediss://}.
     *
     * @param uri as Redis clients take it, without the prefix
     * @param prefix begins every key, so that applications can share a server; the application's
     *     name if it is not given
     */
    record Redis(String uri, String prefix) implements StoreEngine {
      /** As the application file writes it, but for user and password. */
      @Override
      public String toString() {
        return Credentials.mask(uri) + "?prefix=" + prefix;
      }
    }
  }
}
