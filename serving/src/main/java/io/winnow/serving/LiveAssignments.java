package io.winnow.serving;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiments;
import io.winnow.events.EventLog;
import io.winnow.experiments.assignment.Assigner;
import io.winnow.experiments.assignment.Assignment;
import io.winnow.experiments.assignment.Assignments;
import io.winnow.experiments.assignment.Assignments.Holdout;
import io.winnow.experiments.assignment.Decision;
import io.winnow.experiments.assignment.Subject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;

/** The experiments that a pipeline serves, for other services. Thread-safe. */
final class LiveAssignments implements ExperimentAssignments {
  /** How far the clocks of two servers may be apart. */
  private static final Duration SKEW_MAX = Duration.ofSeconds(10);

  private final Supplier<ServedPlan> served;
  private final EventLog log;
  private final TimeSource clock;

  LiveAssignments(Supplier<ServedPlan> served, EventLog log, TimeSource clock) {
    this.served = served;
    this.log = log;
    this.clock = clock;
  }

  @Override
  public List<ExperimentStatus> status() {
    return served.get().champion().status();
  }

  @Override
  public Set<String> contextFields() {
    return served.get().champion().assigner().contextFields();
  }

  @Override
  public Decided decide(UserId user, String surface, Map<String, String> context) {
    ServedExperiments now = served.get().of(user);
    long nowMs = clock.nowMs();
    Subject subject = now.subject(user, surface, context, nowMs);
    Map<String, Decision> decisions = new LinkedHashMap<>();
    for (String name : now.assigner().names()) {
      decisions.put(name, now.assigner().decide(name, subject).orElseThrow());
    }
    return new Decided(decisions, now.assigner().assign(subject).holdout(), nowMs);
  }

  @Override
  public boolean expose(Occasion occasion, String experiment, String arm) {
    ServedExperiments now = served.get().of(occasion.user());
    Assigner assigner = now.assigner();
    long decidedMs = decidedMs(occasion.decidedMs());
    Subject subject =
        now.subject(occasion.user(), occasion.surface(), occasion.context(), decidedMs);
    Assignments met =
        experiment.equals(Experiments.HOLDOUT) && assigner.holdout() > 0
            ? new Assignments(List.of(), side(assigner, subject, arm))
            : new Assignments(
                List.of(assigned(assigner, experiment, subject, arm)), Holdout.NOT_CONCERNED);
    SlateLog.Met what =
        new SlateLog.Met(
            occasion.requestId(),
            occasion.user(),
            occasion.surface(),
            occasion.context(),
            met,
            assigner.holdout());
    List<LogRecord> records = SlateLog.exposures(what, decidedMs);
    if (records.isEmpty()) {
      return false;
    }
    for (EventLog.Verdict verdict : log.append(records)) {
      Problem problem = verdict.problem();
      if (problem != null && verdict.status() == EventLog.Verdict.Status.REJECTED) {
        throw WinnowException.invalid(List.of(problem));
      }
    }
    return true;
  }

  /** Checked: an exposure cannot be of a time that a bandit's shares are not known of any more. */
  private long decidedMs(OptionalLong given) {
    long nowMs = clock.nowMs();
    long decidedMs = given.orElse(nowMs);
    long oldestMs = nowMs - DECIDED_AGE_MAX.toMillis();
    if (decidedMs < oldestMs || decidedMs > nowMs + SKEW_MAX.toMillis()) {
      throw WinnowException.invalid(
          "decided_ms",
          decidedMs,
          "that of the assignment, at most %d minutes ago (%d to %d)"
              .formatted(DECIDED_AGE_MAX.toMinutes(), oldestMs, nowMs));
    }
    return decidedMs;
  }

  private static Holdout side(Assigner assigner, Subject subject, String arm) {
    Holdout side = assigner.assign(subject).holdout();
    if (side == Holdout.NOT_CONCERNED) {
      throw conflict(arm, "none: no experiment is about such a request of this user");
    }
    if (!side.arm().equals(arm)) {
      throw conflict(arm, side.arm() + ", the side that the user is on");
    }
    return side;
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
                        Nearest.expectation("experiment", experiment, names(assigner)))));
    return switch (decision) {
      case Decision.Out(Decision.Why why) -> throw conflict(arm, "none: " + why.text());
      case Decision.In(Assignment assignment) -> {
        if (assignment.arm() == null) {
          throw conflict(
              arm, "none: the experiment is interleaved, and only recommended slates are in it");
        }
        if (!assignment.armName().equals(arm)) {
          throw conflict(arm, assignment.armName() + ", what is assigned");
        }
        yield assignment;
      }
    };
  }

  private static List<String> names(Assigner assigner) {
    List<String> names = new ArrayList<>(assigner.names());
    if (assigner.holdout() > 0) {
      names.add(Experiments.HOLDOUT);
    }
    return names;
  }

  private static WinnowException conflict(String arm, String expectation) {
    return failure(ErrorCode.CONFLICT, new Problem("arm", arm, expectation));
  }

  private static WinnowException failure(ErrorCode code, Problem problem) {
    return new WinnowException(code, problem.toString(), List.of(problem), null);
  }
}
