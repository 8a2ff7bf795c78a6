package io.winnow.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.features.AuditReport.Skipped;
import io.winnow.features.FeatureAudit.Definitions;
import io.winnow.features.FeatureAudit.Options;
import io.winnow.features.LiveAudit.Config;
import io.winnow.features.LiveAudit.Status;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

final class LiveAuditTest {
  private static final ApplicationDefinition SHORTS = Shorts.application();
  private static final int SETTLE_MS = 1_000;

  private final AtomicLong nowMs = new AtomicLong();
  private final AtomicReference<ApplicationDefinition> serving = new AtomicReference<>(SHORTS);
  private final ServedLog log = new ServedLog(SHORTS);

  private LiveAudit audit(double sample, int usersMax, int lookAhead, int recent) {
    return new LiveAudit(
        log.source(),
        serving::get,
        new Config(
            sample,
            usersMax,
            lookAhead,
            Duration.ofMillis(SETTLE_MS),
            Duration.ofMillis(1),
            recent),
        nowMs::get);
  }

  /** Lets all that is in the log settle. */
  private void catchUp(LiveAudit audit) {
    while (audit.step()) {}
    nowMs.addAndGet(SETTLE_MS);
    while (audit.step()) {}
  }

  @Test
  void step_everyUser_findsWhatTheWholeAuditFinds() {
    try (LiveAudit audit = audit(1, 1_000, 5_000, 100_000)) {
      log.serve(700, ServedLog.off("item.shown_1d", 5));
      catchUp(audit);
      log.serve(700, ServedLog.HONEST);
      catchUp(audit);
      AuditReport whole = FeatureAudit.run(log.source(), Definitions.only(SHORTS), Options.DEFAULT);
      AuditReport live = audit.status().report();
      assertTrue(whole.mismatches() > 30, whole.mismatches() + " mismatches");
      assertEquals(whole, live);
      assertEquals(0, audit.status().lagRecords());
    }
  }

  @Test
  void step_recordsAreYoung_holdsThemBackUntilNoRequestCanBeOut() {
    try (LiveAudit audit = audit(1, 1_000, 5_000, 100_000)) {
      log.serve(300, ServedLog.HONEST);
      while (audit.step()) {}
      assertEquals(300, audit.status().lagRecords(), "nothing has settled");
      log.serveLate(40);
      long end = log.records().size();
      nowMs.addAndGet(SETTLE_MS);
      while (audit.step()) {}
      assertEquals(end - 300, audit.status().lagRecords(), "what was there a settling time ago");
      catchUp(audit);
      assertEquals(0, audit.status().lagRecords());
      assertEquals(log.served(), audit.status().report().impressions());
      assertEquals(0, audit.status().report().mismatches());
      assertEquals(null, audit.status().report().skipped().get(Skipped.OUT_OF_REACH));
    }
  }

  @Test
  void step_lookAheadIsShort_countsWhatCameTooLate() {
    try (LiveAudit audit = audit(1, 1_000, 10, 100_000)) {
      log.serve(300, ServedLog.HONEST);
      log.serveLate(40);
      catchUp(audit);
      assertEquals(1, audit.status().report().skipped().get(Skipped.OUT_OF_REACH));
      assertEquals(log.served() - 1, audit.status().report().impressions());
      assertEquals(0, audit.status().report().mismatches());
    }
  }

  @Test
  void step_halfOfTheUsers_comparesTheirsAndFindsNothingWhereNothingIs() {
    try (LiveAudit audit = audit(0.5, 1_000, 5_000, 100_000)) {
      log.serve(3_000, ServedLog.HONEST);
      catchUp(audit);
      AuditReport report = audit.status().report();
      assertTrue(report.impressions() > 100, report.impressions() + " of " + log.served());
      assertTrue(report.impressions() < log.served());
      assertEquals(0, report.mismatches(), report.examples().toString());
    }
  }

