package io.winnow.serving;

import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.events.EventLog;
import io.winnow.experiments.assignment.Assignments.Holdout;
import io.winnow.experiments.assignment.Decision;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The experiments as other services see them. Thread-safe. */
public interface ExperimentAssignments {
  /**
   * Those of what is served at each moment.
   *
   * @param log takes exposures
   */
  static ExperimentAssignments of(
      Supplier<ServedExperiments> served, EventLog log, TimeSource clock) {
    return new LiveAssignments(served, log, clock);
  }

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
   * Logs that another service acted on an assignment, and returns it when that is on disk.
   *
   * @param requestId names the service's request in the log
   * @param arm which the service acted on
   * @return whether it counts; a tester's does not and is not logged
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND} for an unknown experiment, {@code
   *     CONFLICT} if the user is not in it or in another arm, {@code UNAVAILABLE} if the log cannot
   *     take it
   */
  boolean expose(
      String requestId,
      UserId user,
      String surface,
      Map<String, String> context,
      String experiment,
      String arm);

  /**
   * What a request is in.
   *
   * @param experiments by name, in the order of the application file
   */
  record Decided(Map<String, Decision> experiments, Holdout holdout) {}
}
