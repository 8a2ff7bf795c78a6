package io.winnow.lifecycle.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Engines.RegistryEngine;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.registry.Cause;
import io.winnow.lifecycle.registry.LedgerEntry;
import io.winnow.lifecycle.registry.Registries;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.Rollout.Stage;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.CanarySplit.Side;
import io.winnow.lifecycle.rollout.GateReport.Check;
import io.winnow.lifecycle.rollout.GateReport.Verdict;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ladder over a registry in a file, with made-up observations and a generated log. */
final class PromotionLadderTest {
  private static final ApplicationDefinition APPLICATION =
      ApplicationFile.parse(
              """
              application: clips
              events: [click]
              outcome_window: 30m
              rollout:
                shadow: { share: 0.5, min_requests: 200, patience: 1h }
                canary: { shares: [0.1, 0.4], min_slates: 300, max_loss: 0.3, patience: 2d }
                live: { watch: 10m }
              """,
              "clips.yaml",
              Map.of())
          .definition();
  private static final Cause PERSON = Cause.of("person:test", "a test");
  private static final long DAY_MS = 24 * 3_600_000L;

  @TempDir private Path folder;
  private final AtomicLong nowMs = new AtomicLong(CanaryLog.BEGIN_MS);
  private final CanaryLog log = new CanaryLog(1, 0.2);
  private final TrialRecorder recorder = new TrialRecorder("");
  private Registry registry;
  private PromotionLadder ladder;

  @BeforeEach
  void open() {
    registry = Registries.open(new RegistryEngine.Embedded(), folder, nowMs::get);
    ladder = new PromotionLadder(registry, log, () -> APPLICATION, nowMs::get);
    for (String version : List.of("v0", "v1", "v2")) {
      registry.register(
          new ReleaseManifest(
              version,
              0,
              "clips",
              0,
              Map.of(),
              new ReleaseManifest.Provenance(0, 0, 0, 0, "", "", null),
              Map.of()));
    }
    registry.change(registry.plan().promote("v0"), "promote", PERSON);
    registry.change(registry.plan().promote("v1"), "promote", PERSON);
  }

  @AfterEach
  void close() {
    registry.close();
  }

  private static GateReport report(Verdict verdict) {
    return new GateReport(
        "v2",
        "v1",
        List.of(
            new Check("ndcg@10", verdict, Map.of("difference", 0.01), "as good as the champion")));
  }

  private Rollout begin() {
    return registry.begin("v2", log.endOffset(), PERSON);
  }

  private PromotionLadder.Step judge(Verdict verdict) {
    return ladder.judge(report(verdict), nowMs.get());
  }

  private PromotionLadder.Step step() {
    return ladder.step(nowMs.get());
  }

  private void answers(TrialObservations.Side side, int requests, int errors, double ms) {
    for (int i = 0; i < requests; i++) {
      recorder.answered(
          side, new TrialRecorder.Answer((long) (ms * 1e6), i < errors, i < errors, false));
    }
    registry.observe(
        registry.openRollout().orElseThrow().id(), "s1", recorder.observations().toJson());
  }

  /** Slates answered as the plan says; the challenger's users click so much more. */
  private void slates(int count, double lift) {
    ServingPlan plan = registry.plan();
    CanarySplit split = CanarySplit.of(plan.canary());
    String champion = Objects.requireNonNull(plan.champion());
    log.slates(
        count,
        new CanaryLog.World() {
          @Override
          public String release(UserId user) {
            String challenger = plan.challenger();
            return challenger != null && split.side(user) == Side.CHALLENGER
                ? challenger
                : champion;
          }

          @Override
          public double lift(UserId user) {
            return split.side(user) == Side.CHALLENGER ? lift : 0;
          }
        });
    nowMs.set(log.nowMs());
  }

  private void toShadow() {
    begin();
    assertTrue(judge(Verdict.PASSED).moved());
  }

  private void toCanary() {
    toShadow();
    answers(TrialObservations.Side.TWIN, 250, 0, 5);
    answers(TrialObservations.Side.SHADOW, 250, 0, 5);
    PromotionLadder.Step step = step();
    assertTrue(step.moved(), step.text());
  }

