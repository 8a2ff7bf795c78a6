package io.winnow.serving.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordJson;
import io.winnow.lifecycle.jobs.JobKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/** {@code /v1/jobs}: orders jobs, shows and cancels them; {@code /v1/triggers}. */
final class JobsApi {
  private static final int LIST_MAX = 500;
  private static final int LINES = 200;
  private static final int LINES_MAX = 2_000;
  private static final int ACCEPTED = 202;
  private static final Set<String> FIELDS = Set.of("job", "key", "reason", "options");
  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private final JobControl control;
  private final RecordJson json;

  JobsApi(JobControl control, RecordJson json) {
    this.control = control;
    this.json = json;
  }

  List<Route> routes() {
    return List.of(
        Route.get(
            "/v1/jobs",
            "jobs",
            "The runs of jobs, newest first",
            List.of(
                Route.text("job", false, "only runs of this job"),
                Route.integer("limit", "how many, 1 to " + LIST_MAX)),
            this::list),
        Route.get(
            "/v1/jobs/{id}",
            "jobs",
            "One run with its log",
            List.of(
                Route.integer("after", "lines of the log behind this number"),
                Route.integer("lines", "how many lines, 0 to " + LINES_MAX)),
            this::get),
        Route.withBody(
                "POST",
                "/v1/jobs",
                Scope.ADMIN,
                "jobs",
                "Orders a job; the same key is the same work and is never done twice",
                Route.Body.json("JobOrder", "{\"job\": \"train\", \"key\": \"2026-03-01\"}"),
                this::order)
            .answering(ACCEPTED),
        new Route(
            "DELETE",
            "/v1/jobs/{id}",
            Scope.ADMIN,
            "jobs",
            "Cancels a run; one that runs is stopped",
            List.of(),
            null,
            true,
            this::cancel),
        Route.get(
            "/v1/triggers",
            "jobs",
            "How far each reason for a training is from asking for one",
            List.of(),
            this::triggers));
  }

  private Answer list(Route.Call call) {
    String kind = call.query().text("job");
    ObjectNode body = json.newObject();
    ArrayNode runs = body.putArray("jobs");
    control
        .list(
            kind == null ? null : JobKind.of(kind), call.query().integer("limit", 50, 1, LIST_MAX))
        .forEach(run -> runs.add(JobsJson.run(run)));
    return Answer.json(json.write(body));
  }

  private Answer get(Route.Call call) {
    String id = id(call);
    ObjectNode body = JobsJson.run(control.get(id));
    int after = call.query().integer("after", 0, 0, Integer.MAX_VALUE);
    int lines = call.query().integer("lines", LINES, 0, LINES_MAX);
    body.set("log", JobsJson.lines(control.lines(id, after, lines)));
    return Answer.json(json.write(body));
  }

  private Answer cancel(Route.Call call) {
    return Answer.json(json.write(JobsJson.run(control.cancel(id(call)))));
  }

  private Answer triggers(Route.Call call) {
    ObjectNode body = json.newObject();
    body.set("triggers", JobsJson.triggers(control.triggers()));
    return Answer.json(json.write(body));
  }

  private static String id(Route.Call call) {
    return Objects.requireNonNull(call.path().get("id"));
  }

  private Answer order(Route.Call call) {
    JsonNode body = parse(call.body());
    List<Problem> problems = new ArrayList<>();
    body.fieldNames()
        .forEachRemaining(name -> {
          if (!FIELDS.contains(name)) {
            problems.add(
                new Problem(name, body.get(name).toString(), "one of job, key, reason, options"));
          }
        });
    JsonNode options = body.path("options");
    if (!options.isMissingNode() && !options.isObject()) {
      problems.add(new Problem("options", options.toString(), "an object"));
    }
    Map<String, String> values = new TreeMap<>();
    options
        .properties()
        .forEach(option -> {
          if (option.getValue().isValueNode()) {
            values.put(option.getKey(), option.getValue().asText());
          } else {
            problems.add(
                new Problem(
                    "options." + option.getKey(),
                    option.getValue().toString(),
                    "a text or a number"));
          }
        });
    String kind = text(body, "job", problems);
    String key = text(body, "key", problems);
    String reason = text(body, "reason", problems);
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    return Answer.json(
            json.write(
                JobsJson.run(
                    control.order(
                        JobKind.of(kind),
                        key,
                        reason.isEmpty() ? "Ordered over HTTP." : reason,
                        values))))
        .withStatus(ACCEPTED);
  }

  private static String text(JsonNode body, String field, List<Problem> problems) {
    JsonNode value = body.path(field);
    if (!value.isMissingNode() && !value.isTextual()) {
      problems.add(new Problem(field, value.toString(), "a text"));
    }
    return value.asText("");
  }

  private static JsonNode parse(byte[] body) {
    try {
      JsonNode node = JSON.readTree(body);
      if (node == null || !node.isObject()) {
        throw WinnowException.invalid(
            "body", new String(body, java.nio.charset.StandardCharsets.UTF_8), "a JSON object");
      }
      return node;
    } catch (JsonProcessingException e) {
      throw new WinnowException(
          ErrorCode.MALFORMED_REQUEST, "body: not JSON (expected: a JSON object)", e);
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.MALFORMED_REQUEST, "body: cannot be read", e);
    }
  }
}
