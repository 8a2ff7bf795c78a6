package io.winnow.core.application;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When models are trained anew, and how.
 *
 * @param schedule when at the latest, or null for only when asked or triggered
 * @param on what else asks for it
 * @param newEvents how many events make {@link Trigger#NEW_EVENTS}
 * @param full a training that begins anew instead of from the champion, at least this often; null
 *     for always
 * @param holdout share of the newest outcomes that no candidate learns from: the gate judges by
 *     them
 * @param limits how long and how often it is tried
 */
public record Retraining(
    @Nullable Schedule schedule,
    List<Trigger> on,
    long newEvents,
    @Nullable Duration full,
    double holdout,
    Limits limits) {
  /** Only when somebody asks. */
  public static final Retraining MANUAL =
      new Retraining(null, List.of(), 100_000, null, 0.05, new Limits(Duration.ofHours(4), 3));

  /** Copies the list. */
  public Retraining {
    on = List.copyOf(on);
  }

  /** When something is due. */
  public sealed interface Schedule {
    /** A fixed time after the last one ended: {@code cadence: 1d}. */
    record Every(Duration interval) implements Schedule {}

    /**
     * At times of the day: {@code cadence: "0 3 * * *"}, five fields (minute, hour, day of month,
     * month, day of week), in UTC.
     */
    record Cron(String expression) implements Schedule {}
  }

  /** A reason to train before the schedule says so. */
  public enum Trigger {
    /** The distribution of features moved. */
    DATA_DRIFT,
    /** Predictions fit outcomes worse than they did. */
    CONCEPT_DRIFT,
    /** Served feature values are not what replay computes. */
    SKEW,
    /**
     * The champion was trained longer ago than the cadence, whatever became of the trainings since.
     */
    STALENESS,
    /** Enough events since the champion's data ended. */
    NEW_EVENTS,
    /** Another application file came into force. */
    APPLICATION
  }

  /**
   * Bounds of one training.
   *
   * @param timeout after which it is stopped
   * @param attempts how often it is tried, with growing pauses, before a person is needed
   */
  public record Limits(Duration timeout, int attempts) {}
}
