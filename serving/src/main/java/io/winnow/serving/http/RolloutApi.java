package io.winnow.serving.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Rollout.Health;
import io.winnow.events.RecordJson;
import io.winnow.lifecycle.registry.Rollout;
import io.winnow.lifecycle.registry.ServerStatus;
import io.winnow.lifecycle.registry.ServingPlan;
import io.winnow.lifecycle.rollout.OutcomeComparison;
import io.winnow.lifecycle.rollout.PromotionLadder;
import io.winnow.lifecycle.rollout.TrialObservations;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code /v1/rollout}: a release's way to its users, and {@code /v1/releases/rollback}. */
final class RolloutApi {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> START_FIELDS = List.of("release", "reason");
  private static final List<String> ROLLBACK_FIELDS = List.of("to", "reason");
  private static final int REASON_MAX = 1_000;
  private static final int ACCEPTED = 202;

  private final RolloutControl control;
  private final RecordJson json;

  RolloutApi(RolloutControl control, RecordJson json) {
    this.control = control;
    this.json = json;
  }

  List<Route> routes() {
    return List.of(
        Route.get(
            "/v1/rollout",
            "operations",
            "What should be served, the rollout that is open with what is known of it, its"
                + " thresholds and decisions, and how the servers are",
            List.of(),
            this::get),
        Route.withBody(
                "POST",
                "/v1/rollout",
                Scope.ADMIN,
                "operations",
                "Sends a release up the ladder: offline gate, shadow, canary, live",
                Route.Body.json(
                    "RolloutRequest",
                    "{\"release\": \"r-20260301T120000000Z\", \"reason\": \"new sources\"}"),
                this::start)
            .answering(ACCEPTED),
        new Route(
            "DELETE",
            "/v1/rollout",
            Scope.ADMIN,
            "operations",
            "Ends the open rollout; users get the champion of before",
            List.of(Route.text("reason", false, "a sentence for the ledger")),
            null,
            true,
            this::cancel),
        Route.withBody(
            "POST",
            "/v1/releases/rollback",
            Scope.ADMIN,
            "operations",
            "Goes back to the release before, or to a given one, on all servers",
            Route.Body.json("RollbackRequest", "{\"reason\": \"complaints about the front page\"}"),
            this::rollback));
  }

  private Answer get(Route.Call call) {
    RolloutControl.Standing standing = control.standing();
    ObjectNode body = json.newObject();
    plan(body.putObject("plan"), standing.plan());
    Optional<PromotionLadder.Standing> open = standing.open();
    if (open.isPresent()) {
      ObjectNode node = body.putObject("rollout");
      rollout(node, open.get().rollout());
      observations(node.putObject("observations"), open.get().observations());
      OutcomeComparison outcomes = open.get().outcomes();
      if (outcomes != null) {
        ObjectNode numbers = node.putObject("outcomes");
        outcomes.numbers().forEach((name, value) -> RecordJson.put(numbers, name, value));
      }
    } else {
      body.putNull("rollout");
    }
    ArrayNode ended = body.putArray("ended");
    standing.newest().forEach(rollout -> rollout(ended.addObject(), rollout));
    thresholds(body.putObject("thresholds"), standing.thresholds());
    ArrayNode servers = body.putArray("servers");
    for (ServerStatus server : standing.servers()) {
      servers
          .addObject()
          .put("server", server.server())
          .put("address", server.address())
          .put("revision", server.revision())
          .put("champion", server.champion())
          .put("problem", server.problem())
          .put("seen", RecordJson.isoTime(server.seenMs()));
    }
    return Answer.json(json.write(body));
  }

  private static void plan(ObjectNode node, ServingPlan plan) {
    node.put("revision", plan.revision())
        .put("champion", plan.champion())
        .put("previous", plan.previous())
        .put("challenger", plan.challenger())
        .put("canary_share", plan.canary().share())
        .put("shadow", plan.shadow())
        .put("shadow_share", plan.shadowShare());
  }

  private static void rollout(ObjectNode node, Rollout rollout) {
    node.put("id", rollout.id())
        .put("candidate", rollout.candidate())
        .put("champion", rollout.champion())
        .put("stage", rollout.stage().label())
        .put("step", rollout.step())
        .put("started", RecordJson.isoTime(rollout.startedMs()))
        .put("stage_since", RecordJson.isoTime(rollout.stageSinceMs()));
    ArrayNode decisions = node.putArray("decisions");
    for (Rollout.Decision decision : rollout.decisions()) {
      ObjectNode line =
          decisions
              .addObject()
              .put("at", RecordJson.isoTime(decision.atMs()))
              .put("from", decision.from().label())
              .put("to", decision.to().label())
              .put("actor", decision.cause().actor())
              .put("reason", decision.cause().reason());
      ObjectNode numbers = line.putObject("numbers");
      decision.cause().numbers().forEach((name, value) -> RecordJson.put(numbers, name, value));
    }
  }

