package io.winnow.lifecycle.jobs;

import com.github.kagkarlsson.scheduler.task.ExecutionComplete;
import com.github.kagkarlsson.scheduler.task.schedule.CronSchedule;
import com.github.kagkarlsson.scheduler.task.schedule.CronStyle;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Retraining.Schedule;
import java.time.Instant;
import java.time.ZoneOffset;

/** When something is due by a schedule. Pure. */
public final class Schedules {
  private Schedules() {}

  /**
   * The first due time behind another.
   *
   * @param afterMs when it was last done, or when waiting for the first began, epoch milliseconds
   * @throws WinnowException with {@code INVALID_ARGUMENT} if a cron expression is none
   */
  public static long nextMs(Schedule schedule, long afterMs) {
    return switch (schedule) {
      case Schedule.Every every -> afterMs + every.interval().toMillis();
      case Schedule.Cron(String expression) ->
          cron(expression)
              .getNextExecutionTime(
                  ExecutionComplete.simulatedSuccess(Instant.ofEpochMilli(afterMs)))
              .toEpochMilli();
    };
  }

  private static CronSchedule cron(String expression) {
    try {
      return new CronSchedule(expression, ZoneOffset.UTC, CronStyle.UNIX);
    } catch (IllegalArgumentException e) {
      throw WinnowException.invalid(
          "cadence",
          expression,
          "five fields as of cron (minute, hour, day of month, month, day of week), or a duration"
              + " such as 1d");
    }
  }
}
