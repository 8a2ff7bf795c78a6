package io.winnow.lifecycle.triggers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.application.Retraining;
import io.winnow.core.application.Retraining.Schedule;
import io.winnow.features.AuditReport;
import io.winnow.features.AuditReport.Count;
import io.winnow.lifecycle.ReleaseManifest;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TriggersTest {
  private static final long CREATED = Instant.parse("2026-03-01T12:00:00Z").toEpochMilli();
  private static final long HOUR = 3_600_000;
  private static final ReleaseManifest CHAMPION = DriftWatchTest.champion(CREATED, 1_000);

  @Test
  void staleness_olderThanTheCadence_firesWithACauseForEachCadence() {
    Schedule daily = new Schedule.Every(Duration.ofDays(1));
    assertFalse(Triggers.staleness(CHAMPION, daily, CREATED + 23 * HOUR).fires());
    TriggerReading first = Triggers.staleness(CHAMPION, daily, CREATED + 24 * HOUR);
    assertTrue(first.fires());
    assertEquals(1, first.value());
    assertEquals(first.cause(), Triggers.staleness(CHAMPION, daily, CREATED + 40 * HOUR).cause());
    assertNotEquals(
        first.cause(), Triggers.staleness(CHAMPION, daily, CREATED + 48 * HOUR).cause());
  }

  @Test
  void staleness_cron_isCountedInPausesBetweenItsTimes() {
    // Made at noon, nine hours behind the last time and fifteen before the next.
    Schedule nightly = new Schedule.Cron("0 3 * * *");
    assertFalse(Triggers.staleness(CHAMPION, nightly, CREATED + 23 * HOUR).fires());
    TriggerReading day = Triggers.staleness(CHAMPION, nightly, CREATED + 24 * HOUR);
    assertTrue(day.fires());
    assertEquals(1, day.value());
    assertEquals(
        0.5, Triggers.staleness(CHAMPION, nightly, CREATED + 12 * HOUR).value(), "half a day");
    assertFalse(Triggers.staleness(CHAMPION, null, CREATED + 9_999 * HOUR).fires());
  }

  @Test
  void staleness_cronJustBeforeItsTime_doesNotFireAtOnce() {
    ReleaseManifest late = DriftWatchTest.champion(CREATED - 9 * HOUR - 60_000, 1_000);
    Schedule nightly = new Schedule.Cron("0 3 * * *");
    assertFalse(Triggers.staleness(late, nightly, CREATED - 8 * HOUR).fires());
  }

  @Test
  void staleness_cronOfWorkdays_sparesTheWeekend() {
    // The first of March 2026 is a Sunday: made on Friday noon, next due on Monday.
    ReleaseManifest friday = DriftWatchTest.champion(CREATED - 48 * HOUR, 1_000);
    Schedule workdays = new Schedule.Cron("0 3 * * 1-5");
    assertFalse(Triggers.staleness(friday, workdays, CREATED + 23 * HOUR).fires());
    assertTrue(Triggers.staleness(friday, workdays, CREATED + 24 * HOUR).fires());
  }

  @Test
  void newEvents_behindTheChampionsData_areCounted() {
    Retraining retraining = Retraining.MANUAL;
    TriggerReading below = Triggers.newEvents(CHAMPION, retraining, 100_999);
    assertEquals(99_999, below.value());
    assertFalse(below.fires());
    TriggerReading at = Triggers.newEvents(CHAMPION, retraining, 101_000);
    assertTrue(at.fires());
    assertTrue(at.text().contains("100,000"), at.text());
    assertNotEquals(at.cause(), Triggers.newEvents(CHAMPION, retraining, 201_000).cause());
  }

  @Test
  void skew_namesTheFeatureThatDiffersMost() {
    AuditReport report =
        new AuditReport(
            1,
            1,
            Map.of(),
            Map.of("user.a", new Count(1_000, 1), "item.b", new Count(1_000, 7)),
            Map.of(),
            Map.of(),
            List.of());
    TriggerReading reading = Triggers.skew(CHAMPION, report, 0.005);
    assertTrue(reading.fires());
    assertEquals(0.007, reading.value());
    assertTrue(reading.text().contains("item.b"), reading.text());
    assertFalse(Triggers.skew(CHAMPION, report, 0.007).fires(), "as many as may be");
    assertFalse(Triggers.skew(CHAMPION, AuditReport.NONE, 0).fires());
  }

  @Test
  void application_another_firesOncePerFile() {
    assertFalse(Triggers.application(CHAMPION, "a", "a").fires());
    TriggerReading other = Triggers.application(CHAMPION, "a", "b");
    assertTrue(other.fires());
    assertNotEquals(other.cause(), Triggers.application(CHAMPION, "a", "c").cause());
  }
}
