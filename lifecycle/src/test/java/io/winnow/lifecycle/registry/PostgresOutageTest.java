package io.winnow.lifecycle.registry;

import static io.winnow.lifecycle.registry.TestDatabase.untilItAnswers;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Engines.RegistryEngine;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A registry in PostgreSQL that comes late, goes away and comes back. */
@Timeout(120)
final class PostgresOutageTest {
  /** Longer than any of its timeouts together; shorter than a request that hangs. */
  private static final Duration NOT_FOR_EVER = Duration.ofSeconds(20);

  @TempDir private Path folder;

  @Test
  void calls_whileTheDatabaseIsAway_failAsUnavailableAndGoOnWhenItIsBack() throws Exception {
    int port = TestDatabase.freePort();
    RegistryEngine engine = TestDatabase.engine(port, TestDatabase.DEFAULT);
    try (Registry registry = Registries.open(engine, folder, () -> 7)) {
      assertUnavailable(registry::plan);
      assertUnavailable(registry::releases);

      try (EmbeddedPostgres _ = TestDatabase.start(port, folder)) {
        assertEquals(ServingPlan.EMPTY, untilItAnswers(registry::plan));
        registry.register(RegistryConformance.manifest("v1", 1));
        registry.change(registry.plan().promote("v1"), "promote", RegistryConformance.CAUSE);
      }
      assertUnavailable(registry::plan);
      assertUnavailable(() ->
          registry.change(
              new ServingPlan(1, null, null, null, ServingPlan.Canary.NONE, null, 0),
              "withdraw",
              RegistryConformance.CAUSE));
      assertUnavailable(() -> {
        try (Connection connection = registry.dataSource().getConnection()) {
          return connection;
        } catch (SQLException e) {
          throw new WinnowException(ErrorCode.UNAVAILABLE, "as it should be", e);
        }
      });

      try (EmbeddedPostgres _ = TestDatabase.start(port, folder)) {
        assertEquals("v1", untilItAnswers(registry::plan).champion());
        assertEquals(1, registry.plan().revision(), "what failed changed nothing");
        assertEquals(
            2,
            registry
                .change(registry.plan().promote("v1"), "promote", RegistryConformance.CAUSE)
                .revision());
      }
    }
  }

  private static void assertUnavailable(Supplier<?> call) {
    long startedNs = System.nanoTime();
    WinnowException thrown = assertThrows(WinnowException.class, call::get);
    assertEquals(ErrorCode.UNAVAILABLE, thrown.code(), thrown.getMessage());
    assertTrue(System.nanoTime() - startedNs < NOT_FOR_EVER.toNanos());
  }
}
