package io.winnow.lifecycle.triggers;

import io.winnow.core.application.Retraining;
import io.winnow.core.application.Retraining.Schedule;
import io.winnow.core.application.Retraining.Trigger;
import io.winnow.features.AuditReport;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.jobs.Schedules;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The triggers that follow from single numbers. Pure. */
public final class Triggers {
  /** Where there is no cadence, a champion is not stale. */
  private static final double NEVER = Double.POSITIVE_INFINITY;

  /** So many pauses hold the longest of a week. */
  private static final int PAUSES = 7;

  private Triggers() {}

  /**
   * The champion's age, in cadences: fires at 1, and with another cause at each further one.
   *
   * @param schedule the cadence, or null
   */
  public static TriggerReading staleness(
      ReleaseManifest champion, @Nullable Schedule schedule, long nowMs) {
    long ageMs = Math.max(0, nowMs - champion.createdMs());
    String age = text(ageMs);
    if (schedule == null) {
      return new TriggerReading(
          Trigger.STALENESS,
          Double.NaN,
          NEVER,
          champion.version(),
          "The champion is " + age + " old; there is no cadence.");
    }
    long cadenceMs = cadenceMs(schedule, champion.createdMs());
    double cadences = (double) ageMs / cadenceMs;
    return new TriggerReading(
        Trigger.STALENESS,
        cadences,
        1,
        champion.version() + "/" + (long) cadences,
        "The champion is %s old, the cadence is %s.".formatted(age, text(cadenceMs)));
  }

  /**
   * The time between two trainings: the longest pause among the next due times, so that a weekend
   * between the times of a cron expression is no reason to train. Not the time to the next one,
   * which depends on when the champion happened to be made.
   */
  private static long cadenceMs(Schedule schedule, long createdMs) {
    long longestMs = 1;
    long dueMs = Schedules.nextMs(schedule, createdMs);
    for (int i = 0; i < PAUSES; i++) {
      long nextMs = Schedules.nextMs(schedule, dueMs);
      longestMs = Math.max(longestMs, nextMs - dueMs);
      dueMs = nextMs;
    }
    return longestMs;
  }

  /**
   * Records behind the champion's data, in thresholds' worth: another cause at each further one.
   */
  public static TriggerReading newEvents(
      ReleaseManifest champion, Retraining retraining, long logEnd) {
    long since = Math.max(0, logEnd - champion.provenance().toOffset());
    return new TriggerReading(
        Trigger.NEW_EVENTS,
        since,
        retraining.newEvents(),
        champion.version() + "/" + since / Math.max(1, retraining.newEvents()),
        String.format(
            Locale.ROOT,
            "%,d records came since the champion's data ended, %,d ask for a training.",
            since,
            retraining.newEvents()));
  }

  /**
   * The feature whose served values differ most often from what replay computes.
   *
   * @param maxMismatches share that may differ
   */
  public static TriggerReading skew(
      ReleaseManifest champion, AuditReport report, double maxMismatches) {
    double worst = Double.NaN;
    String feature = "";
    for (Map.Entry<String, AuditReport.Count> entry : report.recent().entrySet()) {
      double share = entry.getValue().share();
      if (entry.getValue().values() > 0 && !(share <= worst)) {
        worst = share;
        feature = entry.getKey();
      }
    }
    return new TriggerReading(
        Trigger.SKEW,
        worst,
        maxMismatches,
        champion.version() + "/" + feature,
        feature.isEmpty()
            ? "No served value was compared with replay yet."
            : String.format(
                Locale.ROOT,
                "%.4f %% of the newest values of %s are not what replay computes, %s %% may be.",
                100 * worst,
                feature,
                100 * maxMismatches));
  }

  /**
   * Whether the application file is another one than the champion was trained for.
   *
   * @param trainedFor identifies the champion's
   * @param inForce identifies the one of now
   */
  public static TriggerReading application(
      ReleaseManifest champion, String trainedFor, String inForce) {
    boolean other = !trainedFor.equals(inForce);
    return new TriggerReading(
        Trigger.APPLICATION,
        other ? 1 : 0,
        1,
        champion.version() + "/" + inForce,
        other
            ? "Another application file is in force than the champion was trained for."
            : "The champion was trained for the application file that is in force.");
  }

  private static String text(long ms) {
    Duration duration = Duration.ofMillis(ms);
    return duration.toDays() > 0
        ? "%d d %d h".formatted(duration.toDays(), duration.toHoursPart())
        : "%d h %d min".formatted(duration.toHours(), duration.toMinutesPart());
  }
}
