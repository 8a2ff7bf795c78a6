package io.winnow.lifecycle.cadence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.application.Retraining;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.TrainingStart;
import io.winnow.lifecycle.registry.RegisteredRelease;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class TrainingPlanTest {
  private static final long DAY_MS = 86_400_000;

  private static RegisteredRelease release(
      String version, int day, @Nullable String parent, boolean imported, long deletedMs) {
    List<ReleaseManifest.Imported> files =
        imported
            ? List.of(new ReleaseManifest.Imported("ranker", "ranker.onnx", 1, "00"))
            : List.of();
    ReleaseManifest.Provenance provenance =
        new ReleaseManifest.Provenance(
            day,
            0,
            day,
            1,
            "0.1",
            "test",
            parent,
            Map.of(TrainingStart.SETTING, parent == null || imported ? "full" : "incremental"),
            files);
    return new RegisteredRelease(
        new ReleaseManifest(version, day * DAY_MS, "clips", 7, Map.of(), provenance, Map.of()),
        day * DAY_MS,
        Map.of(),
        Map.of(),
        deletedMs);
  }

  private static Retraining retraining(@Nullable Duration full) {
    Retraining manual = Retraining.MANUAL;
    return new Retraining(
        manual.schedule(),
        manual.on(),
        manual.newEvents(),
        full,
        manual.holdout(),
        manual.limits());
  }

  private static TrainingPlan decide(
      List<RegisteredRelease> releases, @Nullable String champion, int nowDay) {
    return TrainingPlan.decide(retraining(Duration.ofDays(7)), releases, champion, nowDay * DAY_MS);
  }

  @Test
  void decide_fullTrainingNotLongAgo_goesOnFromTheChampion() {
    List<RegisteredRelease> releases =
        List.of(release("a", 1, null, false, 0), release("b", 5, "a", false, 0));
    TrainingPlan.Incremental plan =
        assertInstanceOf(TrainingPlan.Incremental.class, decide(releases, "b", 7));
    assertEquals("b", plan.parent());
    assertTrue(plan.reason().contains("the last full training, a, was"), plan.reason());
  }

  @Test
  void decide_fullTrainingDue_beginsAnew() {
    List<RegisteredRelease> releases =
        List.of(release("a", 1, null, false, 0), release("b", 5, "a", false, 0));
    TrainingPlan plan = decide(releases, "b", 8);
    assertInstanceOf(TrainingPlan.Full.class, plan);
    assertEquals(
        "the last full training, a, was PT168H ago (retraining.full: PT168H)", plan.reason());
  }

  @Test
  void decide_rejectedFullTraining_countsToo() {
    List<RegisteredRelease> releases =
        List.of(
            release("a", 1, null, false, 0),
            release("b", 5, "a", false, 0),
            release("rejected", 8, null, false, 9));
    assertInstanceOf(TrainingPlan.Incremental.class, decide(releases, "b", 9));
  }

  @Test
  void decide_nothingToGoOnFrom_beginsAnewAndSaysWhy() {
    List<RegisteredRelease> releases =
        List.of(
            release("a", 1, null, false, 0),
            release("gone", 2, null, false, 3),
            release("joined", 2, "a", true, 0));
    assertEquals("no release serves yet", decide(releases, null, 2).reason());
    assertEquals("the champion x is not in the registry", decide(releases, "x", 2).reason());
    assertEquals(
        "the files of the champion gone are deleted", decide(releases, "gone", 2).reason());
    assertEquals(
        "the champion joined holds networks from elsewhere",
        decide(releases, "joined", 2).reason());
    TrainingPlan always = TrainingPlan.decide(retraining(null), releases, "a", 0);
    assertEquals("retraining.full is not set: every training begins anew", always.reason());
  }
}
