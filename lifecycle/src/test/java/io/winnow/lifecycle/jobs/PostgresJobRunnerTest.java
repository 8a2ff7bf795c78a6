package io.winnow.lifecycle.jobs;

import io.winnow.core.application.Engines.RegistryEngine;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The conformance suite on PostgreSQL. */
final class PostgresJobRunnerTest extends JobRunnerConformance {
  private static EmbeddedPostgres server;
  private static int databases;
  @TempDir private Path folder;
  private Registry registry;

  @BeforeAll
  static void startServer() throws IOException {
    server = EmbeddedPostgres.builder().start();
  }

  @AfterAll
  static void stopServer() throws IOException {
    server.close();
  }

  @BeforeEach
  void open() throws SQLException {
    String name = "jobs" + databases++;
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    }
    registry = registry(server.getPort(), name);
  }

  @AfterEach
  void close() {
    closeRunners();
    registry.close();
  }

  @Override
  DataSource database() {
    return registry.dataSource();
  }

  private Registry registry(int port, String database) {
    return Registries.open(
        new RegistryEngine.Postgres("localhost:" + port, database, "postgres", ""),
        folder,
        () -> 7);
  }
}
