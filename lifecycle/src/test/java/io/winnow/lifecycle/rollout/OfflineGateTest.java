package io.winnow.lifecycle.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.AuditReport;
import io.winnow.features.AuditReport.Count;
import io.winnow.features.HeldFeatures;
import io.winnow.lifecycle.DamagedReleases;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.rollout.GateReport.Check;
import io.winnow.lifecycle.rollout.GateReport.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A champion that served a while, and candidates: as good as it, or wrong in one way. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class OfflineGateTest {
  private static final HeldFeatures HELD = HeldFeatures.of(GateWorld.definition());

  private ReleaseStore store;
  private Release champion;
  private Release other;
  private List<LogRecord> records;
  private int learned;

  @BeforeAll
  void serveAWhile(@TempDir Path folder) {
    store = new ReleaseStore(folder.resolve("releases"));
    GateWorld world = new GateWorld(1).organic(6_000);
    world.serve(Release.untrained(GateWorld.application()), 500);
    List<LogRecord> past = List.copyOf(world.records);
    learned = past.size();
    champion = GateWorld.train(past, 1);
    champion.publish(store);
    other = GateWorld.train(past, 2);
    other.publish(store);
    world.serve(champion, 600).organic(1_500);
    records = List.copyOf(world.records);
    assertNotNull(champion.manifest().metrics().get("ranker.click.auc"), "has a ranker");
  }

  private GateReport judge(
      String candidate, List<LogRecord> log, HeldFeatures held, AuditReport skew) {
    return gate(held).judge(candidate, champion.version(), RecordSource.of(log), skew);
  }

  /** Judges the other release beside a champion of choice, or none. */
  private GateReport judgeBeside(@Nullable String version) {
    return gate(HELD).judge(other.version(), version, RecordSource.of(records), AuditReport.NONE);
  }

  private OfflineGate gate(HeldFeatures held) {
    return new OfflineGate(
        GateWorld.definition(),
        store,
        held,
        OfflineGate.Settings.of(GateWorld.definition(), new Seed(1)),
        GateProgress.silent());
  }

  private GateReport judge(Release candidate) {
    candidate.publish(store);
    return judge(candidate.version(), records, HELD, AuditReport.NONE);
  }

  private static Map<String, Verdict> notPassed(GateReport report) {
    Map<String, Verdict> verdicts = new TreeMap<>();
    for (Check check : report.checks()) {
      if (check.verdict() != Verdict.PASSED) {
        verdicts.put(check.name(), check.verdict());
      }
    }
    return verdicts;
  }

  private static Check check(GateReport report, String name) {
    return report.checks().stream().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
  }

  private static void assertFails(String name, String text, GateReport report) {
    assertEquals(Map.of(name, Verdict.FAILED), notPassed(report), report::toString);
    assertEquals(Verdict.FAILED, report.verdict());
    assertTrue(check(report, name).text().contains(text), check(report, name).text());
    assertTrue(report.reason().startsWith(name + ": "), report.reason());
  }

  @Test
  void judge_theChampionByAnotherName_passesAndDiffersInNothing() {
    GateReport report = judge(DamagedReleases.renamed(champion, "twin"));
    assertEquals(Map.of(), notPassed(report), report::toString);
    assertEquals(
        List.of(
            "whole",
            "features",
            "skew",
            "memory",
            "ndcg@10",
            "retrieval",
            "calibration",
            "answers",
            "latency"),
        report.checks().stream().map(Check::name).toList());
    Map<String, Double> numbers = report.numbers();
    assertEquals(0, numbers.get("ndcg@10.shown.relative"));
    assertEquals(0, numbers.get("ndcg@10.organic.relative"));
    assertEquals(1, numbers.get("memory.ratio"), 0.01);
    assertTrue(numbers.get("ndcg@10.shown.outcomes") > 200, numbers::toString);
    assertTrue(numbers.get("ndcg@10.organic.outcomes") > 50, numbers::toString);
    assertTrue(numbers.get("retrieval.two_tower.champion") > 0.3, numbers::toString);
    assertEquals(200, numbers.get("latency.requests"));
  }

  @Test
  void judge_again_givesTheSameButForTimes() {
    Check first = check(judge(other.version(), records, HELD, AuditReport.NONE), "ndcg@10");
    Check again = check(judge(other.version(), records, HELD, AuditReport.NONE), "ndcg@10");
    assertEquals(first, again);
  }

  @Test
  void judge_theSameTrainingWithAnotherSeed_passes() {
    GateReport report = judge(other.version(), records, HELD, AuditReport.NONE);
    assertEquals(Map.of(), notPassed(report), report::toString);
    assertTrue(check(report, "ndcg@10").numbers().get("shown.relative") != 0, "is another release");
  }

  @Test
  void judge_vectorsOfOtherItems_failsBySourceAlone() {
    GateReport report = judge(DamagedReleases.shuffledVectors(other, "shuffled"));
    assertEquals(Verdict.FAILED, check(report, OfflineGate.RETRIEVAL).verdict(), report::toString);
    assertTrue(check(report, OfflineGate.RETRIEVAL).text().contains("two_tower"));
    assertEquals(Verdict.PASSED, check(report, OfflineGate.WHOLE).verdict());
    double found = check(report, OfflineGate.RETRIEVAL).numbers().get("two_tower.candidate");
    assertTrue(found < 0.2, "by chance a tenth: " + found);
  }

  @Test
  void judge_anIndexOfAnotherEncoder_isNotWhole() {
    GateReport report = judge(DamagedReleases.indexOf(champion, other, "index-of-another"));
    assertEquals(Verdict.FAILED, check(report, OfflineGate.WHOLE).verdict());
    assertTrue(check(report, OfflineGate.WHOLE).text().startsWith("index: "), report::toString);
  }

  @Test
  void judge_aVectorWithoutANumber_isNotWholeAndNamesIt() {
    GateReport report = judge(DamagedReleases.nanInAVector(champion, "nan"));
    assertEquals(Verdict.FAILED, check(report, OfflineGate.WHOLE).verdict());
    String text = check(report, OfflineGate.WHOLE).text();
    assertTrue(text.startsWith("encoder.item_vectors: NaN at 17, 1 of"), text);
  }

  @Test
  void judge_aDamagedFile_isNotWholeAndChecksWhatItCan() throws IOException {
    Release twin = DamagedReleases.renamed(champion, "damaged");
    twin.publish(store);
    damage("damaged", "ease.bin");
    GateReport report = judge("damaged", records, HELD, AuditReport.NONE);
    assertFails(OfflineGate.WHOLE, "file ease.bin", report);
    assertEquals(
        List.of("whole", "skew", "memory"), report.checks().stream().map(Check::name).toList());
  }

  /** Puts other bytes in the place of a bundle's file. */
  private void damage(String version, String name) throws IOException {
    Files.writeString(store.bundle(version).resolve(name), "not what was published");
  }

  @Test
  void judge_columnsInAnotherOrder_failsBySkew() {
    GateReport report = judge(DamagedReleases.swappedColumns(champion, "swapped"));
    assertFails(OfflineGate.SKEW, "swapped.inputs", report);
    assertEquals(
        List.of("whole", "features", "skew", "memory"),
        report.checks().stream().map(Check::name).toList(),
        "nothing is replayed for a release that has failed");
  }

  @Test
  void judge_aRankerUpsideDown_failsByTheMetric() {
    GateReport report = judge(DamagedReleases.upsideDown(champion, "upside-down"));
    Check metric = check(report, "ndcg@10");
    assertEquals(Verdict.FAILED, metric.verdict(), report::toString);
    assertTrue(metric.numbers().get("shown.high") < -0.05, metric.text());
    assertTrue(metric.numbers().get("organic.relative") < -0.05, metric.text());
  }

  /** A gate that tells how many moments it has looked at. */
  private OfflineGate hearing(List<Integer> moments, LongSupplier nanoTime) {
    return new OfflineGate(
        GateWorld.definition(),
        store,
        HELD,
        OfflineGate.Settings.of(GateWorld.definition(), new Seed(1)),
        (step, done, _) -> {
          if (step.equals("moments")) {
            moments.add(done);
          }
        },
        nanoTime);
  }

  @Test
  void judge_aRankerThatIsFarTooSlow_failsByLatencyWithoutLookingAtAllMoments() {
    List<Integer> heard = new ArrayList<>();
    DamagedReleases.slow(champion, "slow").publish(store);
    GateReport report =
        hearing(heard, System::nanoTime)
            .judge("slow", champion.version(), RecordSource.of(records), AuditReport.NONE);
    assertEquals(Verdict.FAILED, check(report, OfflineGate.LATENCY).verdict(), report::toString);
    assertTrue(check(report, "ndcg@10").text().contains("far too slow"), report::toString);
    assertEquals(List.of(), heard, "no moment is looked at");
  }

  private static ApplicationFile application(String from, String to) {
    String text = GateWorld.TEXT.replace(from, to);
    assertTrue(!text.equals(GateWorld.TEXT), from);
    return ApplicationFile.parse(text, "changed.yaml", Map.of());
  }

  @Test
  void judge_aFeatureThatTheStoreDoesNotHoldYet_waitsAndNamesIt() {
    ApplicationFile changed =
        application(
            "user: { clicks_1d: count(click) over 1d }",
            "user: { clicks_1d: count(click) over 2d }");
    GateReport report = judge(DamagedReleases.under(champion, changed, "changed"));
    assertEquals(Verdict.WAITING, check(report, OfflineGate.FEATURES).verdict(), report::toString);
    assertTrue(check(report, OfflineGate.FEATURES).text().contains("user.clicks_1d"));
    GateReport held =
        judge(
            "changed",
            records,
            HeldFeatures.of(
                GateWorld.definition(), List.of(Release.load(store, "changed").features())),
            AuditReport.NONE);
    assertEquals(Verdict.PASSED, check(held, OfflineGate.FEATURES).verdict(), held::toString);
  }

  @Test
  void judge_aFeatureThatNothingCanCompute_fails() {
    ApplicationFile changed =
        application("events:\n  click: {}", "events:\n  click: {}\n  share: {}");
    changed =
        ApplicationFile.parse(
            changed
                .text()
                .replace("clicks_1d: count(click) over 1d }", "clicks_1d: count(share) over 1d }"),
            "changed.yaml",
            Map.of());
    GateReport report = judge(DamagedReleases.under(champion, changed, "impossible"));
    assertFails(OfflineGate.FEATURES, "user.clicks_1d", report);
  }

  @Test
  void judge_servedFeaturesThatReplayDoesNotGive_failsBySkew() {
    AuditReport audit =
        new AuditReport(
            9,
            90,
            Map.of("item.rate_7d", new Count(90, 9)),
            Map.of("item.rate_7d", new Count(90, 9)),
            Map.of(),
            Map.of(),
            List.of());
    GateReport report = judge(other.version(), records, HELD, audit);
    assertFails(OfflineGate.SKEW, "item.rate_7d: 9 of 90", report);
  }

  @Test
  void judge_fewOutcomesBehindBothTrainings_waits() {
    GateReport report =
        judge(other.version(), records.subList(0, learned + 300), HELD, AuditReport.NONE);
    assertEquals(Verdict.WAITING, check(report, "ndcg@10").verdict(), report::toString);
    assertEquals(Verdict.WAITING, report.verdict());
    assertTrue(check(report, "ndcg@10").text().contains("(needed: 200)"));
  }

  @Test
  void judge_withoutAChampion_isJudgedByItself() {
    GateReport report = judgeBeside(null);
    assertEquals("", report.champion());
    assertEquals(Verdict.PASSED, check(report, "ndcg@10").verdict(), report::toString);
    assertTrue(check(report, "ndcg@10").numbers().get("shown.candidate") > 0.3);
    assertEquals(Verdict.PASSED, check(report, OfflineGate.LATENCY).verdict());
  }

  @Test
  void judge_aDamagedChampion_judgesTheCandidateByItselfAndSaysSo() throws IOException {
    Release gone = DamagedReleases.renamed(champion, "gone");
    gone.publish(store);
    damage("gone", "ials.bin");
    GateReport report = judgeBeside("gone");
    GateReport alone = judgeBeside(null);
    // In this world rates fell after training: by itself, that is held against the candidate.
    assertEquals(Map.of(OfflineGate.CALIBRATION, Verdict.FAILED), notPassed(alone));
    assertEquals(notPassed(alone), notPassed(report), report::toString);
    String text = check(report, OfflineGate.CHAMPION).text();
    assertTrue(text.contains("judged by itself") && text.contains("ials.bin"), text);
    assertEquals("gone", report.champion());
    assertTrue(check(report, OfflineGate.LATENCY).text().contains("deadline"), report::toString);
    assertTrue(check(report, OfflineGate.CALIBRATION).numbers().containsKey("click.ece"));
  }

  @Test
  void judge_noSuchRelease_saysSo() {
    assertEquals(
        ErrorCode.NOT_FOUND,
        assertThrows(WinnowException.class, () -> judge("r-none", records, HELD, AuditReport.NONE))
            .code());
  }

  @Test
  void judge_timeThatRunsOut_judgesByWhatItSaw() {
    long[] now = {0};
    List<Integer> heard = new ArrayList<>();
    GateReport report =
        // A second each time that it is asked: five minutes are over after 300 moments.
        hearing(heard, () -> now[0] += 1_000_000_000L)
            .judge(other.version(), champion.version(), RecordSource.of(records), AuditReport.NONE);
    assertTrue(heard.size() > 200 && heard.size() <= 300, "moments " + heard.size());
    assertEquals(heard.size(), Objects.requireNonNull(heard.getLast()));
    assertTrue(check(report, "ndcg@10").text().contains("time allowed ran out"), report::toString);
  }
}
