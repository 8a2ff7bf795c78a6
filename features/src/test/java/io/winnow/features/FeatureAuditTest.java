package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.events.RecordSource;
import io.winnow.features.AuditReport.Count;
import io.winnow.features.AuditReport.Mismatch;
import io.winnow.features.AuditReport.Skipped;
import io.winnow.features.FeatureAudit.Definition;
import io.winnow.features.FeatureAudit.Definitions;
import io.winnow.features.FeatureAudit.Options;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FeatureAuditTest {
  private static final ApplicationDefinition SHORTS = Shorts.application();

  /** The same application before half of its features were declared. */
  private static final ApplicationDefinition EARLIER = earlier();

  private static ApplicationDefinition earlier() {
    List<FeatureDefinition> features = Shorts.features();
    return Shorts.application(features.subList(features.size() / 2, features.size()));
  }

  private static AuditReport run(ServedLog log, Options options) {
    return FeatureAudit.run(log.source(), Definitions.only(SHORTS), options);
  }

  @Test
  void run_honestLog_findsNothing() {
    ServedLog log = new ServedLog(SHORTS);
    log.serve(2_000, ServedLog.HONEST);
    AuditReport report = run(log, Options.DEFAULT);
    assertEquals(log.served(), report.impressions());
    assertTrue(report.impressions() > 500, report.impressions() + " impressions");
    int columns = FeatureSchema.of(SHORTS).size();
    assertEquals(report.impressions() * (columns - 1), report.values(), "all but context");
    assertEquals(
        Map.of("request.device", "the context of a request is not logged"), report.notCompared());
    assertEquals(log.unserved(), report.skipped().get(Skipped.NO_VALUES));
    assertEquals(0, report.mismatches());
    assertEquals(Map.of(), report.above(0));
  }

  @Test
  void run_oneValueOneBitOff_isFoundAndNamed() {
    ServedLog log = new ServedLog(SHORTS);
    log.serve(1_000, ServedLog.HONEST);
    log.serve(1_000, ServedLog.off("item.shown_1d", 7));
    AuditReport report = run(log, Options.DEFAULT);
    assertEquals(log.planted(), report.mismatches());
    assertTrue(log.planted() > 20, log.planted() + " planted");
    assertEquals(
        Map.of("item.shown_1d", new Count(report.impressions(), log.planted())), report.above(0));
    assertEquals(AuditTally.EXAMPLES, report.examples().size());
    for (Mismatch example : report.examples()) {
      assertEquals("item.shown_1d", example.feature());
      assertEquals(
          1, Float.floatToIntBits(example.logged()) - Float.floatToIntBits(example.replayed()));
      assertEquals(log.requestAt(example.offset()), example.requestId());
      assertTrue(example.offset() >= 1_000, "planted in the second half");
    }
  }

  @Test
  void run_lastImpressions_areComparedAndNoOthers() {
    ServedLog log = new ServedLog(SHORTS);
    log.serve(1_000, ServedLog.off("user.events_1h", 1));
    long planted = log.planted();
    log.serve(1_000, ServedLog.HONEST);
    long honest = log.served() - planted;
    AuditReport newest = run(log, new Options((int) honest, 10, 100));
    assertEquals(honest, newest.impressions());
    assertEquals(0, newest.mismatches());
    AuditReport oneMore = run(log, new Options((int) honest + 1, 10, 100));
    assertEquals(honest + 1, oneMore.impressions());
    assertEquals(1, oneMore.mismatches());
  }

  @Test
  void run_fewUsersAtOnce_findsTheSame() {
    ServedLog log = new ServedLog(SHORTS);
    log.serve(2_000, ServedLog.off("user.events_1h", 3));
    AuditReport whole = run(log, Options.DEFAULT);
    AuditReport parts = run(log, new Options(Options.ALL, 3, 100_000));
    AuditReport exactParts = run(log, new Options(Options.LAST_MAX, 3, 100_000));
    assertTrue(whole.mismatches() > 100);
    assertEquals(whole.features(), parts.features());
    assertEquals(whole.features(), exactParts.features());
  }

  @Test
  void run_twoReleases_areComparedByTheirOwnDefinitions() {
    ServedLog log = new ServedLog(EARLIER);
    log.serve(800, ServedLog.off("request.hour", 5));
    long plantedEarlier = log.planted();
    long servedEarlier = log.served();
    log.change(SHORTS, "2");
    log.serve(800, ServedLog.HONEST);
    Definitions both =
        (release, hash) -> {
          ApplicationDefinition application = release.equals("1") ? EARLIER : SHORTS;
          return FeatureSchema.of(application).hash() == hash
              ? new Definition.Known(application)
              : new Definition.Missing(Skipped.FEATURES_UNKNOWN);
        };
    AuditReport report = FeatureAudit.run(log.source(), both, Options.DEFAULT);
    assertEquals(log.served(), report.impressions());
    assertEquals(plantedEarlier, report.mismatches());
    assertEquals(Map.of("request.hour", new Count(log.served(), plantedEarlier)), report.above(0));
    assertEquals(
        log.served() - servedEarlier,
        report.features().getOrDefault("user.events_1h", new Count(0, 0)).values(),
        "a feature that only the later release has");

    Definitions gone =
        (release, hash) ->
            release.equals("1")
                ? new Definition.Missing(Skipped.RELEASE_GONE)
                : both.of(release, hash);
    AuditReport later = FeatureAudit.run(log.source(), gone, Options.DEFAULT);
    assertEquals(log.served() - servedEarlier, later.impressions());
    assertEquals(servedEarlier, later.skipped().get(Skipped.RELEASE_GONE));
    assertEquals(0, later.mismatches());
  }

  @Test
  void run_moreSchemasThanAreCompared_countsTheOldest() {
    ServedLog log = new ServedLog(SHORTS);
    log.serve(50, ServedLog.HONEST);
    List<FeatureDefinition> features = Shorts.features();
    long first = log.served();
    for (int kept = 1; kept <= FeatureAudit.MAX_SCHEMAS; kept++) {
      log.change(Shorts.application(features.subList(0, kept)), "keeps " + kept);
      log.serve(40, ServedLog.HONEST);
    }
    Definitions byName =
        (release, _) ->
            new Definition.Known(
                release.equals("1")
                    ? SHORTS
                    : Shorts.application(
                        features.subList(0, Integer.parseInt(release.substring(6)))));
    AuditReport report = FeatureAudit.run(log.source(), byName, Options.DEFAULT);
    // Keeping 3 and 4 is the same schema, as the fourth feature is a list.
    assertEquals(0, report.skippedImpressions() - log.unserved());
    log.change(Shorts.application(features.subList(0, 18)), "keeps 18");
    log.serve(40, ServedLog.HONEST);
    AuditReport more = FeatureAudit.run(log.source(), byName, Options.DEFAULT);
    assertEquals(first, more.skipped().get(Skipped.TOO_MANY_RELEASES));
    assertEquals(0, more.mismatches());
  }

  @Test
  void run_impressionFarBehindWhatItSaw_isCountedAsOutOfReach() {
    ServedLog log = new ServedLog(SHORTS);
    log.serve(300, ServedLog.HONEST);
    log.serveLate(40);
    AuditReport near = run(log, new Options(Options.ALL, 1_000, 10));
    assertEquals(1, near.skipped().get(Skipped.OUT_OF_REACH));
    assertEquals(log.served() - 1, near.impressions());
    AuditReport far = run(log, new Options(Options.ALL, 1_000, 40));
    assertEquals(null, far.skipped().get(Skipped.OUT_OF_REACH));
    assertEquals(log.served(), far.impressions());
    assertEquals(0, far.mismatches() + near.mismatches());
  }

  @Test
  void run_emptyLog_comparesNothing() {
    AuditReport report =
        FeatureAudit.run(RecordSource.of(List.of()), Definitions.only(SHORTS), Options.DEFAULT);
    assertEquals(0, report.values());
    assertEquals(0, report.skippedImpressions());
  }

  @Test
  void options_outOfRange_areRefused() {
    for (int last : new int[] {-1, Options.LAST_MAX + 1}) {
      WinnowException refused = assertThrows(WinnowException.class, () -> new Options(last, 1, 1));
      assertEquals(ErrorCode.INVALID_ARGUMENT, refused.code());
    }
    assertThrows(WinnowException.class, () -> new Options(1, 0, 1));
    assertThrows(WinnowException.class, () -> new Options(1, 1, -1));
  }
}
