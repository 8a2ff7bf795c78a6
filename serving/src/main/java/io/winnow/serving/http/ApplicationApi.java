package io.winnow.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.DefinitionText;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.events.RecordJson;
import io.winnow.lifecycle.ApplicationChange;
import io.winnow.serving.ExperimentAssignments;
import io.winnow.serving.ExperimentStatus;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** {@code /v1/application}: the application file, its features and how far they are. */
final class ApplicationApi {
  private static final List<String> CONTENT_TYPES =
      List.of("application/yaml", "application/x-yaml", "text/yaml", "text/plain");
  private static final int ACCEPTED = 202;

  private final ApplicationControl control;
  private final ExperimentAssignments assignments;
  private final RecordJson json;

  ApplicationApi(ApplicationControl control, ExperimentAssignments assignments, RecordJson json) {
    this.control = control;
    this.assignments = assignments;
    this.json = json;
  }

  List<Route> routes(String example) {
    return List.of(
        Route.get(
            "/v1/application",
            "operations",
            "The application file, its features with their versions, and the state of a backfill",
            List.of(),
            this::get),
        Route.withBody(
                "PUT",
                "/v1/application",
                Scope.ADMIN,
                "operations",
                "Puts another application file in place; features that it adds or changes are"
                    + " computed over the whole log while the store serves on",
                new Route.Body("ApplicationFile", CONTENT_TYPES, example),
                this::put)
            .answering(ACCEPTED));
  }

  private Answer get(Route.Call call) {
    ApplicationControl.Status status = control.status();
    Set<FeatureDefinition> held = new HashSet<>(status.held());
    Set<FeatureDefinition> declared = new HashSet<>(status.application().definition().features());
    ObjectNode body = json.newObject();
    body.put("application", status.application().definition().name());
    body.put("hash", status.hash());
    ArrayNode features = body.putArray("features");
    for (FeatureDefinition feature : status.application().definition().features()) {
      feature(features.addObject(), feature).put("ready", held.contains(feature));
    }
    ArrayNode others = body.putArray("also_held");
    for (FeatureDefinition feature : status.held()) {
      if (!declared.contains(feature)) {
        feature(others.addObject(), feature);
      }
    }
    backfill(body.putObject("backfill"), status.backfill());
    body.put("text", status.application().textWithoutSecrets());
    return Answer.json(json.write(body));
  }

  private static void backfill(ObjectNode body, ApplicationControl.Backfill backfill) {
    body.put("state", backfill.state().name().toLowerCase(Locale.ROOT));
    switch (backfill.state()) {
      case IDLE -> {}
      case RUNNING -> {
        body.put("records_done", backfill.recordsDone());
        body.put("records_total", backfill.recordsTotal());
        RecordJson.put(body, "seconds_left", backfill.secondsLeft());
      }
      case FAILED -> body.put("reason", backfill.reason());
    }
  }

  private Answer put(Route.Call call) {
    ApplicationControl.Accepted accepted = control.apply(text(call.body()));
    ApplicationChange change = accepted.change();
    ObjectNode body = json.newObject();
    body.put("backfill", accepted.backfill());
    ArrayNode added = body.putArray("added");
    change.added().forEach(feature -> feature(added.addObject(), feature));
    ArrayNode changed = body.putArray("changed");
    change
        .changed()
        .forEach(pair ->
            feature(changed.addObject(), pair.after())
                .put("version_before", pair.before().version())
                .put("definition_before", DefinitionText.of(pair.before().aggregation())));
    ArrayNode removed = body.putArray("removed");
    change.removed().forEach(feature -> feature(removed.addObject(), feature));
    ArrayNode experiments = body.putArray("experiments");
    for (ExperimentStatus status : assignments.status()) {
      experiments
          .addObject()
          .put("experiment", status.name())
          .put("served", status.served())
          .put("not_served_because", status.reason());
    }
    return Answer.json(json.write(body)).withStatus(ACCEPTED);
  }

  private static String text(byte[] body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      throw WinnowException.invalid(
          List.of(new Problem("body", body.length + " bytes", "UTF-8 text")));
    }
  }

  private static ObjectNode feature(ObjectNode node, FeatureDefinition feature) {
    return node.put("name", feature.qualifiedName())
        .put("version", feature.version())
        .put("entity", feature.entity().label())
        .put("definition", DefinitionText.of(feature.aggregation()));
  }
}