  private static void observations(ObjectNode node, TrialObservations observations) {
    observations
        .sides()
        .forEach((side, counts) -> {
          if (counts.requests() > 0) {
            node.putObject(side.label())
                .put("requests", counts.requests())
                .put("errors", counts.errors())
                .put("degraded", counts.degraded())
                .put("empty", counts.empty())
                .put("latency_p50_ms", counts.latency().percentileMs(0.5))
                .put("latency_p95_ms", counts.latency().percentileMs(0.95));
          }
        });
    node.put("overlap", observations.shadow().meanOverlap());
    node.put("dropped", observations.shadow().dropped());
  }

  private static void thresholds(ObjectNode node, io.winnow.core.application.Rollout thresholds) {
    node.putObject("gate")
        .put("metric", thresholds.gate().metric())
        .put("max_loss", thresholds.gate().maxLoss());
    ObjectNode shadow = node.putObject("shadow");
    shadow
        .put("share", thresholds.shadow().share())
        .put("min_requests", thresholds.shadow().minRequests())
        .put("patience", thresholds.shadow().patience().toString());
    health(shadow, thresholds.shadow().health());
    ObjectNode canary = node.putObject("canary");
    ArrayNode shares = canary.putArray("shares");
    thresholds.canary().shares().forEach(shares::add);
    canary
        .put("min_slates", thresholds.canary().minSlates())
        .put("max_loss", thresholds.canary().maxLoss())
        .put("confidence", thresholds.canary().confidence())
        .put("patience", thresholds.canary().patience().toString());
    health(canary, thresholds.canary().health());
    ObjectNode live = node.putObject("live").put("watch", thresholds.live().watch().toString());
    health(live, thresholds.live().health());
  }

  private static void health(ObjectNode node, Health health) {
    node.put("max_errors", health.maxErrors())
        .put("max_latency", health.maxLatency())
        .put("max_degraded", health.maxDegraded())
        .put("max_empty", health.maxEmpty());
  }

  private Answer start(Route.Call call) {
    JsonNode body = object(call.body(), START_FIELDS);
    String release = text(body, "release", "");
    if (release.isBlank()) {
      throw WinnowException.invalid("release", release, "the id of a release");
    }
    ObjectNode answer = json.newObject();
    rollout(answer, control.start(release, text(body, "reason", "asked for over HTTP")));
    return Answer.json(json.write(answer)).withStatus(ACCEPTED);
  }

  private Answer cancel(Route.Call call) {
    String reason = call.query().text("reason", "cancelled over HTTP");
    ObjectNode answer = json.newObject();
    rollout(answer, control.cancel(bounded(reason)));
    return Answer.json(json.write(answer));
  }

  private Answer rollback(Route.Call call) {
    JsonNode body = object(call.body(), ROLLBACK_FIELDS);
    String to = text(body, "to", "");
    ObjectNode answer = json.newObject();
    plan(
        answer,
        control.rollback(to.isEmpty() ? null : to, text(body, "reason", "rolled back over HTTP")));
    return Answer.json(json.write(answer));
  }

  private static JsonNode object(byte[] body, List<String> fields) {
    JsonNode node;
    try {
      node = JSON.readTree(body);
    } catch (JsonProcessingException e) {
      throw new WinnowException(
          ErrorCode.MALFORMED_REQUEST, "body: not JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.MALFORMED_REQUEST, "body: not JSON", e);
    }
    if (node == null || !node.isObject()) {
      throw WinnowException.invalid("body", "not an object", "a JSON object");
    }
    List<Problem> problems = new ArrayList<>();
    node.fieldNames()
        .forEachRemaining(name -> {
          if (!fields.contains(name)) {
            problems.add(new Problem(name, "given", Nearest.expectation("field", name, fields)));
          }
        });
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    return node;
  }

  private static String text(JsonNode body, String field, String otherwise) {
    JsonNode value = body.path(field);
    if (value.isMissingNode() || value.isNull()) {
      return otherwise;
    }
    if (!value.isTextual()) {
      throw WinnowException.invalid(field, value, "text");
    }
    return bounded(value.asText());
  }

  private static String bounded(String text) {
    if (text.length() > REASON_MAX) {
      throw WinnowException.invalid("text", text.length() + " characters", "at most " + REASON_MAX);
    }
    return text;
  }
}
