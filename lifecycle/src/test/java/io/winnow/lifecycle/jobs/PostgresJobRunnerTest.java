package io.winnow.lifecycle.jobs;

import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.TestDatabase;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The conformance suite on PostgreSQL. */
final class PostgresJobRunnerTest extends JobRunnerConformance {
  private static EmbeddedPostgres server;
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
    registry =
        Registries.open(
            TestDatabase.engine(server.getPort(), TestDatabase.create(server)), folder, () -> 7);
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
}
