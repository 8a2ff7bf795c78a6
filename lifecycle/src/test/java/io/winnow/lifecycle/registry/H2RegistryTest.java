package io.winnow.lifecycle.registry;

import io.winnow.core.TimeSource;
import io.winnow.core.application.Engines.RegistryEngine;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The registry in a file. */
final class H2RegistryTest extends RegistryConformance {
  @TempDir private Path folder;

  @Override
  Registry open(TimeSource clock) {
    return Registries.open(new RegistryEngine.Embedded(), folder, clock);
  }
}
