package io.winnow.benchmarks.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.benchmarks.crash.CrashBenchmark.Config;
import io.winnow.benchmarks.crash.CrashBenchmark.Figures;
import io.winnow.core.Seed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CrashBenchmarkTest {
  @TempDir Path folder;

  private DerivedState fresh() {
    try {
      return new CountsState(Files.createTempDirectory(folder, "replay-"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void run_twoKillsOfAFeatureStore_losesNothingAndValuesEqualAReplay() throws IOException {
    List<String> command = CrashBenchmark.javaCommand(FeatureStoreWorker.class);
    Figures figures =
        CrashBenchmark.run(
            new Config(2, folder.resolve("log"), 4, 60, new Seed(5), command),
            FeatureStoreState::embedded,
            FeatureStoreState::inMemory);
    assertTrue(figures.acknowledged() > 20, "acknowledged " + figures.acknowledged());
    assertTrue(figures.holds(), figures.toString());
  }

  @Test
  void run_fiveKills_losesNothingDoublesNothingAndStateEqualsReplay() throws IOException {
    List<String> command = CrashBenchmark.javaCommand(CountsWorker.class);
    Figures figures =
        CrashBenchmark.run(
            new Config(5, folder.resolve("log"), 6, 150, new Seed(31), command),
            CountsState::new,
            this::fresh);
    assertEquals(5, figures.kills());
    assertTrue(figures.acknowledged() > 100, "acknowledged " + figures.acknowledged());
    assertEquals(0, figures.lost());
    assertEquals(0, figures.doubled());
    assertEquals(0, figures.replayDifferences());
    assertTrue(figures.holds());
  }

  @Test
  void run_workerThatForgets_isFound() throws IOException {
    List<String> command = CrashBenchmark.javaCommand(ForgetfulWorker.class);
    Figures figures =
        CrashBenchmark.run(
            new Config(1, folder.resolve("log"), 1, 1, new Seed(1), command),
            CountsState::new,
            this::fresh);
    assertTrue(figures.acknowledged() >= 10);
    assertEquals(figures.acknowledged(), figures.lost());
    assertTrue(!figures.holds());
  }
}
