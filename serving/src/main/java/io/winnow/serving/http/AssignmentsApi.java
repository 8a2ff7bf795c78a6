package io.winnow.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Experiment;
import io.winnow.events.JsonFields;
import io.winnow.events.RecordJson;
import io.winnow.experiments.assignment.ArmFlag;
import io.winnow.experiments.assignment.Assignment;
import io.winnow.experiments.assignment.Assignments.Holdout;
import io.winnow.experiments.assignment.Decision;
import io.winnow.experiments.assignment.Subject;
import io.winnow.serving.ExperimentAssignments;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * {@code /v1/experiments/assignments} and {@code /v1/experiments/{name}/exposures}: the arms of
 * experiments for other services, and the word that they acted on one.
 */
final class AssignmentsApi {
  private static final String TAG = "experiments";

  private final ApplicationDefinition application;
  private final ExperimentAssignments assignments;
  private final RecordJson json;

  AssignmentsApi(
      ApplicationDefinition application, ExperimentAssignments assignments, RecordJson json) {
    this.application = application;
    this.assignments = assignments;
    this.json = json;
  }

  List<Route> routes() {
    return List.of(
        Route.get(
            "/v1/experiments/assignments",
            TAG,
            "The experiments and arms that a request of a user is in; logs nothing",
            List.of(
                Route.text("user", true, "who asks"),
                Route.text("surface", false, "where it asks, such as home"),
                Route.text("session", false, "the same as context.session"),
                Route.text("context.*", false, "what is known about the moment")),
            this::get),
        Route.withBody(
            "POST",
            "/v1/experiments/{name}/exposures",
            Scope.WRITE,
            TAG,
            "Logs that another service acted on an assignment, so that the unit counts",
            Route.Body.json("ExposureRequest", example()),
            this::expose));
  }

  /** What a user of the first experiment would send; whoever is drawn, it is the same text. */
  private String example() {
    String arm =
        application.operations().experiments().list().stream()
            .findFirst()
            .map(first -> first.control().name())
            .orElse("control");
    return json.newObject().put("user", "u1").put("arm", arm).toString();
  }

  private Answer get(Route.Call call) {
    UserId user = new UserId(call.query().text("user", ""));
    Map<String, String> context = new LinkedHashMap<>(call.query().family("context."));
    String session = call.query().text("session");
    if (session != null) {
      context.put(Subject.SESSION, session);
    }
    ExperimentAssignments.Decided decided =
        assignments.decide(user, call.query().text("surface", ""), context);
    ObjectNode body = json.newObject();
    body.put("user", user.value());
    body.put("decided_ms", decided.decidedMs());
    if (decided.holdout() != Holdout.NOT_CONCERNED) {
      body.put("holdout", decided.holdout().arm());
    }
    ArrayNode list = body.putArray("experiments");
    decided
        .experiments()
        .forEach((name, decision) -> {
          ObjectNode entry = list.addObject().put("experiment", name);
          switch (decision) {
            case Decision.In(Assignment assignment) when assignment.arm() == null ->
                entry.putNull("arm").put("reason", ArmFlag.INTERLEAVED);
            case Decision.In(Assignment assignment) -> {
              entry.put("arm", assignment.armName());
              entry.put("run", assignment.experiment().run());
              entry.put(
                  "unit",
                  assignment.experiment().population().unit() == Experiment.Unit.USER
                      ? "user"
                      : "session");
              RecordJson.put(entry, "probability", assignment.probability());
              entry.put("counts", assignment.counts());
            }
            case Decision.Out(Decision.Why why) -> entry.putNull("arm").put("reason", why.text());
          }
        });
    return Answer.json(json.write(body));
  }

  private Answer expose(Route.Call call) {
    JsonFields fields = JsonFields.of("exposure", json.parse(call.body()));
    UserId user = fields.identifier("user", UserId::new);
    fields.require("user");
    String arm = fields.text("arm");
    fields.require("arm");
    String surface = fields.text("surface");
    String session = fields.text("session");
    String requestId = fields.text("request_id");
    Double decided = fields.number("decided_ms");
    Map<String, String> context = new LinkedHashMap<>(fields.object("context").scalars());
    fields.refuseUnknown();
    fields.throwProblems();
    if (user == null || arm == null) {
      throw new IllegalStateException("a required field is null without a problem");
    }
    if (session != null) {
      context.put(Subject.SESSION, session);
    }
    String experiment = call.path().getOrDefault("name", "");
    boolean counts =
        assignments.expose(
            new ExperimentAssignments.Occasion(
                requestId == null ? call.requestId() : requestId,
                user,
                surface == null ? "" : surface,
                context,
                decided == null ? OptionalLong.empty() : OptionalLong.of(Math.round(decided))),
            experiment,
            arm);
    ObjectNode body = json.newObject();
    body.put("experiment", experiment).put("arm", arm).put("counts", counts);
    return Answer.json(json.write(body));
  }
}
