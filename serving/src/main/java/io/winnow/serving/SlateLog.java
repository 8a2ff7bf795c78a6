package io.winnow.serving;

import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.Exposure;
import io.winnow.core.Ids;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiment.Field;
import io.winnow.core.application.Experiments;
import io.winnow.events.EventLog;
import io.winnow.experiments.assignment.Assignment;
import io.winnow.experiments.assignment.Assignments;
import io.winnow.experiments.assignment.Assignments.Holdout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes down what was shown and which experiments were met, in one batch: whoever sees an exposure
 * finds the impressions of its request, and an empty answer is exposed too. Thread-safe.
 */
final class SlateLog {
  private static final int HOLDOUT_RUN = 1;

  private final EventLog log;

  SlateLog(EventLog log) {
    this.log = log;
  }

  /**
   * What a request met.
   *
   * @param assignments those that could have changed its answer
   * @param holdout the chance of a user to be held out
   */
  record Met(
      String requestId,
      UserId user,
      String surface,
      Map<String, String> context,
      Assignments assignments,
      double holdout) {}

  /** Appends and waits until it is on disk. */
  void append(Met met, List<Shown> shown, long nowMs) {
    List<LogRecord> records = new ArrayList<>(exposures(met, nowMs));
    for (Shown place : shown) {
      records.add(impression(met, place, nowMs));
    }
    if (records.isEmpty()) {
      return;
    }
    for (EventLog.Verdict verdict : log.append(records)) {
      if (verdict.status() == EventLog.Verdict.Status.REJECTED) {
        throw new WinnowException(
            ErrorCode.CONFLICT, "impressions of request " + met.requestId() + ": " + verdict);
      }
    }
  }

  private static LogRecord impression(Met met, Shown place, long nowMs) {
    SlateItem item = place.item();
    Impression impression =
        new Impression(
            met.requestId(),
            item.position(),
            item.propensity(),
            new Impression.Provenance(
                place.release().version(), place.arm(), item.source(), item.score()),
            place.ranked().asOfOffset(),
            place.release().schemaHash(),
            place.ranked().storeFeatures(place.index()));
    return new LogRecord.Happened(
        new Event(
            met.requestId() + ":" + item.position(),
            Event.IMPRESSION,
            met.user(),
            item.item(),
            nowMs,
            Double.NaN,
            met.requestId(),
            impression));
  }

  /** One record for each experiment that counts, and one for the holdout. */
  static List<LogRecord> exposures(Met met, long nowMs) {
    List<LogRecord> records = new ArrayList<>();
    for (Assignment assignment : met.assignments().list()) {
      if (assignment.counts()) {
        Experiment experiment = assignment.experiment();
        records.add(
            new LogRecord.Exposed(
                new Exposure(
                    met.requestId(),
                    met.user(),
                    assignment.unit(),
                    experiment.name(),
                    experiment.run(),
                    assignment.armName(),
                    assignment.probability(),
                    segments(experiment, met)),
                nowMs));
      }
    }
    Holdout side = met.assignments().holdout();
    if (side != Holdout.NOT_CONCERNED) {
      records.add(
          new LogRecord.Exposed(
              new Exposure(
                  met.requestId(),
                  met.user(),
                  met.user().value(),
                  Experiments.HOLDOUT,
                  HOLDOUT_RUN,
                  side.arm(),
                  side == Holdout.HELD_OUT ? met.holdout() : 1 - met.holdout(),
                  Map.of()),
              nowMs));
    }
    return records;
  }

  /**
   * What of the request its experiment is cut into segments by. What the log would not take is left
   * out: the exposure is worth more than one of its segments.
   */
  private static Map<String, String> segments(Experiment experiment, Met met) {
    Map<String, String> segments = new LinkedHashMap<>();
    for (Field field : experiment.goals().segments()) {
      String value =
          switch (field) {
            case Field.Surface _ -> met.surface();
            case Field.Context(String name) -> met.context().getOrDefault(name, "");
            case Field.User _, Field.NewUsers _ -> ""; // known from the log
          };
      if (!value.isBlank() && Ids.isLoggable(value) && Ids.isLoggable(field.toString())) {
        segments.put(field.toString(), value);
      }
    }
    return segments;
  }
}
