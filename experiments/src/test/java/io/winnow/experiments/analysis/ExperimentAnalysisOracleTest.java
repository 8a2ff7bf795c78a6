package io.winnow.experiments.analysis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.experiments.analysis.ExperimentReport.MetricResult;
import io.winnow.experiments.statistics.Cuped;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Moments;
import io.winnow.experiments.statistics.Quantile;
import io.winnow.experiments.statistics.UnitMoments;
import io.winnow.experiments.statistics.UnitTotals;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The joining, against a slow and obvious one, over logs with late, early and equal times. */
final class ExperimentAnalysisOracleTest {
  private static final long EVER = Long.MAX_VALUE;
  private static final long BEFORE_MS = 7 * World.DAY_MS;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void run_disorderedLog_agreesWithTheNaiveJoin(long seed) {
    World world = new World(400, 8, 0.3, true, seed);
    AnalysisRequest request = world.request("ctr", "8", world.endMs());
    ExperimentReport report = ExperimentAnalysis.run(request);
    NaiveAnalysis naive = new NaiveAnalysis(world.records(), "test", 1);
    assertTrue(!naive.mixed().isEmpty(), "the world has units in several arms");
    assertEquals(naive.mixed().size(), report.health().mixed());
    assertEquals(naive.units("control").size(), report.arms().getFirst().units());
    assertEquals(naive.units("treatment").size(), report.arms().get(1).units());
    check(
        report,
        "ctr",
        naive,
        unit ->
            new UnitTotals(
                naive.count(unit, 0, EVER, NaiveAnalysis.ofType("click")),
                naive.count(unit, 0, EVER, NaiveAnalysis::isSlate),
                naive.count(unit, -BEFORE_MS, 0, NaiveAnalysis.ofType("click")),
                naive.count(unit, -BEFORE_MS, 0, NaiveAnalysis::isSlate)));
    ApplicationDefinition application = request.application();
    check(
        report,
        "worth",
        naive,
        unit ->
            new UnitTotals(
                naive.worth(unit, 0, EVER, application.objectives()),
                naive.count(unit, 0, EVER, NaiveAnalysis::isSlate),
                naive.worth(unit, -BEFORE_MS, 0, application.objectives()),
                naive.count(unit, -BEFORE_MS, 0, NaiveAnalysis::isSlate)));
    check(
        report,
        "watch",
        naive,
        unit ->
            new UnitTotals(
                Math.min(120, naive.sum(unit, 0, EVER, ExperimentAnalysisOracleTest::watched)),
                1,
                Math.min(
                    120, naive.sum(unit, -BEFORE_MS, 0, ExperimentAnalysisOracleTest::watched)),
                1));
    check(
        report,
        "news",
        naive,
        unit ->
            new UnitTotals(
                naive.count(unit, 0, EVER, ExperimentAnalysisOracleTest::isNews),
                naive.count(unit, 0, EVER, event -> event.impression() != null),
                naive.count(unit, -BEFORE_MS, 0, ExperimentAnalysisOracleTest::isNews),
                naive.count(unit, -BEFORE_MS, 0, event -> event.impression() != null)));
  }

  @ParameterizedTest
  @ValueSource(longs = {4, 5})
  void run_windows_leaveOutUnitsWhoseTimeIsNotOver(long seed) {
    World world = new World(400, 8, 0.3, true, seed);
    long nowMs = world.endMs();
    ExperimentReport report = ExperimentAnalysis.run(world.request("ctr", "8", nowMs));
    NaiveAnalysis naive = new NaiveAnalysis(world.records(), "test", 1);
    checkFlags(
        report,
        "buyers",
        naive,
        nowMs,
        2 * World.DAY_MS,
        unit ->
            new UnitTotals(
                Math.min(1, naive.count(unit, 0, 2 * World.DAY_MS, NaiveAnalysis.ofType("buy"))),
                1,
                Math.min(1, naive.count(unit, -BEFORE_MS, 0, NaiveAnalysis.ofType("buy"))),
                1));
    checkFlags(
        report,
        "back",
        naive,
        nowMs,
        3 * World.DAY_MS,
        unit ->
            new UnitTotals(
                Math.min(
                    1,
                    naive.count(
                        unit, World.DAY_MS, 3 * World.DAY_MS, event -> event.impression() == null)),
                1,
                Math.min(1, naive.count(unit, -BEFORE_MS, 0, event -> event.impression() == null)),
                1));
  }

