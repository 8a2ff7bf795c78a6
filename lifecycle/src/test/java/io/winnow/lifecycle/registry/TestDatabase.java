package io.winnow.lifecycle.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines.RegistryEngine;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** Databases of tests, which come, go and come back. */
public final class TestDatabase {
  /** The database that every server has. */
  public static final String DEFAULT = "postgres";

  private static final AtomicInteger DATABASES = new AtomicInteger();

  private TestDatabase() {}

  /** A port that nobody listened on a moment ago. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** Starts a server on the data that an earlier one left in a folder, or on none. */
  public static EmbeddedPostgres start(int port, Path folder) throws IOException {
    return EmbeddedPostgres.builder()
        .setPort(port)
        .setDataDirectory(folder.resolve("database"))
        .setCleanDataDirectory(false)
        .start();
  }

  /** Makes a database of its own for a test, and gives its name. */
  public static String create(EmbeddedPostgres server) throws SQLException {
    String name = "winnow" + DATABASES.incrementAndGet();
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    }
    return name;
  }

  /** Where an application finds a database. */
  public static RegistryEngine engine(int port, String database) {
    return new RegistryEngine.Postgres("localhost:" + port, database, "postgres", "");
  }

  /** Asks again while it is away; every refusal has to say so. */
  public static <T> T untilItAnswers(Supplier<T> call) {
    while (true) {
      try {
        return call.get();
      } catch (WinnowException e) {
        assertEquals(ErrorCode.UNAVAILABLE, e.code(), e.getMessage());
      }
    }
  }
}
