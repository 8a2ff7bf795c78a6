package io.winnow.benchmarks.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.benchmarks.Figures;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Small runs, with bounds of about four standard errors around what the whole ones find. */
final class StatisticsBenchmarksTest {
  private static final Seed SEED = new Seed(1);

  private static void assertBetween(double low, double high, Figures figures, String name) {
    double value = Objects.requireNonNull(figures.figures().get(name), name).value();
    assertTrue(low <= value && value <= high, name + ": " + value);
  }

  @Test
  void sequential_fewExperiments_keepAlphaAndFindTheEffect() {
    Figures figures =
        SequentialBenchmark.run(new SequentialBenchmark.Config(400, 20, 1000, 2, SEED));
    assertBetween(0.01, 0.09, figures, "aa.planned.false_positive_rate");
    assertBetween(0.01, 0.09, figures, "aa.one_look.false_positive_rate");
    assertBetween(0.001, 0.06, figures, "aa.always_valid.false_positive_rate");
    assertBetween(0.70, 0.88, figures, "aa.one_look.power");
    assertBetween(0.90, 1.0, figures, "aa.planned.power_ratio");
    assertBetween(0.54, 0.80, figures, "aa.always_valid.power");
    assertBetween(0.92, 0.99, figures, "aa.different.planned.coverage");
    // Who looks twenty times with 1.96 is wrong far more often than one in twenty times.
    double naive =
        Objects.requireNonNull(
                Objects.requireNonNull(figures.figures().get("aa.planned.false_positive_rate"))
                    .peer())
            .value();
    assertTrue(naive > 0.15, "naive " + naive);
  }

  @Test
  void cuped_fewExperiments_takesTheCorrelationOutAndStaysUnbiased() {
    Figures figures = CupedBenchmark.run(new CupedBenchmark.Config(4000, 100, 2, SEED));
    assertBetween(0, 0.10, figures, "cuped.variance_ratio_error");
    for (String rho : new String[] {"30", "50", "80"}) {
      assertBetween(-4, 4, figures, "cuped.rho_" + rho + ".bias");
      assertBetween(0.9, 1.1, figures, "cuped.rho_" + rho + ".claimed_variance");
      assertBetween(0.93, 0.97, figures, "cuped.rho_" + rho + ".coverage");
    }
    for (String metric : new String[] {"new_users", "ratio"}) {
      assertBetween(0, 0.15, figures, "cuped." + metric + ".variance_ratio_error");
      assertBetween(-4, 4, figures, "cuped." + metric + ".bias");
      assertBetween(0.85, 1.15, figures, "cuped." + metric + ".claimed_variance");
      assertBetween(0.91, 0.98, figures, "cuped." + metric + ".coverage");
    }
  }

  @Test
  void sampleRatio_fewExperiments_alarmsWhereUsersAreMissing() {
    SampleRatioBenchmark.Config config =
        new SampleRatioBenchmark.Config(
            10_000,
            1000,
            20,
            500_000,
            SampleRatioBenchmark.Config.defaults(SEED, 2).draws(),
            2,
            SEED);
    Figures figures = SampleRatioBenchmark.run(config);
    assertBetween(0.00005, 0.0025, figures, "srm.null_rate");
    assertBetween(0.95, 1, figures, "srm.detection");
    // An assignment that forgets one user in fifty of the first arm.
    Figures broken =
        SampleRatioBenchmark.run(
            new SampleRatioBenchmark.Config(
                20,
                100_000,
                1,
                1000,
                salt ->
                    unit -> {
                      long bits = Seed.mix(salt ^ Seed.mix(unit));
                      double draw = (bits >>> 11) * 0x1p-53;
                      return draw < 0.5 && bits % 50 == 0 ? 0.75 : draw;
                    },
                2,
                SEED));
    assertBetween(0.8, 1, broken, "srm.null_rate");
  }

  @Test
  void run_anyNumberOfThreads_findsTheSameFigures() {
    assertEquals(
        SequentialBenchmark.run(new SequentialBenchmark.Config(10, 5, 200, 1, SEED)).figures(),
        SequentialBenchmark.run(new SequentialBenchmark.Config(10, 5, 200, 3, SEED)).figures());
    assertEquals(
        CupedBenchmark.run(new CupedBenchmark.Config(50, 40, 1, SEED)).figures(),
        CupedBenchmark.run(new CupedBenchmark.Config(50, 40, 3, SEED)).figures());
  }

  @Test
  void config_tooSmall_isRefusedWithEveryProblem() {
    WinnowException refused =
        assertThrows(WinnowException.class, () -> new SequentialBenchmark.Config(0, 0, 5, 1, SEED));
    assertEquals(3, refused.problems().size());
    assertThrows(WinnowException.class, () -> new CupedBenchmark.Config(1, 40, 1, SEED));
  }
}