  private Rollout newest() {
    return registry.rollouts(1).getFirst();
  }

  @Test
  void step_goodRelease_climbsEveryRungToTheEnd() {
    slates(1_000, 0);
    begin();
    assertFalse(step().moved(), "it waits for the gate");
    assertFalse(judge(Verdict.WAITING).moved());
    assertEquals(Stage.GATE, newest().stage());
    assertTrue(judge(Verdict.PASSED).moved());
    assertEquals("v2", registry.plan().shadow());
    assertEquals(0.5, registry.plan().shadowShare());
    assertFalse(judge(Verdict.FAILED).moved(), "a report that comes again changes nothing");

    answers(TrialObservations.Side.TWIN, 100, 0, 5);
    answers(TrialObservations.Side.SHADOW, 100, 0, 5);
    assertFalse(step().moved());
    answers(TrialObservations.Side.TWIN, 100, 0, 5);
    answers(TrialObservations.Side.SHADOW, 100, 0, 5);
    assertTrue(step().moved());
    assertEquals(new ServingPlan.Canary(newest().id(), 0.1), registry.plan().canary());
    assertEquals("v2", registry.plan().challenger());

    slates(1_500, 0);
    PromotionLadder.Step waiting = step();
    assertFalse(waiting.moved(), waiting.text());
    slates(2_500, 0);
    assertTrue(step().moved());
    assertEquals(0.4, registry.plan().canary().share());
    assertEquals(1, newest().step());

    PromotionLadder.Step step = step();
    for (int i = 0; i < 40 && !step.moved(); i++) {
      slates(500, 0);
      step = step();
    }
    assertEquals(Stage.LIVE, newest().stage(), step.text());
    assertEquals("v2", registry.plan().champion());
    assertEquals("v1", registry.plan().previous());
    assertEquals(ServingPlan.Canary.NONE, registry.plan().canary());

    answers(TrialObservations.Side.LIVE, 1_000, 0, 6);
    assertFalse(step().moved());
    nowMs.addAndGet(700_000);
    assertTrue(step().moved());
    assertEquals(Stage.DONE, newest().stage());
    assertEquals("v2", registry.plan().champion());
    assertFalse(step().moved(), "nothing is open");
    List<Rollout.Decision> decisions = newest().decisions();
    assertEquals(
        List.of(Stage.GATE, Stage.SHADOW, Stage.CANARY, Stage.CANARY, Stage.LIVE, Stage.DONE),
        decisions.stream().map(Rollout.Decision::to).toList());
    Rollout.Decision live = decisions.get(4);
    assertTrue(live.cause().reason().startsWith("no loss of 30.0 % or more"), live.toString());
    assertTrue(live.cause().numbers().get("lift.lower") > -0.3, live.toString());
    assertNotNull(live.cause().numbers().get("latency_p95_ms"));
    assertEquals(
        List.of("promote", "canary", "canary", "shadow", "promote", "promote"),
        registry.ledger(0, Long.MAX_VALUE, 10).stream().map(LedgerEntry::action).toList());
  }

  @Test
  void judge_failed_rejectsAndNobodySawIt() {
    begin();
    PromotionLadder.Step step = judge(Verdict.FAILED);
    assertEquals(Stage.REJECTED, newest().stage());
    assertTrue(step.text().contains("ndcg@10: as good as the champion"), step.text());
    assertEquals(0.01, newest().decisions().getLast().cause().numbers().get("ndcg@10.difference"));
    assertEquals(List.of("v1", "v0"), registry.plan().versions());
  }

  @Test
  void step_shadowFailsHalfOfItsRequests_isRejectedLongBeforeEnough() {
    toShadow();
    answers(TrialObservations.Side.TWIN, 100, 0, 5);
    answers(TrialObservations.Side.SHADOW, 40, 20, 5);
    PromotionLadder.Step step = step();
    assertEquals(Stage.REJECTED, newest().stage(), step.text());
    assertTrue(step.text().contains("errors: 20 of 40 requests"), step.text());
    assertEquals(null, registry.plan().shadow());
    assertEquals("v1", registry.plan().champion());
  }

