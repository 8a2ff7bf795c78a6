package io.winnow.serving.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordJson;
import io.winnow.experiments.assignment.ArmFlag;
import io.winnow.experiments.assignment.Assignment;
import io.winnow.experiments.assignment.Decision;
import io.winnow.serving.ExperimentAssignments;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The OpenFeature Remote Evaluation Protocol (OFREP 0.1, {@code /ofrep/v1}): every OpenFeature SDK
 * reads assignments through its OFREP provider. A flag is an experiment, its value and variant the
 * arm's name; what a unit that is in no arm gets is {@code default}. Reading logs no exposure.
 *
 * <p>The context's {@code targetingKey} is the user, {@code surface} the surface; a field {@code
 * device} of the request's context is {@code context.device} or {@code device}. What no experiment
 * looks at is ignored, and so are attributes of the user: the server has its own.
 *
 * <p>Refusals have the protocol's body; those that come before a route is called (a key that is
 * missing, a content type) are problem details as everywhere.
 */
final class OfrepApi {
  private static final String PATH = "/ofrep/v1/evaluate/flags";
  private static final String TAG = "experiments";
  private static final int BAD_REQUEST = 400;
  private static final int NOT_FOUND = 404;

  private final ExperimentAssignments assignments;
  private final RecordJson json;

  OfrepApi(ExperimentAssignments assignments, RecordJson json) {
    this.assignments = assignments;
    this.json = json;
  }

  List<Route> routes() {
    String example = "{\"context\": {\"targetingKey\": \"u1\", \"surface\": \"home\"}}";
    return List.of(
        Route.withBody(
            "POST",
            PATH + "/{key}",
            Scope.READ,
            TAG,
            "The arm of one experiment, as OpenFeature's OFREP asks for it; logs nothing",
            Route.Body.json("OfrepRequest", example),
            this::one),
        Route.withBody(
            "POST",
            PATH,
            Scope.READ,
            TAG,
            "The arms of all experiments, as OpenFeature's OFREP asks for them; logs nothing",
            Route.Body.json("OfrepRequest", example),
            this::all));
  }

  /** Why a request is refused, as the protocol says it. */
  private static final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    private final String code;

    Refusal(String code, String details) {
      super(details);
      this.code = code;
    }
  }

  private Answer one(Route.Call call) {
    String key = call.path().getOrDefault("key", "");
    try {
      ExperimentAssignments.Decided decided = decide(call);
      Decision decision = decided.experiments().get(key);
      if (decision == null) {
        return refusal(key, "FLAG_NOT_FOUND", "no experiment of this name", NOT_FOUND);
      }
      return Answer.json(json.write(flag(json.newObject(), key, decision, decided.decidedMs())));
    } catch (Refusal e) {
      return refusal(key, e.code, String.valueOf(e.getMessage()), BAD_REQUEST);
    }
  }

  private Answer all(Route.Call call) {
    try {
      ObjectNode body = json.newObject();
      ArrayNode flags = body.putArray("flags");
      ExperimentAssignments.Decided decided = decide(call);
      decided
          .experiments()
          .forEach((key, decision) -> flag(flags.addObject(), key, decision, decided.decidedMs()));
      return Answer.json(json.write(body));
    } catch (Refusal e) {
      return refusal("", e.code, String.valueOf(e.getMessage()), BAD_REQUEST);
    }
  }

  private Answer refusal(String key, String code, String details, int status) {
    ObjectNode body = json.newObject();
    if (!key.isEmpty()) {
      body.put("key", key);
    }
    body.put("errorCode", code).put("errorDetails", details);
    return Answer.json(json.write(body)).withStatus(status);
  }

  private static ObjectNode flag(ObjectNode entry, String key, Decision decision, long decidedMs) {
    ArmFlag flag = ArmFlag.of(decision);
    entry.put("key", key).put("value", flag.value());
    entry.put("variant", flag.value()).put("reason", flag.reason().name());
    ObjectNode metadata = entry.putObject("metadata");
    switch (decision) {
      case Decision.In(Assignment assignment) when assignment.arm() == null ->
          metadata.put("why", ArmFlag.INTERLEAVED);
      case Decision.In(Assignment assignment) -> {
        metadata.put("run", assignment.experiment().run());
        RecordJson.put(metadata, "probability", assignment.probability());
        metadata.put("decided_ms", decidedMs);
      }
      case Decision.Out(Decision.Why why) -> metadata.put("why", why.text());
    }
    return entry;
  }

  private ExperimentAssignments.Decided decide(Route.Call call) throws Refusal {
    JsonNode body;
    try {
      body = json.parse(call.body());
    } catch (WinnowException e) {
      throw new Refusal("PARSE_ERROR", String.valueOf(e.getMessage()));
    }
    JsonNode context = body.path("context");
    if (!body.isObject() || !(context.isObject() || context.isMissingNode() || context.isNull())) {
      throw new Refusal("INVALID_CONTEXT", "context: an object is expected");
    }
    JsonNode targetingKey = context.path("targetingKey");
    if (!targetingKey.isTextual() || targetingKey.textValue().isBlank()) {
      throw new Refusal("TARGETING_KEY_MISSING", "context.targetingKey: the user's id is expected");
    }
    UserId user;
    try {
      user = new UserId(targetingKey.textValue());
    } catch (WinnowException e) {
      throw new Refusal("INVALID_CONTEXT", "targetingKey: " + e.getMessage());
    }
    Map<String, String> fields = new LinkedHashMap<>();
    for (String name : assignments.contextFields()) {
      JsonNode value = context.path("context." + name);
      value = value.isMissingNode() ? context.path(name) : value;
      if (value.isValueNode() && !value.isNull()) {
        fields.put(name, value.asText());
      }
    }
    JsonNode surface = context.path("surface");
    return assignments.decide(user, surface.isTextual() ? surface.textValue() : "", fields);
  }
}
