package io.winnow.lifecycle.registry;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/**
 * A database whose schema is brought up to date by whoever connects first. It may be away when it
 * is made, and go away and come back later: what is asked of it meanwhile fails with {@code
 * UNAVAILABLE} within about two seconds, and nothing has to be opened again. Thread-safe.
 */
final class Database implements AutoCloseable {
  private static final String MIGRATIONS = "classpath:io/winnow/lifecycle/registry/migrations";
  private static final int MAX_CONNECTIONS = 10;
  private static final int MAX_ATTEMPTS = 5;
  private static final long CONNECT_MS = 1_500;
  private static final long VALIDATE_MS = 1_000;

  private final String name;
  private final HikariDataSource pool;
  private final DataSource migrator;
  private final @Nullable Path migrationLock;
  private final DataSource migrated = new Migrated();
  private final Jdbi jdbi = Jdbi.create(migrated);
  private final ReentrantLock migrating = new ReentrantLock();
  private volatile boolean ready;

  /**
   * @param name of the database, for people; without a password
   * @param source gives connections that do not wait long
   * @param migrator gives connections whose statements may take their time
   * @param migrationLock a file that is locked while the schema is made, where the database does
   *     not keep others out meanwhile (H2 commits at each statement that changes the schema); or
   *     null
   */
  Database(String name, DataSource source, DataSource migrator, @Nullable Path migrationLock) {
    this.name = name;
    this.migrator = migrator;
    this.migrationLock = migrationLock;
    HikariConfig config = new HikariConfig();
    config.setPoolName("registry");
    config.setDataSource(source);
    config.setMaximumPoolSize(MAX_CONNECTIONS);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(CONNECT_MS);
    config.setValidationTimeout(VALIDATE_MS);
    config.setInitializationFailTimeout(-1); // it may be away now
    this.pool = new HikariDataSource(config);
  }

  /** Work within a transaction. */
  @FunctionalInterface
  interface Work<T> {
    /** Does it; may be called again, after what it did was rolled back. */
    T in(Handle handle);
  }

  /**
   * Does something in one transaction.
   *
   * @throws WinnowException that the work throws, or with {@code UNAVAILABLE}; nothing has changed
   *     then
   */
  <T> T transaction(Work<T> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return jdbi.inTransaction(work::in);
      } catch (JdbiException e) {
        if (attempt == MAX_ATTEMPTS || !SqlFailures.isRetriable(e)) {
          throw SqlFailures.of("registry " + name, e);
        }
      }
    }
  }

  /** The same, for what gives no answer. */
  void run(Consumer<Handle> work) {
    transaction(handle -> {
      work.accept(handle);
      return true;
    });
  }

  /** Connections to the database, its schema up to date. */
  DataSource dataSource() {
    return migrated;
  }

  @Override
  public void close() {
    pool.close();
  }

  /** Runs the migrations that the database lacks; once, whoever comes first. */
  private void migrate() throws SQLException {
    if (ready) {
      return;
    }
    try {
      if (!migrating.tryLock(CONNECT_MS, TimeUnit.MILLISECONDS)) {
        throw new SQLException("its schema is being brought up to date", "57P03");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("interrupted", "57014", e);
    }
    try {
      if (!ready) {
        if (migrationLock == null) {
          bringUpToDate();
        } else {
          bringUpToDateAlone(migrationLock);
        }
        ready = true;
      }
    } catch (FlywayException e) {
      SQLException cause = SqlFailures.sqlException(e);
      throw new SQLException(
          "its schema cannot be brought up to date: " + SqlFailures.message(e),
          cause == null ? "" : cause.getSQLState(),
          e);
    } finally {
      migrating.unlock();
    }
  }

  private void bringUpToDate() {
    Flyway.configure().dataSource(migrator).locations(MIGRATIONS).loggers("slf4j").load().migrate();
  }

  /** One at a time: over all processes by the file, within this one by its interned name. */
  private void bringUpToDateAlone(Path file) throws SQLException {
    synchronized (file.toString().intern()) {
      try {
        Files.createDirectories(Objects.requireNonNull(file.getParent()));
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock _ = channel.lock()) {
          bringUpToDate();
        }
      } catch (IOException e) {
        throw new SQLException("cannot lock " + file + ": " + e, "58030", e);
      }
    }
  }

  /** The pool, behind the migrations. */
  private final class Migrated implements DataSource {
    @Override
    public Connection getConnection() throws SQLException {
      migrate();
      return pool.getConnection();
    }

    @Override
    public Connection getConnection(String username, String password) throws SQLException {
      throw new SQLFeatureNotSupportedException("another user than the registry's");
    }

    @Override
    public @Nullable PrintWriter getLogWriter() throws SQLException {
      return pool.getLogWriter();
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) throws SQLException {
      pool.setLogWriter(out);
    }

    @Override
    public void setLoginTimeout(int seconds) throws SQLException {
      throw new SQLFeatureNotSupportedException("another timeout than the registry's");
    }

    @Override
    public int getLoginTimeout() throws SQLException {
      return pool.getLoginTimeout();
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
      return pool.getParentLogger();
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
      return pool.unwrap(type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) throws SQLException {
      return pool.isWrapperFor(type);
    }
  }
}