  @Test
  void step_shadowIsSlow_isRejected() {
    toShadow();
    answers(TrialObservations.Side.TWIN, 600, 0, 5);
    answers(TrialObservations.Side.SHADOW, 100, 0, 50);
    assertTrue(step().text().contains("latency: 100 of 100"), newest().toString());
    assertEquals(Stage.REJECTED, newest().stage());
  }

  @Test
  void step_shadowIsHardlyAsked_isGivenUpAfterItsPatience() {
    toShadow();
    answers(TrialObservations.Side.SHADOW, 10, 0, 5);
    nowMs.addAndGet(3_500_000);
    assertFalse(step().moved());
    nowMs.addAndGet(200_000);
    assertEquals("cancelled", step().text().substring(0, 9));
    assertEquals(Stage.CANCELLED, newest().stage());
  }

  @Test
  void step_canaryBreaksAGuardrail_isRolledBack() {
    slates(500, 0);
    toCanary();
    answers(TrialObservations.Side.CHAMPION, 900, 2, 5);
    answers(TrialObservations.Side.CHALLENGER, 60, 30, 5);
    PromotionLadder.Step step = step();
    assertEquals(Stage.ROLLED_BACK, newest().stage(), step.text());
    assertEquals(null, registry.plan().challenger());
    assertEquals("v1", registry.plan().champion());
    assertEquals("rollback", registry.ledger(0, Long.MAX_VALUE, 1).getFirst().action());
  }

  @Test
  void step_usersOfTheCanaryClickLess_isRolledBackWithTheNumbers() {
    slates(2_000, 0);
    toCanary();
    for (int i = 0; i < 60 && newest().isOpen(); i++) {
      slates(500, -0.6);
      step();
    }
    Rollout ended = newest();
    assertEquals(Stage.ROLLED_BACK, ended.stage());
    Cause cause = ended.decisions().getLast().cause();
    assertTrue(cause.reason().startsWith("users of the canary did less: "), cause.reason());
    assertTrue(cause.numbers().get("lift.upper") < 0, cause.toString());
    assertEquals("v1", registry.plan().champion());
  }

  @Test
  void step_anotherLadderFromTheStart_decidesTheSame() {
    slates(1_000, 0);
    toCanary();
    slates(2_000, 0.1);
    ladder.step(nowMs.get());
    slates(2_000, 0.1);
    PromotionLadder other = new PromotionLadder(registry, log, () -> APPLICATION, nowMs::get);
    PromotionLadder.Standing mine = ladder.standing(nowMs.get()).orElseThrow();
    assertEquals(mine, other.standing(nowMs.get()).orElseThrow());
    assertTrue(Objects.requireNonNull(mine.outcomes()).slates() > 100, mine.toString());
  }

  @Test
  void step_undecidedForLongerThanItsPatience_isGivenUp() {
    slates(500, 0);
    toCanary();
    slates(200, 0);
    assertFalse(step().moved());
    nowMs.addAndGet(2 * DAY_MS + 1);
    assertTrue(step().moved());
    assertEquals(Stage.CANCELLED, newest().stage());
    assertEquals(null, registry.plan().challenger());
  }

  @Test
  void step_liveReleaseBreaksAGuardrail_goesBackToTheOneBeforeAndNotToItself() {
    slates(500, 0);
    toCanary();
    answers(TrialObservations.Side.CHAMPION, 2_000, 0, 5);
    Rollout open = registry.openRollout().orElseThrow();
    registry.advance(open, Stage.LIVE, 1, log.endOffset(), registry.plan().promote("v2"), PERSON);
    answers(TrialObservations.Side.LIVE, 100, 50, 5);
    PromotionLadder.Step step = step();
    assertEquals(Stage.ROLLED_BACK, newest().stage(), step.text());
    assertEquals("v1", registry.plan().champion());
    assertEquals("v0", registry.plan().previous(), "as it was before");
  }

