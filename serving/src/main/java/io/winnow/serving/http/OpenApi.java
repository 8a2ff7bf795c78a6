package io.winnow.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Schema;
import io.winnow.events.RecordJson;
import io.winnow.lifecycle.jobs.JobKind;
import io.winnow.serving.RecommendationRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * {@code /openapi.json}, made from the table of routes and the application's schema so that it
 * cannot differ from what is served, and {@code /docs}, a page to browse it and try calls.
 */
final class OpenApi {
  private static final String SECURITY_POLICY =
      "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
          + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private final ApplicationDefinition application;
  private final RecordJson json;

  OpenApi(ApplicationDefinition application, RecordJson json) {
    this.application = application;
    this.json = json;
  }

  /** The two routes of this class, which are part of what they describe. */
  List<Route> routes(List<Route> others) {
    byte[] page = resource("docs.html");
    List<Route> all = new ArrayList<>(others);
    // Made when asked for, as the description lists its own route too.
    Route description =
        Route.open(
            "/openapi.json",
            "operations",
            "This interface as OpenAPI 3.1",
            _ -> Answer.json(document(all)));
    Route docs =
        Route.open(
            "/docs",
            "operations",
            "A page to browse this interface and try calls",
            _ ->
                new Answer(
                    200,
                    "text/html; charset=utf-8",
                    page,
                    Map.of("Content-Security-Policy", SECURITY_POLICY)));
    all.add(description);
    all.add(docs);
    return List.of(description, docs);
  }

