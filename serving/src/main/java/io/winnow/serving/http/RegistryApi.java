package io.winnow.serving.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordJson;
import io.winnow.lifecycle.registry.Aliases;
import io.winnow.lifecycle.registry.LedgerEntry;
import io.winnow.lifecycle.registry.RegisteredRelease;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.lifecycle.registry.ReleaseDifference;
import io.winnow.lifecycle.registry.ServingPlan;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /v1/releases} and {@code /v1/ledger}: what the registry knows. */
final class RegistryApi {
  private static final String TAG = "operations";
  private static final int RELEASES_LIMIT = 100;
  private static final int RELEASES_LIMIT_MAX = 1_000;
  private static final int LEDGER_LIMIT = 100;
  private static final int LEDGER_LIMIT_MAX = 1_000;
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private final Registry registry;
  private final Supplier<List<ReleaseInfo>> here;
  private final RecordJson json;
  private final TimeSource requestTime;

  /**
   * @param here the releases that this server has, newest first
   * @param requestTime the clock of the ledger
   */
  RegistryApi(
      Registry registry,
      Supplier<List<ReleaseInfo>> here,
      RecordJson json,
      TimeSource requestTime) {
    this.registry = registry;
    this.here = here;
    this.json = json;
    this.requestTime = requestTime;
  }

  List<Route> routes() {
    return List.of(
        Route.get(
            "/v1/releases",
            TAG,
            "The releases, newest first, with aliases, tags and metrics, and which of them answers",
            List.of(Route.integer("limit", "at most so many; otherwise " + RELEASES_LIMIT)),
            this::releases),
        Route.get(
            "/v1/releases/compare",
            TAG,
            "In what two releases differ: metrics, features, settings, data window, files",
            List.of(
                Route.text("a", true, "the first release"),
                Route.text("b", true, "the second release")),
            this::compare),
        Route.get(
            "/v1/releases/{version}",
            TAG,
            "One release: its manifest with provenance and checksums, tags, metrics and aliases",
            List.of(),
            this::release),
        Route.withBody(
            "PUT",
            "/v1/releases/{version}/tags/{name}",
            Scope.ADMIN,
            TAG,
            "Sets a tag of a release; the tag 'keep' keeps its files",
            Route.Body.json("TagRequest", "{\"value\": \"the front page's\"}"),
            this::tag),
        new Route(
            "DELETE",
            "/v1/releases/{version}/tags/{name}",
            Scope.ADMIN,
            TAG,
            "Removes a tag of a release",
            List.of(),
            null,
            true,
            this::untag),
        Route.get(
            "/v1/ledger",
            TAG,
            "What was to be served at a time, or every change between two, newest first: by whom"
                + " and why",
            List.of(
                Route.text("at", false, "a time, such as 2026-03-01T12:00:00Z"),
                Route.text("from", false, "the first time; otherwise the beginning"),
                Route.text("to", false, "the time before which; otherwise now"),
                Route.integer("limit", "at most so many; otherwise " + LEDGER_LIMIT)),
            this::ledger));
  }

  /** A release as listed: what this server has of it, what the registry knows, or both. */
  private record Line(@Nullable ReleaseInfo here, @Nullable RegisteredRelease row) {
    long createdMs() {
      return here != null ? here.createdMs() : Objects.requireNonNull(row).manifest().createdMs();
    }
  }

  private Answer releases(Route.Call call) {
    int limit = call.query().integer("limit", RELEASES_LIMIT, 1, RELEASES_LIMIT_MAX);
    ObjectNode body = json.newObject();
    Map<String, RegisteredRelease> registered = new HashMap<>();
    ServingPlan plan = read(registered, body);
    List<Line> lines = new ArrayList<>();
    for (ReleaseInfo release : here.get()) {
      lines.add(new Line(release, registered.remove(release.id())));
    }
    registered.values().forEach(release -> lines.add(new Line(null, release)));
    ArrayNode list = body.putArray("releases");
    lines.stream()
        .sorted(Comparator.comparingLong(Line::createdMs).reversed())
        .limit(limit)
        .forEach(line -> line(list.addObject(), plan, line));
    return Answer.json(json.write(body));
  }

  private static void line(ObjectNode node, ServingPlan plan, Line line) {
    RegisteredRelease row = line.row();
    if (line.here() == null) {
      notHere(node, plan, Objects.requireNonNull(row));
      return;
    }
    ReleaseInfo release = line.here();
    node.put("id", release.id());
    node.put("created", RecordJson.isoTime(release.createdMs()));
    node.put("active", release.active());
    describe(
        node,
        plan,
        release.id(),
        row == null ? Map.of() : row.tags(),
        row == null ? release.metrics() : row.metrics());
  }

  /** What this server has can be said while the database is away. */
  private ServingPlan read(Map<String, RegisteredRelease> registered, ObjectNode body) {
    try {
      ServingPlan plan = registry.plan();
      registry.releases().forEach(release -> registered.put(release.manifest().version(), release));
      return plan;
    } catch (WinnowException e) {
      if (e.code() != ErrorCode.UNAVAILABLE) {
        throw e;
      }
      body.put("registry", e.getMessage());
      return ServingPlan.EMPTY;
    }
  }

