package io.winnow.lifecycle.registry;

import io.winnow.core.TimeSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The registry in PostgreSQL: one server for the class, one database for each test. */
final class PostgresRegistryTest extends RegistryConformance {
  private static EmbeddedPostgres server;
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
      try {
        database = TestDatabase.create(server);
      } catch (SQLException e) {
        throw new AssertionError(e);
      }
    }
    return Registries.open(
        TestDatabase.engine(server.getPort(), database), java.nio.file.Path.of("unused"), clock);
  }
}
