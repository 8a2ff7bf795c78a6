package io.winnow.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.rollout.BadKind;
import io.winnow.benchmarks.rollout.BadReleases;
import io.winnow.benchmarks.rollout.ClickCurve;
import io.winnow.benchmarks.rollout.Trial;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.Release;
import io.winnow.simulator.WorldConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rollout benchmark in a small world. */
final class RolloutBenchTest {
  @TempDir private static Path folder;

  private static final ConsoleProgress SILENT =
      new ConsoleProgress(new PrintWriter(new StringWriter()));

  private static RolloutBase base;

  @BeforeAll
  static void trainTwoReleases() {
    base =
        new RolloutBase(
            new RolloutBase.Config(
                new WorldConfig(
                    new WorldConfig.People(500, 5, 0.5),
                    new WorldConfig.Catalogue(150, 5, 30),
                    3,
                    10,
                    1),
                1,
                1),
            folder,
            SILENT);
  }

  @Test
  void bad_brokenAtOnce_areCaughtByTheGateAndNobodySeesThem() {
    List<Trial> trials =
        new RolloutReleases(base, new Seed(1), SILENT).bad(List.of(BadKind.UNUSABLE), 3);
    assertEquals(3, trials.size());
    for (Trial trial : trials) {
      assertEquals("rejected", trial.end().outcome(), trial.toString());
      assertEquals("gate", trial.end().stage());
      assertEquals(0, trial.harm().users());
    }
    RolloutReport report = new RolloutReport(trials, null, null, null);
    Figures figures = report.figures();
    assertTrue(figures.hold());
    assertEquals(3, figures.figures().get("bad.caught_by.gate").value());
    assertTrue(report.toText().contains("unusable"), report.toText());
    assertTrue(report.toHtml().contains("3 rejected at gate"), report.toHtml());
  }

  @Test
  void badReleases_everyKind_isWhatItSays() {
    try (LiveShop shop = base.open()) {
      BadReleases bad = new BadReleases(shop.node().releases(), shop.clock(), new Seed(1));
      Set<String> versions = new TreeSet<>();
      Set<String> refused = new TreeSet<>();
      for (BadKind kind : BadKind.values()) {
        for (int number = 0; number < 3 && kind != BadKind.SHUFFLED_LABELS; number++) {
          String version =
              bad.publish(new BadReleases.Order(kind, number, 1), base.champion(), base.other())
                  .version();
          versions.add(version);
          try {
            Release.load(shop.node().releases(), version);
          } catch (WinnowException damaged) {
            refused.add(kind.label() + number);
          }
        }
      }
      assertEquals(27, versions.size());
      // The flipped byte; missing features are told when a release meets a store.
      assertEquals(Set.of("unusable0"), refused);
    }
  }

  @Test
  void livedTruth_ofADamagedRelease_isALoss() {
    Release damaged;
    try (LiveShop shop = base.open()) {
      String version =
          new BadReleases(shop.node().releases(), shop.clock(), new Seed(1))
              .publish(
                  new BadReleases.Order(BadKind.BIASED_RANKER, 0, BadReleases.SEVERITY_MAX),
                  base.champion(),
                  base.other())
              .version();
      damaged = Release.load(shop.node().releases(), version);
    }
    double lift = new LivedTruth(base, 1_000).lift(damaged);
    assertTrue(lift < -0.1 && lift > -1, "lift " + lift);
  }

  @Test
  void rollback_underLoad_losesAndMixesNothing() {
    RolloutWayBack.Result result = new RolloutWayBack(base, SILENT).run(1);
    assertEquals(600, result.requests());
    assertEquals(0, result.failed());
    assertEquals(0, result.mixed());
    assertTrue(result.firstMs().getFirst() > 0, result.toString());
  }

  @Test
  void report_recovery_showsBothCurves() {
    ClickCurve with = new ClickCurve(0, 86_400_000L);
    ClickCurve without = new ClickCurve(0, 86_400_000L);
    for (int day = 0; day < 6; day++) {
      with.add(day * 86_400_000L, day == 2 ? 1 : 4);
      without.add(day * 86_400_000L, day < 2 ? 4 : 2);
    }
    RolloutReport report =
        new RolloutReport(
            null,
            null,
            null,
            new RolloutReport.Recovery(
                RolloutRecovery.Plan.DEFAULT, course(with, 3.8), course(without)));
    assertEquals(1, report.figures().figures().get("recovery.with_retraining").value());
    assertEquals(0.5, report.figures().figures().get("recovery.without").value());
    assertTrue(report.figures().hold());
    assertTrue(report.toHtml().contains("tastes move"));
    assertTrue(report.toText().contains("4.000"));
    assertTrue(Json.write(report.details()).contains("with_retraining"));
  }

  private static RolloutRecovery.Course course(ClickCurve curve, double... lives) {
    return new RolloutRecovery.Course(
        curve,
        curve.between(1, 2),
        curve.between(2, 3),
        curve.between(4, 5),
        java.util.Arrays.stream(lives).boxed().toList());
  }
}
