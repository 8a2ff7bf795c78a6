package io.winnow.lifecycle.jobs;

import io.winnow.core.application.Engines.RegistryEngine;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import java.nio.file.Path;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The conformance suite on the embedded database. */
final class EmbeddedJobRunnerTest extends JobRunnerConformance {
  @TempDir private Path folder;
  private Registry registry;

  @BeforeEach
  void open() {
    registry = Registries.open(new RegistryEngine.Embedded(), folder, () -> 7);
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
