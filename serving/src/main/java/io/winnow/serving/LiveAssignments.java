package io.winnow.serving;

import io.winnow.core.ErrorCode;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog;
import io.winnow.experiments.assignment.Assigner;
import io.winnow.experiments.assignment.Assignment;
import io.winnow.experiments.assignment.Assignments;
import io.winnow.experiments.assignment.Assignments.Holdout;
import io.winnow.experiments.assignment.Decision;
import io.winnow.experiments.assignment.Subject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The experiments that a pipeline serves, for other services. Thread-safe. */
final class LiveAssignments implements ExperimentAssignments {
  private final Supplier<ServedExperiments> served;
  private final EventLog log;
  private final TimeSource clock;

  LiveAssignments(Supplier<ServedExperiments> served, EventLog log, TimeSource clock) {
    this.served = served;
    this.log = log;
    this.clock = clock;
  }

  @Override
  public List<ExperimentStatus> status() {
    return served.get().status();
  }

  @Override
  public Set<String> contextFields() {
    return served.get().assigner().contextFields();
  }

  @Override
  public Decided decide(UserId user, String surface, Map<String, String> context) {
    ServedExperiments now = served.get();
    Subject subject = now.subject(user, surface, context, clock.nowMs());
    Map<String, Decision> decisions = new LinkedHashMap<>();
    for (String name : now.assigner().names()) {
      decisions.put(name, now.assigner().decide(name, subject).orElseThrow());
    }
    return new Decided(decisions, now.assigner().assign(subject).holdout());
  }

  @Override
  public boolean expose(
      String requestId,
      UserId user,
      String surface,
      Map<String, String> context,
      String experiment,
      String arm) {
    ServedExperiments now = served.get();
    Assigner assigner = now.assigner();
    long nowMs = clock.nowMs();
    Subject subject = now.subject(user, surface, context, nowMs);
    Assignment assignment = assigned(assigner, experiment, subject, arm);
    if (!assignment.counts()) {
      return false;
    }
    Assignments met = new Assignments(List.of(assignment), Holdout.NOT_CONCERNED);
    SlateLog.Met what =
        new SlateLog.Met(requestId, user, surface, context, met, assigner.holdout());
    for (EventLog.Verdict verdict : log.append(SlateLog.exposures(what, nowMs))) {
      if (verdict.status() == EventLog.Verdict.Status.REJECTED) {
        throw WinnowException.invalid("exposure", experiment, verdict.toString());
      }
    }
    return true;
  }

  private static Assignment assigned(
      Assigner assigner, String experiment, Subject subject, String arm) {
    Decision decision =
        assigner
            .decide(experiment, subject)
            .orElseThrow(() ->
                failure(
                    ErrorCode.NOT_FOUND,
                    new Problem(
                        "experiment",
                        experiment,
                        Nearest.expectation("experiment", experiment, assigner.names()))));
    return switch (decision) {
      case Decision.Out(Decision.Why why) ->
          throw failure(ErrorCode.CONFLICT, new Problem("arm", arm, "none: " + why.text()));
      case Decision.In(Assignment assignment) -> {
        if (!assignment.armName().equals(arm)) {
          throw failure(
              ErrorCode.CONFLICT,
              new Problem("arm", arm, assignment.armName() + ", what is assigned"));
        }
        yield assignment;
      }
    };
  }

  private static WinnowException failure(ErrorCode code, Problem problem) {
    return new WinnowException(code, problem.toString(), List.of(problem), null);
  }
}
