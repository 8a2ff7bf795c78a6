package io.winnow.lifecycle.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.AuditReport;
import io.winnow.features.HeldFeatures;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.lifecycle.TestApplications;
import io.winnow.lifecycle.TinyWorld;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.TrainingStart;
import io.winnow.lifecycle.rollout.GateReport.Check;
import io.winnow.lifecycle.rollout.GateReport.Verdict;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The gate judges a release that went on from the champion as it judges one trained in full. */
final class IncrementalGateTest {
  private static final int FIRST = 700;
  private static final int SECOND = 1000;

  @TempDir Path folder;

  private final ApplicationFile application =
      ApplicationFile.parse(
          TestApplications.clips().text() + "rollout: { gate: { min_outcomes: 30 } }\n",
          "clips.yaml",
          Map.of());
  private final List<LogRecord> records = TinyWorld.records(1100);

  private Release train(int toOffset, TrainingStart start, long nowMs) {
    return new Trainer(application, TinyWorld.config(1), () -> nowMs, TrainingProgress.silent())
        .train(RecordSource.of(records), toOffset, start);
  }

  @Test
  void judge_fullAndIncremental_bothAreComparedWithTheChampion() {
    ReleaseStore store = new ReleaseStore(folder);
    Release champion = train(FIRST, TrainingStart.full(), 1_000);
    Release full = train(SECOND, TrainingStart.full(), 2_000);
    Release incremental = train(SECOND, TrainingStart.from(champion), 3_000);
    for (Release release : List.of(champion, full, incremental)) {
      release.publish(store);
    }
    for (Release candidate : List.of(full, incremental)) {
      GateReport report =
          new OfflineGate(
                  application.definition(),
                  store,
                  HeldFeatures.of(application.definition()),
                  OfflineGate.Settings.of(application.definition(), new Seed(1)),
                  (_, _, _) -> {})
              .judge(
                  candidate.version(),
                  champion.version(),
                  RecordSource.of(records),
                  AuditReport.NONE);
      assertEquals(Verdict.PASSED, check(report, "whole").verdict(), report::toString);
      Check ranking = check(report, "ndcg@10");
      assertNotEquals(Verdict.WAITING, ranking.verdict(), report::toString);
      assertTrue(ranking.numbers().values().stream().allMatch(Double::isFinite), report::toString);
    }
  }

  private static Check check(GateReport report, String name) {
    return report.checks().stream()
        .filter(check -> check.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name + " in " + report));
  }
}
