package io.winnow.lifecycle.jobs;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import javax.sql.DataSource;
import org.h2.jdbcx.JdbcConnectionPool;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** The conformance suite on the embedded database. */
final class EmbeddedJobRunnerTest extends JobRunnerConformance {
  private final JdbcConnectionPool pool =
      JdbcConnectionPool.create(
          "jdbc:h2:mem:jobs;MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DB_CLOSE_DELAY=-1", "sa", "");

  @BeforeEach
  void createTables() {
    for (String script : new String[] {"V2__scheduled_tasks.sql", "V10__jobs.sql"}) {
      try (InputStream in =
          JobQueue.class.getResourceAsStream(
              "/io/winnow/lifecycle/registry/migrations/" + script)) {
        String sql = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        Jdbi.create(pool).useHandle(handle -> handle.createScript(sql).execute());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @AfterEach
  void dropTables() {
    Jdbi.create(pool).useHandle(handle -> handle.execute("DROP ALL OBJECTS"));
    pool.dispose();
  }

  @Override
  DataSource database() {
    return pool;
  }
}
