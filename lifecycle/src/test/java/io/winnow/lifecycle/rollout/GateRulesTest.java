package io.winnow.lifecycle.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.lifecycle.evaluation.Calibration;
import io.winnow.lifecycle.evaluation.PairedDifference;
import io.winnow.lifecycle.evaluation.ReleaseComparison;
import io.winnow.lifecycle.evaluation.ReleaseComparison.Answers;
import io.winnow.lifecycle.evaluation.ReleaseComparison.Segment;
import io.winnow.lifecycle.evaluation.ReleaseComparison.Side;
import io.winnow.lifecycle.rollout.GateReport.Check;
import io.winnow.lifecycle.rollout.GateReport.Verdict;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What follows from figures. */
final class GateRulesTest {
  private static final Answers WHOLE = new Answers(0, 0, 0);
  private static final Calibration GOOD =
      new Calibration(5_000, 400, 0.012, 0.004, 0.02, 1.05, 0.95, 1.15);
  private static final PairedDifference EQUAL = difference(1_000, 0.01, -0.03, 0.05);

  private final GateRules rules =
      new GateRules(GateWorld.definition(), GateWorld.definition().operations().rollout().gate());

  private static PairedDifference difference(
      int outcomes, double relative, double low, double high) {
    return new PairedDifference(outcomes, 100, 0.5 * (1 + relative), 0.5, relative, low, high);
  }

  private static Side side(Calibration calibration, double p95Ms, List<String> failures) {
    return new Side(Map.of("click", calibration), 200, p95Ms / 2, p95Ms, failures, List.of());
  }

  private static ReleaseComparison comparison(
      int outcomes,
      @Nullable PairedDifference shown,
      @Nullable PairedDifference organic,
      Side candidate,
      Side champion,
      Map<String, Segment> segments) {
    return new ReleaseComparison(
        outcomes,
        true,
        shown,
        organic,
        Map.of("two_tower", EQUAL),
        100,
        candidate,
        champion,
        segments,
        "");
  }

  private Check metric(
      int outcomes, @Nullable PairedDifference shown, @Nullable PairedDifference organic) {
    Side side = side(GOOD, 10, List.of());
    return rules.metric(comparison(outcomes, shown, organic, side, side, Map.of()));
  }

  @Test
  void metric_noShownLoss_passesHoweverLargeTheBestEstimate() {
    assertEquals(Verdict.PASSED, metric(1_000, EQUAL, null).verdict());
    assertEquals(
        Verdict.PASSED, metric(1_000, difference(1_000, -0.2, -0.45, 0.01), null).verdict());
  }

  @Test
  void metric_shownLossThatIsAllowed_passes() {
    assertEquals(
        Verdict.PASSED, metric(1_000, difference(1_000, -0.04, -0.07, -0.01), null).verdict());
  }

  @Test
  void metric_shownLossOfMoreThanAllowed_failsByEitherKindOfOutcome() {
    PairedDifference worse = difference(1_000, -0.08, -0.12, -0.04);
    Check shown = metric(1_000, worse, EQUAL);
    assertEquals(Verdict.FAILED, shown.verdict());
    assertTrue(shown.text().contains("shown 0.4600 against 0.5000, -8.0 %"), shown.text());
    assertEquals(Verdict.FAILED, metric(1_000, EQUAL, worse).verdict());
    assertEquals(-0.08, metric(1_000, EQUAL, worse).numbers().get("organic.relative"));
  }

  @Test
  void metric_fewOutcomes_waitsUnlessTheLossIsShownAllTheSame() {
    assertEquals(Verdict.WAITING, metric(150, difference(150, 0, -0.1, 0.1), null).verdict());
    assertEquals(Verdict.WAITING, metric(500, null, null).verdict());
    assertEquals(Verdict.WAITING, metric(500, difference(20, -0.5, -0.6, -0.4), null).verdict());
    assertEquals(Verdict.FAILED, metric(150, difference(150, -0.4, -0.6, -0.2), null).verdict());
  }

  private Check calibration(Calibration candidate, Calibration champion) {
    return rules.calibration(
        comparison(
            1_000,
            EQUAL,
            null,
            side(candidate, 10, List.of()),
            side(champion, 10, List.of()),
            Map.of()));
  }

  @Test
  void calibration_good_passes() {
    assertEquals(Verdict.PASSED, calibration(GOOD, GOOD).verdict());
  }

  @Test
  void calibration_errorBeyondChanceAndThreshold_fails() {
    Calibration bad = new Calibration(5_000, 400, 0.09, 0.08, 0.02, 1.6, 1.4, 1.8);
    assertEquals(Verdict.FAILED, calibration(bad, GOOD).verdict());
    Calibration byChance = new Calibration(300, 40, 0.09, 0.06, 0.1, 1.6, 1.1, 2.3);
    assertEquals(Verdict.PASSED, calibration(byChance, GOOD).verdict());
  }

