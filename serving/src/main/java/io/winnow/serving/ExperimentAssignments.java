package io.winnow.serving;

import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.events.EventLog;
import io.winnow.experiments.assignment.Assignments.Holdout;
import io.winnow.experiments.assignment.Decision;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;

/** The experiments as other services see them. Thread-safe. */
public interface ExperimentAssignments {
  /**
   * Those of what is served at each moment.
   *
   * @param log takes exposures
   */
  static ExperimentAssignments of(Supplier<ServedPlan> served, EventLog log, TimeSource clock) {
    return new LiveAssignments(served, log, clock);
  }

  /** How long after an assignment was read an exposure of it is taken. */
  Duration DECIDED_AGE_MAX = Duration.ofMinutes(10);

  /** Every experiment of the application file, in its order, and whether it can be served. */
  List<ExperimentStatus> status();

  /** The fields of the context that an assignment depends on; others are ignored. */
  Set<String> contextFields();

  /**
   * What a request of this user would be in. Nothing is logged.
   *
   * @param surface may be empty
   */
  Decided decide(UserId user, String surface, Map<String, String> context);

  /**
   * Logs that another service acted on an assignment, and returns when that is on disk.
   *
   * @param experiment one of the application file, or {@code holdout} for the side of the holdout
   * @param arm which the service acted on
   * @return whether it counts; a tester's does not and is not logged
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND} for an unknown experiment, {@code
   *     CONFLICT} if the user is not in it or in another arm, or if it is interleaved: only a slate
   *     meets that; {@code INVALID_ARGUMENT} if it was decided too long ago, {@code UNAVAILABLE} if
   *     the log cannot take it
   */
  boolean expose(Occasion occasion, String experiment, String arm);

  /**
   * When another service acted on an assignment.
   *
   * @param requestId names the service's request in the log
   * @param surface may be empty
   * @param decidedMs {@link Decided#decidedMs()} of the answer that it acted on, at most {@link
   *     #DECIDED_AGE_MAX} ago: what was decided then holds, though a bandit's next period may have
   *     begun; empty for now
   */
  record Occasion(
      String requestId,
      UserId user,
      String surface,
      Map<String, String> context,
      OptionalLong decidedMs) {}

  /**
   * What a request is in.
   *
   * @param experiments by name, in the order of the application file
   * @param decidedMs when that was, epoch milliseconds
   */
  record Decided(Map<String, Decision> experiments, Holdout holdout, long decidedMs) {}
}