  private static byte[] resource(String name) {
    try (InputStream input = OpenApi.class.getResourceAsStream(name)) {
      if (input == null) {
        throw new IllegalStateException("resource " + name + " is missing in the jar");
      }
      return input.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An event that the application accepts, as JSON text. */
  String eventExample() {
    ObjectNode event = json.newObject();
    Map.Entry<String, Schema.EventType> type =
        application.schema().events().entrySet().stream()
            .findFirst()
            .orElse(Map.entry("click", new Schema.EventType("", false)));
    event.put("type", type.getKey()).put("user", "u1").put("item", "i1");
    if (type.getValue().hasValue()) {
      event.put("value", 1);
    }
    return event.toString();
  }

  /** An item that the application accepts, as JSON text. */
  String itemExample() {
    ObjectNode item = json.newObject();
    attributesExample(item, application.schema().itemAttributes());
    return item.put("available", true).toString();
  }

  /** A user that the application accepts, as JSON text. */
  String userExample() {
    ObjectNode user = json.newObject();
    attributesExample(user, application.schema().userAttributes());
    return user.toString();
  }

  /** An application file that takes the same records, as YAML text. */
  String applicationExample() {
    Schema schema = application.schema();
    StringBuilder yaml = new StringBuilder("application: " + application.name() + "\n");
    attributesYaml(yaml, "items", schema.itemAttributes());
    attributesYaml(yaml, "users", schema.userAttributes());
    yaml.append("events:\n");
    schema
        .events()
        .forEach((name, type) -> {
          yaml.append("  ").append(name).append(": {");
          if (type.hasValue()) {
            yaml.append(" value: ").append(type.unit());
            yaml.append(", required: ").append(type.required()).append(' ');
          }
          yaml.append("}\n");
        });
    return yaml.toString();
  }

  private static void attributesYaml(
      StringBuilder yaml, String entity, Map<String, AttributeType> attributes) {
    if (!attributes.isEmpty()) {
      yaml.append(entity).append(":\n  attributes:\n");
      attributes.forEach((name, type) ->
          yaml.append("    ")
              .append(name)
              .append(": ")
              .append(type.name().toLowerCase(Locale.ROOT))
              .append('\n'));
    }
  }

  private static void attributesExample(ObjectNode parent, Map<String, AttributeType> types) {
    ObjectNode attributes = parent.putObject("attributes");
    types.forEach((name, type) -> {
      switch (type) {
        case STRING, TEXT -> attributes.put(name, "some " + name);
        case STRINGS -> attributes.putArray(name).add("one").add("two");
        case NUMBER, SECONDS -> attributes.put(name, 60);
        case TIME -> attributes.put(name, "2026-03-01T12:00:00Z");
      }
    });
  }

  private byte[] document(List<Route> routes) {
    ObjectNode root = json.newObject();
    root.put("openapi", "3.1.0");
    root.putObject("info")
        .put("title", "Winnow: " + application.name())
        .put("version", "v1")
        .put(
            "description",
            "Events in, recommendations out. Errors are problem details (RFC 9457).");
    ObjectNode paths = root.putObject("paths");
    for (Route route : routes) {
      ObjectNode path =
          paths.get(route.path()) instanceof ObjectNode known
              ? known
              : paths.putObject(route.path());
      operation(path.putObject(route.method().toLowerCase(Locale.ROOT)), route);
    }
    ObjectNode components = root.putObject("components");
    schemas(components.putObject("schemas"));
    ObjectNode security = components.putObject("securitySchemes");
    security.putObject("bearer").put("type", "http").put("scheme", "bearer");
    security
        .putObject("api_key")
        .put("type", "apiKey")
        .put("in", "header")
        .put("name", "X-API-Key");
    return json.write(root);
  }

  private static void operation(ObjectNode operation, Route route) {
    operation.putArray("tags").add(route.tag());
    operation.put("summary", route.summary());
    ArrayNode parameters = operation.putArray("parameters");
    for (String segment : route.path().split("/", -1)) {
      if (segment.startsWith("{")) {
        parameter(
            parameters,
            segment.substring(1, segment.length() - 1),
            "path",
            true,
            "percent-encoded identifier",
            "string");
      }
    }
    for (Route.Parameter parameter : route.query()) {
      parameter(
          parameters,
          parameter.name(),
          "query",
          parameter.required(),
          parameter.description(),
          switch (parameter.kind()) {
            case TEXT -> "string";
            case TEXTS -> "array";
            case INTEGER -> "integer";
          });
    }
    Route.Body body = route.body();
    if (body != null) {
      ObjectNode content =
          operation.putObject("requestBody").put("required", true).putObject("content");
      for (String type : body.contentTypes()) {
        ObjectNode media = content.putObject(type);
        media.putObject("schema").put("$ref", "#/components/schemas/" + body.schema());
        media.put("example", body.example());
      }
    }
    ObjectNode responses = operation.putObject("responses");
    responses.putObject(String.valueOf(route.success())).put("description", "The answer");
    responses
        .putObject("default")
        .put("description", "A problem")
        .putObject("content")
        .putObject(Answer.PROBLEM)
        .putObject("schema")
        .put("$ref", "#/components/schemas/Problem");
    ArrayNode security = operation.putArray("security");
    if (route.scope() != null) {
      String scope = route.scope().name().toLowerCase(Locale.ROOT);
      operation.put("x-scope", scope);
      security.addObject().putArray("bearer").add(scope);
      security.addObject().putArray("api_key").add(scope);
    }
  }

  private static void parameter(
      ArrayNode parameters,
      String name,
      String in,
      boolean required,
      String description,
      String type) {
    ObjectNode parameter = parameters.addObject();
    parameter.put("name", name).put("in", in).put("required", required);
    parameter.put("description", description);
    ObjectNode schema = parameter.putObject("schema").put("type", type);
    if (type.equals("array")) {
      schema.putObject("items").put("type", "string");
    }
  }

  private void schemas(ObjectNode schemas) {
    Schema schema = application.schema();
    closed(
        schemas.putObject("Event"),
        List.of("type", "user", "item"),
        event -> {
          typed(event, "id", "string", "unique; the same id is accepted once; otherwise random");
          ArrayNode types = typed(event, "type", "string", "what happened").putArray("enum");
          schema.events().keySet().forEach(types::add);
          typed(event, "user", "string", "who did it");
          typed(event, "item", "string", "with what");
          event
              .putObject("time")
              .put("description", "ISO 8601, or seconds or milliseconds since 1970; otherwise now")
              .putArray("type")
              .add("string")
              .add("number");
          typed(event, "value", "number", "for types that carry one");
          typed(event, "request_id", "string", "the recommendation that led to it");
        });
    ObjectNode events = schemas.putObject("Events");
    ArrayNode oneOf = events.putArray("oneOf");
    oneOf.addObject().put("$ref", "#/components/schemas/Event");
    oneOf
        .addObject()
        .put("type", "array")
        .putObject("items")
        .put("$ref", "#/components/schemas/Event");
    closed(
        schemas.putObject("Item"),
        List.of(),
        item -> {
          attributes(item.putObject("attributes"), schema.itemAttributes());
          typed(item, "available", "boolean", "whether it may be recommended; otherwise true");
        });
    closed(
        schemas.putObject("User"),
        List.of(),
        user -> attributes(user.putObject("attributes"), schema.userAttributes()));
    closed(schemas.putObject("RecommendationRequest"), List.of("user"), OpenApi::requestProperties);
    schemas
        .putObject("ApplicationFile")
        .put("type", "string")
        .put("description", "The text of a winnow.yaml");
    closed(
        schemas.putObject("FeaturesRequest"),
        List.of("rows", "features"),
        OpenApi::featuresProperties);
    closed(
        schemas.putObject("ExposureRequest"),
        List.of("user", "arm"),
        exposure -> {
          typed(exposure, "user", "string", "who saw it");
          typed(exposure, "arm", "string", "the arm that was acted on, as it is assigned");
          typed(exposure, "surface", "string", "where it was seen");
          typed(exposure, "session", "string", "the same as context.session");
          typed(exposure, "context", "object", "what is known about the moment");
          typed(exposure, "request_id", "string", "names the request in the log; otherwise drawn");
        });
    closed(schemas.putObject("JobOrder"), List.of("job"), OpenApi::jobProperties);
    closed(
        schemas.putObject("TagRequest"),
        List.of("value"),
        tag -> typed(tag, "value", "string", "at most 1000 characters, no control characters"));
    closed(
        schemas.putObject("RolloutRequest"),
        List.of("release"),
        rollout -> {
          typed(rollout, "release", "string", "the release that is to serve");
          typed(rollout, "reason", "string", "a sentence for the ledger");
        });
    closed(
        schemas.putObject("RollbackRequest"),
        List.of(),
        rollback -> {
          typed(rollback, "to", "string", "a release; otherwise the one before");
          typed(rollback, "reason", "string", "a sentence for the ledger");
        });
    ObjectNode ofrep = schemas.putObject("OfrepRequest").put("type", "object");
    ObjectNode context =
        typed(ofrep.putObject("properties"), "context", "object", "an OpenFeature context");
    typed(context.putObject("properties"), "targetingKey", "string", "the user");
    problem(schemas.putObject("Problem"));
  }

  private static void jobProperties(ObjectNode order) {
    ArrayNode kinds = typed(order, "job", "string", "what is to be done").putArray("enum");
    for (JobKind kind : JobKind.values()) {
      kinds.add(kind.label());
    }
    typed(order, "key", "string", "the same key is the same work; without one it is work anew")
        .put("maxLength", 200);
    typed(order, "reason", "string", "for those who read the run later");
    typed(order, "options", "object", "of the job, such as timeout");
  }

  private static void featuresProperties(ObjectNode request) {
    ObjectNode row =
        typed(request, "rows", "array", "users and items whose features are wanted")
            .put("minItems", 1)
            .put("maxItems", FeaturesApi.MAX_ROWS)
            .putObject("items");
    closed(
        row,
        List.of(),
        properties -> {
          typed(properties, "user", "string", "may be left out if there is an item");
          typed(properties, "item", "string", "may be left out if there is a user");
        });
    typed(request, "features", "array", "qualified names, such as user.watches_1h")
        .put("minItems", 1)
        .put("maxItems", FeaturesApi.MAX_FEATURES)
        .putObject("items")
        .put("type", "string");
    request
        .putObject("time")
        .put("description", "when windows end: ISO 8601, or seconds or milliseconds; otherwise now")
        .putArray("type")
        .add("string")
        .add("number");
    typed(request, "context", "object", "what is known about the moment");
    typed(request, "format", "string", "rows, or columns for names once and values in arrays")
        .putArray("enum")
        .add("rows")
        .add("columns");
  }

  private static void requestProperties(ObjectNode request) {
    typed(request, "user", "string", "whom the slate is for");
    typed(request, "n", "integer", "how many items")
        .put("minimum", 1)
        .put("maximum", RecommendationRequest.MAX_N);
    typed(request, "surface", "string", "where it is shown");
    typed(request, "context", "object", "what is known about the moment");
    typed(request, "exclude", "array", "items to leave out")
        .putObject("items")
        .put("type", "string");
    typed(request, "filters", "object", "category by attribute that items must have");
    typed(request, "deadline_ms", "integer", "time for the answer");
  }

  private static void problem(ObjectNode problem) {
    problem.put("type", "object");
    ObjectNode properties = problem.putObject("properties");
    typed(properties, "type", "string", "a URN of the code");
    typed(properties, "title", "string", "the kind of problem");
    typed(properties, "status", "integer", "the HTTP status");
    typed(properties, "detail", "string", "this problem");
    ArrayNode codes =
        typed(properties, "code", "string", "the kind, for machines").putArray("enum");
    for (ErrorCode code : ErrorCode.values()) {
      codes.add(code.name());
    }
    ObjectNode items =
        typed(properties, "problems", "array", "each field with its value and what was expected")
            .putObject("items")
            .put("type", "object")
            .putObject("properties");
    typed(items, "field", "string", "its path");
    typed(items, "value", "string", "what it holds");
    typed(items, "expectation", "string", "what it should hold");
    typed(properties, "request_id", "string", "names the call in the server's log");
  }

  /** An object schema that takes no other properties than those that are filled in. */
  private static void closed(
      ObjectNode schema, List<String> required, Consumer<ObjectNode> properties) {
    schema.put("type", "object");
    properties.accept(schema.putObject("properties"));
    ArrayNode names = schema.putArray("required");
    required.forEach(names::add);
    schema.put("additionalProperties", false);
  }

  private static ObjectNode typed(
      ObjectNode properties, String name, String type, String description) {
    return properties.putObject(name).put("type", type).put("description", description);
  }

  private static void attributes(ObjectNode schema, Map<String, AttributeType> types) {
    closed(
        schema,
        List.of(),
        properties ->
            types.forEach((name, type) -> {
              switch (type) {
                case STRING -> typed(properties, name, "string", "a category");
                case TEXT -> typed(properties, name, "string", "free text");
                case STRINGS ->
                    typed(properties, name, "array", "categories")
                        .putObject("items")
                        .put("type", "string");
                case NUMBER -> typed(properties, name, "number", "a number");
                case SECONDS -> typed(properties, name, "number", "seconds");
                case TIME ->
                    typed(properties, name, "string", "ISO 8601").put("format", "date-time");
              }
            }));
  }
}
