package io.winnow.benchmarks;

import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.crash.CrashBenchmark;
import io.winnow.benchmarks.crash.FeatureStoreState;
import io.winnow.benchmarks.crash.FeatureStoreWorker;
import io.winnow.core.Seed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/** Kills a log that feeds a feature store, and reports what was lost. */
public final class CrashFigures {
  private static final int WRITERS = 8;
  private static final int ACKNOWLEDGEMENTS_MAX = 300;

  private CrashFigures() {}

  /**
   * Runs {@link CrashBenchmark} with the feature store as the derived state.
   *
   * @param folder takes the log and the state; must be empty or missing
   */
  public static Figures run(int kills, Path folder, Seed seed) {
    try {
      CrashBenchmark.Figures found =
          CrashBenchmark.run(
              new CrashBenchmark.Config(
                  kills,
                  folder,
                  WRITERS,
                  ACKNOWLEDGEMENTS_MAX,
                  seed,
                  CrashBenchmark.javaCommand(FeatureStoreWorker.class)),
              FeatureStoreState::embedded,
              FeatureStoreState::inMemory);
      return new Figures.Builder("crash")
          .count("kills", found.kills(), "processes")
          .count("acknowledged", found.acknowledged(), "events", Goal.atLeast(1))
          .count("lost", found.lost(), "events", Goal.exactly(0))
          .count("doubled", found.doubled(), "events", Goal.exactly(0))
          .count("replay_differences", found.replayDifferences(), "values", Goal.exactly(0))
          .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
