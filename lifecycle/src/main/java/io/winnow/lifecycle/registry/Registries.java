package io.winnow.lifecycle.registry;

import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines.RegistryEngine;
import java.nio.file.Path;
import org.h2.engine.SysProperties;
import org.h2.jdbcx.JdbcDataSource;
import org.postgresql.ds.PGSimpleDataSource;

/** Opens the registry of an application. */
public final class Registries {
  private static final String LOOPBACK = "127.0.0.1";
  private static final int NETWORK_MS = 2_000;
  private static final int LOCK_MS = 1_500;

  private Registries() {}

  /**
   * Opens a registry. Its database may be away: then every call fails with {@code UNAVAILABLE}
   * until it is there, and nothing has to be opened again.
   *
   * @param dataFolder where the embedded database is kept, {@code registry.mv.db}; several
   *     processes of one machine may have it open
   * @param requestClock stamps the ledger and the rollouts
   * @throws WinnowException with {@code INVALID_ARGUMENT} if the folder's name cannot be that of a
   *     database
   */
  public static Registry open(RegistryEngine engine, Path dataFolder, TimeSource requestClock) {
    return switch (engine) {
      case RegistryEngine.Embedded _ -> new JdbcRegistry(embedded(dataFolder), requestClock);
      case RegistryEngine.Postgres postgres -> new JdbcRegistry(postgres(postgres), requestClock);
    };
  }

  /**
   * H2 in a file. The first process that opens it holds the file and serves the others over the
   * loopback device; when it ends, however it ends, another one takes over.
   */
  private static Database embedded(Path dataFolder) {
    String file = dataFolder.toAbsolutePath().normalize().resolve("registry").toString();
    if (file.indexOf(';') >= 0) {
      throw WinnowException.invalid("data", dataFolder, "a folder without ';' in its name");
    }
    // H2 reads this once, when its classes are loaded, and would listen on every device otherwise
    System.setProperty("h2.bindAddress", LOOPBACK);
    if (!LOOPBACK.equals(SysProperties.BIND_ADDRESS)) {
      throw new WinnowException(
          ErrorCode.INTERNAL,
          "h2.bindAddress: %s (expected: %s)".formatted(SysProperties.BIND_ADDRESS, LOOPBACK));
    }
    JdbcDataSource source = new JdbcDataSource();
    // async: an interrupted thread closes a file of the ordinary kind, for all others too;
    // WRITE_DELAY=0: what is committed survives the death of the process
    source.setURL(
        "jdbc:h2:async:"
            + file
            + ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH;AUTO_SERVER=TRUE"
            + ";WRITE_DELAY=0;LOCK_TIMEOUT="
            + LOCK_MS
            + ";NETWORK_TIMEOUT="
            + NETWORK_MS);
    source.setUser("winnow");
    source.setPassword("");
    return new Database(file, source, source, Path.of(file + ".migrating"));
  }

  private static Database postgres(RegistryEngine.Postgres engine) {
    PGSimpleDataSource source = postgresSource(engine);
    source.setSocketTimeout(NETWORK_MS / 1_000);
    source.setOptions("-c lock_timeout=" + LOCK_MS);
    return new Database(engine.toString(), source, postgresSource(engine), null);
  }

  private static PGSimpleDataSource postgresSource(RegistryEngine.Postgres engine) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setURL("jdbc:postgresql://" + engine.host() + "/" + engine.database());
    source.setUser(engine.user());
    if (!engine.password().isEmpty()) {
      source.setPassword(engine.password());
    }
    source.setApplicationName("winnow");
    source.setConnectTimeout(1);
    source.setLoginTimeout(NETWORK_MS / 1_000);
    source.setTcpKeepAlive(true);
    return source;
  }
}
