package io.winnow.lifecycle.registry;

import io.winnow.core.TimeSource;
import io.winnow.core.application.Engines.RegistryEngine;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The registry in PostgreSQL: one server for the class, one database for each test. */
final class PostgresRegistryTest extends RegistryConformance {
  private static EmbeddedPostgres server;
  private static int databases;
  private String database = "";

  @BeforeAll
  static void startServer() throws IOException {
    server = EmbeddedPostgres.builder().start();
  }

  @AfterAll
  static void stopServer() throws IOException {
    server.close();
  }

  @Override
  Registry open(TimeSource clock) {
    if (database.isEmpty()) {
      database = create();
    }
    return Registries.open(
        new RegistryEngine.Postgres("localhost:" + server.getPort(), database, "postgres", ""),
        java.nio.file.Path.of("unused"),
        clock);
  }

  private static String create() {
    String name = "winnow" + databases++;
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
      return name;
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