  @Test
  void step_aServerCannotLoadTheCandidateForAWhile_endsTheTrial() {
    toShadow();
    nowMs.addAndGet(600_000);
    long sinceMs = nowMs.get();
    String why = "file ranker.onnx: sha256 0 (expected: 1)";
    report("s1", ServerProblems.cannotServe("v2", sinceMs, why));
    assertFalse(step().moved(), "the trial is old, the failure is not");
    nowMs.addAndGet(29_000);
    report("s1", ServerProblems.cannotServe("v2", sinceMs, why));
    assertFalse(step().moved(), "it may be on its way");
    nowMs.addAndGet(1_000);
    report("s1", ServerProblems.cannotServe("v2", sinceMs, why));
    PromotionLadder.Step step = step();
    assertEquals(Stage.REJECTED, newest().stage(), step.text());
    assertTrue(step.text().contains("ranker.onnx"), step.text());
  }

  @Test
  void step_anotherReleaseCannotBeLoaded_isNotTheCandidatesFault() {
    toShadow();
    long sinceMs = nowMs.get();
    nowMs.addAndGet(100_000);
    report("s1", ServerProblems.cannotServe("v0", sinceMs, "a damaged file"));
    report("s2", "release v2 cannot be read now: the folder does not answer");
    assertFalse(step().moved());
  }

  @Test
  void judge_waitsForLongerThanThePatience_isGivenUpWithTheReason() {
    begin();
    nowMs.addAndGet(3_600_000);
    assertFalse(judge(Verdict.WAITING).moved());
    nowMs.addAndGet(1);
    PromotionLadder.Step step = step();
    assertTrue(step.moved(), step.text());
    assertEquals(Stage.CANCELLED, newest().stage());
    assertTrue(step.text().contains("did not decide within PT1H: "), step.text());
    assertTrue(step.text().contains("ndcg@10"), step.text());
    assertEquals("v1", registry.plan().champion());
    assertEquals(Stage.GATE, begin().stage(), "another one may begin");
  }

  @Test
  void judge_waitsLongAndNobodyAskedBefore_isGivenUp() {
    begin();
    nowMs.addAndGet(3_600_001);
    assertTrue(judge(Verdict.WAITING).moved());
    assertEquals(Stage.CANCELLED, newest().stage());
  }

  @Test
  void step_aServerThatIsGoneCouldNotLoad_doesNotCount() {
    toShadow();
    report("s1", ServerProblems.cannotServe("v2", 0, "a damaged file"));
    nowMs.addAndGet(60_000);
    report("s2", null);
    assertFalse(step().moved());
  }

  private void report(String server, String problem) {
    registry.report(
        new ServerStatus(server, "", registry.plan().revision(), "v1", problem, nowMs.get()));
  }

  @Test
  void step_aPersonPutAnotherReleaseInPlace_endsTheTrial() {
    toShadow();
    registry.change(registry.plan().promote("v0"), "promote", PERSON);
    PromotionLadder.Step step = step();
    assertEquals(Stage.CANCELLED, newest().stage(), step.text());
    assertEquals("v0", registry.plan().champion());
  }

  @Test
  void rollbackPlan_releaseBeforeTheTargetIsDeleted_goesBackWithNoneBefore() {
    registry.change(registry.plan().promote("v2"), "promote", PERSON);
    registry.delete("v0");
    ServingPlan back =
        registry.change(RollbackPlan.of(registry, registry.plan(), null), "rollback", PERSON);
    assertEquals("v1", back.champion());
    assertEquals(null, back.previous());
  }

  @Test
  void rollbackPlan_twice_goesBackTwice() {
    registry.change(registry.plan().promote("v2"), "promote", PERSON);
    ServingPlan once =
        registry.change(RollbackPlan.of(registry, registry.plan(), null), "rollback", PERSON);
    assertEquals("v1", once.champion());
    assertEquals("v0", once.previous());
    ServingPlan twice =
        registry.change(RollbackPlan.of(registry, registry.plan(), null), "rollback", PERSON);
    assertEquals("v0", twice.champion());
    assertEquals(null, twice.previous());
  }
}