  private static void notHere(ObjectNode line, ServingPlan plan, RegisteredRelease release) {
    String version = release.manifest().version();
    line.put("id", version);
    line.put("created", RecordJson.isoTime(release.manifest().createdMs()));
    line.put("active", false);
    deleted(line, release);
    describe(line, plan, version, release.tags(), release.metrics());
  }

  private static void deleted(ObjectNode line, RegisteredRelease release) {
    if (release.deletedMs() > 0) {
      line.put("deleted", RecordJson.isoTime(release.deletedMs()));
    }
  }

  private static void describe(
      ObjectNode line,
      ServingPlan plan,
      String version,
      Map<String, String> tags,
      Map<String, Double> metrics) {
    ArrayNode aliases = line.putArray("aliases");
    Aliases.of(plan, version).forEach(aliases::add);
    ObjectNode tagNode = line.putObject("tags");
    tags.forEach(tagNode::put);
    ObjectNode metricNode = line.putObject("metrics");
    metrics.forEach((name, value) -> RecordJson.put(metricNode, name, value));
  }

  private Answer release(Route.Call call) {
    RegisteredRelease release = find(variable(call, "version"));
    ObjectNode body = json.newObject();
    body.put("id", release.manifest().version());
    body.put("registered", RecordJson.isoTime(release.registeredMs()));
    deleted(body, release);
    describe(
        body, registry.plan(), release.manifest().version(), release.tags(), release.metrics());
    JsonNode manifest = JSON.valueToTree(release.manifest());
    body.set("manifest", manifest);
    return Answer.json(json.write(body));
  }

  private Answer compare(Route.Call call) {
    ReleaseDifference difference =
        ReleaseDifference.of(find(call.query().text("a", "")), find(call.query().text("b", "")));
    ObjectNode body = json.newObject();
    body.setAll((ObjectNode) JSON.valueToTree(difference));
    return Answer.json(json.write(body));
  }

  private RegisteredRelease find(String version) {
    return registry
        .release(version)
        .orElseThrow(() ->
            new WinnowException(
                ErrorCode.NOT_FOUND, "release: " + version + " (expected: a registered one)"));
  }

  private Answer tag(Route.Call call) {
    JsonNode body;
    try {
      body = JSON.readTree(call.body());
    } catch (JsonProcessingException e) {
      throw new WinnowException(ErrorCode.MALFORMED_REQUEST, "body: not JSON", e);
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.INTERNAL, "a body in memory cannot be read", e);
    }
    JsonNode value = body == null ? null : body.get("value");
    if (value == null || !value.isTextual() || body.size() != 1) {
      throw WinnowException.invalid(
          "body", String.valueOf(body), "an object with one field, value, a text");
    }
    return tag(call, value.asText());
  }

  private Answer untag(Route.Call call) {
    return tag(call, null);
  }

  private Answer tag(Route.Call call, @Nullable String value) {
    String version = variable(call, "version");
    registry.tag(version, variable(call, "name"), value);
    ObjectNode body = json.newObject().put("id", version);
    ObjectNode tags = body.putObject("tags");
    find(version).tags().forEach(tags::put);
    return Answer.json(json.write(body));
  }

  private Answer ledger(Route.Call call) {
    ArrayNode list;
    ObjectNode body = json.newObject();
    if (call.query().text("at") != null) {
      list = body.putArray("entries");
      registry.servedAt(time(call, "at", 0)).ifPresent(entry -> entry(list.addObject(), entry));
      return Answer.json(json.write(body));
    }
    int limit = call.query().integer("limit", LEDGER_LIMIT, 1, LEDGER_LIMIT_MAX);
    list = body.putArray("entries");
    for (LedgerEntry entry :
        registry.ledger(
            time(call, "from", Long.MIN_VALUE), time(call, "to", requestTime.nowMs() + 1), limit)) {
      entry(list.addObject(), entry);
    }
    return Answer.json(json.write(body));
  }

  private static long time(Route.Call call, String name, long otherwise) {
    String text = call.query().text(name);
    if (text == null) {
      return otherwise;
    }
    try {
      return Instant.parse(text).toEpochMilli();
    } catch (DateTimeParseException | ArithmeticException e) {
      throw WinnowException.invalid(name, text, "a time such as 2026-03-01T12:00:00Z");
    }
  }

  private static void entry(ObjectNode line, LedgerEntry entry) {
    ServingPlan plan = entry.plan();
    line.put("at", RecordJson.isoTime(entry.atMs()));
    line.put("action", entry.action());
    line.put("actor", entry.cause().actor());
    line.put("reason", entry.cause().reason());
    ObjectNode numbers = line.putObject("numbers");
    entry.cause().numbers().forEach((name, value) -> RecordJson.put(numbers, name, value));
    line.put("application", entry.application());
    line.put("revision", plan.revision());
    ObjectNode aliases = line.putObject("aliases");
    Aliases.of(plan).forEach(aliases::put);
    line.put("canary_share", plan.canary().share());
    line.put("shadow_share", plan.shadowShare());
  }

  private static String variable(Route.Call call, String name) {
    return Objects.requireNonNull(call.path().get(name));
  }
}
