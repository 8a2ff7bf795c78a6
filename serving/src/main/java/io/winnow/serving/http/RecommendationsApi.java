package io.winnow.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ItemId;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.events.JsonFields;
import io.winnow.events.RecordJson;
import io.winnow.features.Catalog;
import io.winnow.features.FeatureReader;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Recommender;
import io.winnow.serving.Slate;
import io.winnow.serving.SlateItem;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code /v1/recommendations} and {@code /v1/items/{id}/similar}. */
final class RecommendationsApi {
  private static final int MAX_DEADLINE_MS =
      Math.toIntExact(RecommendationRequest.MAX_DEADLINE.toMillis());

  private final ApplicationDefinition application;
  private final Recommender recommender;
  private final FeatureReader features;
  private final RecordJson json;
  private final HttpMetrics metrics;

  RecommendationsApi(
      ApplicationDefinition application,
      Recommender recommender,
      FeatureReader features,
      RecordJson json,
      HttpMetrics metrics) {
    this.application = application;
    this.recommender = recommender;
    this.features = features;
    this.json = json;
    this.metrics = metrics;
  }

  List<Route> routes() {
    int slate = application.policy().serving().slate();
    String n = "items, 1 to " + RecommendationRequest.MAX_N + "; otherwise " + slate;
    List<Route.Parameter> parameters = new ArrayList<>();
    parameters.add(Route.text("user", true, "whom the slate is for"));
    parameters.add(Route.integer("n", n));
    parameters.add(Route.text("surface", false, "where it is shown, such as home"));
    parameters.add(Route.text("exclude", false, "items to leave out, with commas between them"));
    parameters.add(Route.integer("deadline_ms", "time for the answer, 1 to " + MAX_DEADLINE_MS));
    for (String field : contextFields()) {
      parameters.add(Route.text("context." + field, false, "used by a feature"));
    }
    parameters.add(Route.text("context.*", false, "anything else about the moment"));
    for (String attribute : filterAttributes()) {
      parameters.add(
          Route.text("filter." + attribute, false, "the " + attribute + " that items must have"));
    }
    return List.of(
        Route.get(
            "/v1/recommendations",
            "recommendations",
            "Items for a user, best first, with the reason for each",
            parameters,
            this::get),
        Route.withBody(
            "POST",
            "/v1/recommendations",
            Scope.READ,
            "recommendations",
            "The same with context, exclusions and filters in a body",
            Route.Body.json("RecommendationRequest", "{\"user\": \"u1\", \"n\": " + slate + "}"),
            this::post),
        Route.get(
            "/v1/items/{id}/similar",
            "recommendations",
            "The items most similar to an item, best first",
            List.of(Route.integer("n", n)),
            this::similar));
  }

  /** The context fields that features of the application read. */
  private List<String> contextFields() {
    Set<String> fields = new LinkedHashSet<>();
    for (FeatureDefinition feature : application.features()) {
      if (feature.aggregation() instanceof Aggregation.Context context) {
        fields.add(context.field());
      }
    }
    return List.copyOf(fields);
  }

  /** The item attributes that hold categories. */
  private List<String> filterAttributes() {
    return application.schema().itemAttributes().entrySet().stream()
        .filter(e -> e.getValue() == AttributeType.STRING || e.getValue() == AttributeType.STRINGS)
        .map(Map.Entry::getKey)
        .toList();
  }

  private Answer get(Route.Call call) {
    QueryParameters query = call.query();
    Set<ItemId> exclude = new LinkedHashSet<>();
    query.list("exclude").forEach(id -> exclude.add(new ItemId(id)));
    return recommend(
        new RecommendationRequest(
            call.requestId(),
            new UserId(query.text("user", "")),
            query.integer("n", defaultN(), 1, RecommendationRequest.MAX_N),
            query.text("surface", ""),
            query.family("context."),
            exclude,
            query.family("filter."),
            deadline(
                query.text("deadline_ms") == null
                    ? null
                    : query.integer("deadline_ms", 1, 1, MAX_DEADLINE_MS))));
  }