  @Test
  void calibration_rareOutcomesPredictedFarTooSeldom_fails() {
    Calibration seldom = new Calibration(5_000, 100, 0.016, 0.014, 0.005, 0.2, 0.15, 0.26);
    assertEquals(Verdict.FAILED, calibration(seldom, GOOD).verdict());
    Calibration often = new Calibration(5_000, 100, 0.04, 0.035, 0.005, 3, 2.4, 3.8);
    assertEquals(Verdict.FAILED, calibration(often, GOOD).verdict());
  }

  @Test
  void calibration_asBadAsTheChampions_passes() {
    Calibration bad = new Calibration(5_000, 400, 0.2, 0.19, 0.02, 2.9, 2.6, 3.2);
    assertEquals(Verdict.PASSED, calibration(bad, bad).verdict());
  }

  @Test
  void calibration_fewOutcomes_informsOnly() {
    Calibration few = new Calibration(5_000, 20, 0.2, 0.19, 0.02, 50, 30, 90);
    assertEquals(Verdict.PASSED, calibration(few, GOOD).verdict());
  }

  private Check answers(Map<String, Segment> segments, List<String> failures) {
    return rules.answers(
        comparison(
            1_000, EQUAL, null, side(GOOD, 10, failures), side(GOOD, 10, List.of()), segments));
  }

  @Test
  void answers_shortForOneKindOfUsers_failsAndNamesThem() {
    Segment all = new Segment(200, new Answers(0, 5, 0), WHOLE, 5, 0);
    Segment some = new Segment(20, new Answers(0, 5, 0), WHOLE, 5, 0);
    Check check = answers(Map.of("all", all, "new users", some), List.of());
    assertEquals(Verdict.FAILED, check.verdict());
    assertTrue(check.text().contains("new users: of 20 answers 0 failed, 5 were short"));
    assertEquals(5 / 200.0, check.numbers().get("shorter"));
  }

  @Test
  void answers_aFewEitherWay_passes() {
    Segment all = new Segment(200, new Answers(0, 3, 0), new Answers(0, 3, 0), 3, 3);
    assertEquals(Verdict.PASSED, answers(Map.of("all", all), List.of()).verdict());
    Segment three = new Segment(200, new Answers(0, 3, 0), WHOLE, 3, 0);
    assertEquals(Verdict.PASSED, answers(Map.of("all", three), List.of()).verdict());
  }

  @Test
  void answers_anErrorThatTheChampionDoesNotHave_fails() {
    Segment all = new Segment(200, new Answers(1, 0, 0), WHOLE, 1, 0);
    Check check = answers(Map.of("all", all), List.of("IllegalStateException: no such row"));
    assertEquals(Verdict.FAILED, check.verdict());
    assertTrue(check.text().contains("no such row"), check.text());
  }

  private Verdict latency(double candidateMs, double championMs) {
    return rules
        .latency(
            comparison(
                1_000,
                EQUAL,
                null,
                side(GOOD, candidateMs, List.of()),
                side(GOOD, championMs, List.of()),
                Map.of()))
        .verdict();
  }

  @Test
  void latency_moreThanTheRatioAllows_failsAboveTheFloor() {
    assertEquals(Verdict.PASSED, latency(19, 10));
    assertEquals(Verdict.FAILED, latency(21, 10));
    assertEquals(Verdict.PASSED, latency(4.9, 0.5));
    assertEquals(Verdict.FAILED, latency(5.1, 0.5));
  }

  @Test
  void retrieval_aSourceThatFindsAThird_failsByName() {
    Side side = side(GOOD, 10, List.of());
    PairedDifference third = difference(1_000, -0.66, -0.7, -0.6);
    ReleaseComparison comparison =
        new ReleaseComparison(
            1_000,
            true,
            EQUAL,
            null,
            Map.of("two_tower", third, "ease", EQUAL),
            100,
            side,
            side,
            Map.of(),
            "");
    Check check = rules.retrieval(comparison);
    assertEquals(Verdict.FAILED, check.verdict());
    assertTrue(check.text().contains("two_tower"), check.text());
    assertTrue(!check.text().contains("ease"), check.text());
  }

  @Test
  void memory_moreThanTheRatioAllows_failsAboveTheFloor() {
    double mebi = 1 << 20;
    assertEquals(Verdict.PASSED, GateRules.memory(19 * mebi, 10 * mebi, 2).verdict());
    assertEquals(Verdict.FAILED, GateRules.memory(21 * mebi, 10 * mebi, 2).verdict());
    assertEquals(Verdict.PASSED, GateRules.memory(4 * mebi, 1 * mebi, 2).verdict());
    assertEquals(Verdict.PASSED, GateRules.memory(900 * mebi, Double.NaN, 2).verdict());
  }
}
