package io.winnow.lifecycle.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.TimeSource;
import io.winnow.core.application.Engines.RegistryEngine;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registry in a file. */
final class H2RegistryTest extends RegistryConformance {
  @TempDir private Path folder;

  @Override
  Registry open(TimeSource clock) {
    return Registries.open(new RegistryEngine.Embedded(), folder, clock);
  }

  @Test
  void change_inAThreadThatIsInterrupted_harmsNoOther() {
    try (Registry registry = open(() -> 7)) {
      registry.register(manifest("v1", 1));
      for (long revision = 1; revision <= 20; revision++) {
        ServingPlan next = registry.plan().promote("v1");
        Thread.currentThread().interrupt();
        registry.change(next, "promote", CAUSE);
        assertTrue(Thread.interrupted(), "it was interrupted all the time");
        assertEquals(revision, registry.plan().revision());
      }
    }
    try (Registry again = open(() -> 7)) {
      assertEquals(20, again.plan().revision());
    }
  }
}