  private Answer post(Route.Call call) {
    JsonFields fields = JsonFields.of("request", json.parse(call.body()));
    UserId user = fields.identifier("user", UserId::new);
    fields.require("user");
    Integer n = fields.integer("n", 1, RecommendationRequest.MAX_N);
    String surface = fields.text("surface");
    Map<String, String> context = fields.object("context").scalars();
    Map<String, String> filters = filters(fields.object("filters"));
    Set<ItemId> exclude = exclude(fields);
    Integer deadlineMs = fields.integer("deadline_ms", 1, MAX_DEADLINE_MS);
    fields.refuseUnknown();
    fields.throwProblems();
    if (user == null) {
      throw new IllegalStateException("a required field is null without a problem");
    }
    return recommend(
        new RecommendationRequest(
            call.requestId(),
            user,
            n == null ? defaultN() : n,
            surface == null ? "" : surface,
            context,
            exclude,
            filters,
            deadline(deadlineMs)));
  }

  private Map<String, String> filters(JsonFields fields) {
    List<String> known = filterAttributes();
    Map<String, String> filters = fields.scalars();
    for (String attribute : filters.keySet()) {
      if (!known.contains(attribute)) {
        fields.problem(
            attribute,
            "unknown attribute",
            Nearest.expectation("item attribute", attribute, known));
      }
    }
    return filters;
  }

  private static Set<ItemId> exclude(JsonFields fields) {
    Set<ItemId> exclude = new LinkedHashSet<>();
    List<String> texts = fields.texts("exclude", RecommendationRequest.MAX_EXCLUDED);
    for (int i = 0; i < texts.size(); i++) {
      try {
        exclude.add(new ItemId(texts.get(i)));
      } catch (WinnowException e) {
        for (Problem problem : e.problems()) {
          fields.problem("exclude[" + i + "]", problem.value(), problem.expectation());
        }
      }
    }
    return exclude;
  }

  private int defaultN() {
    return application.policy().serving().slate();
  }

  private Duration deadline(@Nullable Integer ms) {
    return ms == null ? application.policy().serving().deadline() : Duration.ofMillis(ms);
  }

  private Answer recommend(RecommendationRequest request) {
    return answer(request.requestId(), recommender.recommend(request));
  }

  private Answer similar(Route.Call call) {
    ItemId item = new ItemId(call.path().getOrDefault("id", ""));
    int n = call.query().integer("n", defaultN(), 1, RecommendationRequest.MAX_N);
    return answer(call.requestId(), recommender.similar(item, n));
  }

  private Answer answer(String requestId, Slate slate) {
    metrics.slate(slate);
    Catalog catalog = features.catalog();
    ObjectNode body = json.newObject();
    body.put("request_id", requestId);
    body.put("release", slate.release());
    body.put("arm", slate.arm());
    ArrayNode items = body.putArray("items");
    for (SlateItem item : slate.items()) {
      ObjectNode line = items.addObject();
      line.put("id", item.item().value());
      line.put("position", item.position());
      RecordJson.put(line, "score", item.score());
      line.put("source", item.source());
      line.put("reason", item.reason());
      RecordJson.put(line, "propensity", item.propensity());
      int index = catalog.indexOf(item.item());
      line.set("attributes", json.itemAttributes(index < 0 ? Map.of() : catalog.attributes(index)));
    }
    ArrayNode degraded = body.putArray("degraded");
    slate
        .degraded()
        .forEach(d ->
            degraded
                .addObject()
                .put("stage", d.stage())
                .put("reason", d.reason())
                .put("fallback", d.fallback()));
    return Answer.json(json.write(body)).with("Server-Timing", serverTiming(slate));
  }

  /** The stages in milliseconds, as W3C Server Timing writes them. */
  private static String serverTiming(Slate slate) {
    StringBuilder header = new StringBuilder();
    long totalNanos = 0;
    for (Map.Entry<String, Long> stage : slate.stageNanos().entrySet()) {
      append(header, stage.getKey(), stage.getValue());
      totalNanos += stage.getValue();
    }
    append(header, "total", totalNanos);
    return header.toString();
  }

  private static void append(StringBuilder header, String stage, long nanos) {
    if (!header.isEmpty()) {
      header.append(", ");
    }
    header
        .append(stage.replaceAll("[^A-Za-z0-9_-]", "_"))
        .append(";dur=")
        .append(String.format(Locale.ROOT, "%.3f", nanos / 1e6));
  }
}
