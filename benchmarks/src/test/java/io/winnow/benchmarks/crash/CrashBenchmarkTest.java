package io.winnow.benchmarks.crash;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.benchmarks.crash.CrashBenchmark.Config;
import io.winnow.benchmarks.crash.CrashBenchmark.Figures;
import io.winnow.core.Seed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CrashBenchmarkTest {
  @TempDir Path folder;

  @Test
  void run_fiveKills_losesNothingDoublesNothingAndStateEqualsReplay() throws IOException {
    List<String> command = CrashBenchmark.javaCommand(CountsWorker.class);
    Figures figures =
        CrashBenchmark.run(new Config(5, folder, 6, 150, new Seed(31), command), CountsState::new);
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
        CrashBenchmark.run(new Config(1, folder, 1, 1, new Seed(1), command), CountsState::new);
    assertTrue(figures.acknowledged() >= 10);
    assertEquals(figures.acknowledged(), figures.lost());
    assertTrue(!figures.holds());
  }
}