  @Test
  void step_moreUsersThanBound_halvesTheSampleAndStaysRight() {
    try (LiveAudit audit = audit(1, 4, 5_000, 100_000)) {
      log.serve(3_000, ServedLog.HONEST);
      catchUp(audit);
      Status status = audit.status();
      assertTrue(status.share() <= 0.5, status.share() + " of 20 users in 4 places");
      assertTrue(status.share() > 0);
      assertTrue(status.report().impressions() > 0);
      assertEquals(0, status.report().mismatches(), status.report().examples().toString());
    }
  }

  @Test
  void step_skewEnded_isForgottenWhenEnoughHonestImpressionsCame() {
    try (LiveAudit audit = audit(1, 1_000, 5_000, 320)) {
      log.serve(500, ServedLog.off("item.shown_1d", 2));
      catchUp(audit);
      assertEquals(java.util.Set.of("item.shown_1d"), audit.status().report().above(0).keySet());
      long planted = log.planted();
      log.serve(2_000, ServedLog.HONEST);
      catchUp(audit);
      assertEquals(Map.of(), audit.status().report().above(0));
      assertEquals(planted, audit.status().report().mismatches(), "all in all, it is not");
    }
  }

  @Test
  void step_featuresChange_beginsAnew() {
    try (LiveAudit audit = audit(1, 1_000, 5_000, 100_000)) {
      log.serve(500, ServedLog.HONEST);
      catchUp(audit);
      long before = audit.status().report().impressions();
      ApplicationDefinition fewer = Shorts.application(Shorts.features().subList(0, 10));
      log.change(fewer, "2");
      serving.set(fewer);
      log.serve(500, ServedLog.HONEST);
      catchUp(audit);
      AuditReport report = audit.status().report();
      assertEquals(log.served(), report.impressions());
      assertEquals(before, report.skipped().get(Skipped.FEATURES_UNKNOWN));
      assertEquals(0, report.mismatches());
    }
  }

  @Test
  void start_logGrows_isFollowedUntilClosed() throws InterruptedException {
    log.serve(500, ServedLog.off("item.shown_1d", 5));
    CountDownLatch looked = new CountDownLatch(20);
    LiveAudit audit =
        new LiveAudit(
            log.source(),
            () -> {
              looked.countDown();
              return SHORTS;
            },
            new Config(1, 100, 100, Duration.ZERO, Duration.ofMillis(1), 1_000),
            nowMs::get);
    try (audit) {
      audit.start();
      assertTrue(looked.await(30, TimeUnit.SECONDS), "it looks again and again");
    }
    assertEquals(log.planted(), audit.status().report().mismatches());
    assertEquals("", audit.status().problem());
    audit.start(); // does nothing any more
    assertEquals(0, audit.status().lagRecords());
  }

  @Test
  void start_defect_stopsAndSaysSo() throws InterruptedException {
    CountDownLatch asked = new CountDownLatch(1);
    LiveAudit audit =
        new LiveAudit(
            log.source(),
            () -> {
              asked.countDown();
              throw new IllegalStateException("planted");
            },
            Config.of(1),
            nowMs::get);
    try (audit) {
      audit.start();
      assertTrue(asked.await(30, TimeUnit.SECONDS));
    }
    assertTrue(audit.status().problem().contains("planted"), audit.status().problem());
  }

  @Test
  void status_sampleZero_isOff() {
    log.serve(100, ServedLog.HONEST);
    try (LiveAudit audit = audit(0, 10, 10, 10)) {
      audit.start();
      assertEquals(Status.OFF, audit.status());
    }
  }

  @Test
  void hash_ofUsers_isUniform() {
    int below = 0;
    for (int user = 0; user < 100_000; user++) {
      UserId id = new UserId("user " + user);
      assertFalse(SampledUsers.hash(id) < 0);
      below += PartOfUsers.share(0.01).contains(id) ? 1 : 0;
    }
    assertTrue(below > 900 && below < 1_100, below + " of 1000 expected");
  }
}