  @ParameterizedTest
  @ValueSource(longs = {6})
  void run_quantile_isOverAllEventsOfTheArm(long seed) {
    World world = new World(500, 8, 0.3, true, seed);
    ExperimentReport report = ExperimentAnalysis.run(world.request("ctr", "8", world.endMs()));
    NaiveAnalysis naive = new NaiveAnalysis(world.records(), "test", 1);
    for (int arm = 0; arm < 2; arm++) {
      List<double[]> values = new ArrayList<>();
      for (String unit : naive.units(arm == 0 ? "control" : "treatment")) {
        values.add(
            naive.events(unit).stream()
                .filter(event -> event.type().equals("watch"))
                .filter(event -> event.timeMs() >= naive.firstMs(unit))
                .mapToDouble(event -> (float) event.value())
                .toArray());
      }
      values.removeIf(of -> of.length == 0);
      Estimate expected = Quantile.estimate(0.9, values);
      Estimate actual = metric(report, "p90").arms().get(arm);
      assertEquals(expected.value(), actual.value(), 1e-9);
      assertEquals(expected.standardError(), actual.standardError(), 1e-9);
    }
  }

  private static double watched(Event event) {
    return event.type().equals("watch") ? event.value() : 0;
  }

  /** An item counts for its group from when it was put on. */
  private static boolean isNews(Event event) {
    int item = Integer.parseInt(event.item().value().substring(1));
    return event.impression() != null && item % 4 == 1 && event.timeMs() >= World.putMs(item);
  }

  private static MetricResult metric(ExperimentReport report, String name) {
    return report.metrics().stream()
        .filter(of -> of.metric().name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static void check(
      ExperimentReport report, String name, NaiveAnalysis naive, Function<String, UnitTotals> of) {
    checkFlags(report, name, naive, EVER, 0, of);
  }

  /** Compares values and adjusted values, which the moments of all units decide. */
  private static void checkFlags(
      ExperimentReport report,
      String name,
      NaiveAnalysis naive,
      long nowMs,
      long windowMs,
      Function<String, UnitTotals> of) {
    List<Moments> arms = new ArrayList<>();
    for (String arm : List.of("control", "treatment")) {
      UnitMoments moments = new UnitMoments();
      naive.units(arm).stream()
          .filter(unit -> nowMs - naive.firstMs(unit) >= windowMs)
          .map(of)
          .forEach(moments::add);
      arms.add(moments.snapshot());
    }
    assertTrue(arms.getFirst().mean(Moments.Column.NUMERATOR) > 0, name + " has something in it");
    MetricResult actual = metric(report, name);
    Cuped cuped = Cuped.of(arms);
    for (int arm = 0; arm < 2; arm++) {
      assertEquals(cuped.raw().get(arm).value(), actual.arms().get(arm).value(), 1e-9, name);
      assertEquals(cuped.raw().get(arm).units(), actual.arms().get(arm).units(), name);
    }
    // Conversions are adjusted where ten units of each arm converted and ten did not.
    boolean rare =
        windowMs > 0
            && arms.stream()
                .anyMatch(arm ->
                    Math.min(
                            arm.sum(Moments.Column.NUMERATOR),
                            arm.units() - arm.sum(Moments.Column.NUMERATOR))
                        < 10);
    List<Estimate> expected =
        rare ? arms.stream().map(Estimate::conversion).toList() : cuped.adjusted();
    assertEquals(
        expected.getFirst().value(),
        actual.comparisons().getFirst().contrast().control().value(),
        1e-9,
        name);
    assertEquals(
        expected.get(1).standardError(),
        actual.comparisons().getFirst().contrast().treatment().standardError(),
        1e-9,
        name);
  }
}
