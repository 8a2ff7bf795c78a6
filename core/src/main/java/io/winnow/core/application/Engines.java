package io.winnow.core.application;

/**
 * What the event log, the online features, the registry and its artefacts are kept in: {@code
 * engines}. Usually set by the environment ({@code WINNOW_ENGINES_LOG}, {@code
 * WINNOW_ENGINES_REGISTRY} and so on), since it differs between a laptop and production.
 *
 * @param log where the truth is
 * @param features where user states are
 * @param registry where releases, rollouts and jobs are recorded
 * @param artifacts where the files of releases are
 */
public record Engines(
    LogEngine log, StoreEngine features, RegistryEngine registry, ArtifactEngine artifacts) {
  /** Everything in files of this process. */
  public static final Engines EMBEDDED =
      new Engines(new LogEngine.Embedded(), new StoreEngine.Embedded());

  /** With registry and artefacts in the data folder. */
  public Engines(LogEngine log, StoreEngine features) {
    this(log, features, new RegistryEngine.Embedded(), new ArtifactEngine.Embedded());
  }

  /** Where releases, rollouts and jobs are recorded. */
  public sealed interface RegistryEngine {
    /** {@code embedded}: a database in a file of the data folder. */
    record Embedded() implements RegistryEngine {
      @Override
      public String toString() {
        return "embedded";
      }
    }

    /**
     * {@code postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE}: shared by all servers of an
     * application.
     *
     * @param host with its port
     * @param database its name
     * @param user who logs in
     * @param password empty for none
     */
    record Postgres(String host, String database, String user, String password)
        implements RegistryEngine {
      /** As the application file writes it, but for the password. */
      @Override
      public String toString() {
        return "postgresql://" + user + "@" + host + "/" + database;
      }
    }
  }

  /** Where the files of releases are. */
  public sealed interface ArtifactEngine {
    /** {@code embedded}: in the data folder. */
    record Embedded() implements ArtifactEngine {
      @Override
      public String toString() {
        return "embedded";
      }
    }

    /**
     * A folder that all servers of an application mount, such as {@code /mnt/winnow/releases}.
     *
     * @param path absolute
     */
    record Folder(String path) implements ArtifactEngine {
      @Override
      public String toString() {
        return path;
      }
    }
  }

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
