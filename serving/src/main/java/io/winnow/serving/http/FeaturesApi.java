package io.winnow.serving.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.events.JsonFields;
import io.winnow.events.RecordJson;
import io.winnow.features.FeatureReader;
import io.winnow.features.FeatureReader.Pair;
import io.winnow.features.FeatureReader.PairQuery;
import io.winnow.features.FeatureReader.PairRows;
import io.winnow.features.FeatureSchema;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code /v1/features}: feature values of users and items for other services, as the ranker would
 * see them now, each with the age of the newest event behind it. All rows of an answer are read at
 * one offset.
 */
final class FeaturesApi {
  /** Most rows of one call. */
  static final int MAX_ROWS = 1_000;

  /** Most features of one call. */
  static final int MAX_FEATURES = 500;

  /** Most values of one call, rows by features: an answer of some megabytes. */
  static final int MAX_VALUES = 100_000;

  private static final String PATH = "/v1/features";
  private static final String TAG = "features";
  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,15}(\\.[0-9]{1,9})?");
  private static final List<String> KINDS = List.of("user", "item");
  private static final List<String> FORMATS = List.of("rows", "columns");

  private final ApplicationDefinition application;
  private final FeatureReader features;
  private final RecordJson json;
  private final TimeSource time;
  private volatile @Nullable Names names;

  /** The columns of a schema by name. */
  private record Names(FeatureSchema schema, Map<String, Integer> columnOf) {}

  /**
   * @param time the clock of requests
   */
  FeaturesApi(
      ApplicationDefinition application, FeatureReader features, RecordJson json, TimeSource time) {
    this.application = application;
    this.features = features;
    this.json = json;
    this.time = time;
  }

  /** One row of a request, as it was asked for. */
  record Row(@Nullable UserId user, @Nullable ItemId item) {}

  List<Route> routes() {
    return List.of(
        Route.get(
            PATH,
            TAG,
            "Feature values of users and items, with the age of each",
            List.of(
                Route.texts(
                    "entity",
                    true,
                    "user:ID or item:ID; several times for every user with every item"),
                Route.text("features", true, "qualified names, with commas between them"),
                Route.text("time", false, "when windows end; otherwise now"),
                Route.text("format", false, "rows (otherwise) or columns"),
                Route.text("context.*", false, "what is known about the moment")),
            this::get),
        Route.withBody(
            "POST",
            PATH,
            Scope.READ,
            TAG,
            "The same for up to " + MAX_ROWS + " pairs of a user and an item",
            Route.Body.json("FeaturesRequest", example()),
            this::post));
  }

  private String example() {
    String names =
        features.schema().names().stream()
            .limit(2)
            .map(name -> TextNode.valueOf(name).toString())
            .collect(java.util.stream.Collectors.joining(", "));
    return "{\"rows\": [{\"user\": \"u1\", \"item\": \"i1\"}], \"features\": [" + names + "]}";
  }

  private Answer get(Route.Call call) {
    QueryParameters query = call.query();
    List<Problem> problems = new ArrayList<>();
    List<Row> rows = rows(query.texts("entity"), problems);
    List<String> names = query.list("features");
    String text = query.text("time");
    JsonNode when =
        text == null
            ? null
            : NUMBER.matcher(text).matches()
                ? DoubleNode.valueOf(Double.parseDouble(text))
                : TextNode.valueOf(text);
    return answer(
        rows, names, when, query.family("context."), query.text("format", "rows"), problems);
  }

  /** Every user with every item. */
  private static List<Row> rows(List<String> entities, List<Problem> problems) {
    List<UserId> users = new ArrayList<>();
    List<ItemId> items = new ArrayList<>();
    for (String entity : entities) {
      int colon = entity.indexOf(':');
      String kind = colon < 0 ? entity : entity.substring(0, colon);
      String id = entity.substring(colon + 1);
      if (colon < 0 || !KINDS.contains(kind)) {
        problems.add(
            new Problem(
                "entity", entity, Nearest.expectation("kind", kind, KINDS) + ", as user:ID"));
      } else if (kind.equals("user")) {
        identifier("entity", id, UserId::new, users, problems);
      } else {
        identifier("entity", id, ItemId::new, items, problems);
      }
    }
    checkSize(
        "entity", (long) Math.max(1, users.size()) * Math.max(1, items.size()), "rows", MAX_ROWS);
    List<Row> rows = new ArrayList<>();
    for (int u = 0; u < Math.max(1, users.size()); u++) {
      for (int i = 0; i < Math.max(1, items.size()); i++) {
        rows.add(
            new Row(users.isEmpty() ? null : users.get(u), items.isEmpty() ? null : items.get(i)));
      }
    }
    return rows;
  }

  private static <T> void identifier(
      String field,
      String id,
      Function<String, T> constructor,
      List<T> into,
      List<Problem> problems) {
    try {
      into.add(constructor.apply(id));
    } catch (WinnowException e) {
      e.problems().forEach(p -> problems.add(new Problem(field, p.value(), p.expectation())));
    }
  }

  private Answer post(Route.Call call) {
    JsonFields fields = JsonFields.of("request", json.parse(call.body()));
    fields.require("rows");
    fields.require("features");
    checkSize(fields, "rows", MAX_ROWS);
    checkSize(fields, "features", MAX_FEATURES);
    List<Row> rows = new ArrayList<>();
    for (JsonFields row : fields.objects("rows")) {
      UserId user = row.identifier("user", UserId::new);
      ItemId item = row.identifier("item", ItemId::new);
      if (row.field("user") == null && row.field("item") == null) {
        row.problem("user", "absent", "a user, an item, or both");
      }
      row.refuseUnknown();
      rows.add(new Row(user, item));
    }
    List<String> names = fields.texts("features", MAX_FEATURES);
    JsonNode when = fields.field("time");
    Map<String, String> context = fields.object("context").scalars();
    String format = fields.text("format");
    fields.refuseUnknown();
    if (rows.isEmpty() && fields.problems().isEmpty()) {
      fields.problem("rows", "no elements", "1 to " + MAX_ROWS + " rows");
    }
    return answer(rows, names, when, context, format == null ? "rows" : format, fields.problems());
  }

  private static void checkSize(JsonFields fields, String name, int max) {
    JsonNode node = fields.field(name);
    if (node != null && node.isArray()) {
      checkSize(name, node.size(), name, max);
    }
  }

  private static void checkSize(String field, long size, String what, int max) {
    if (size > max) {
      Problem problem = new Problem(field, size + " " + what, "at most " + max + " " + what);
      throw new WinnowException(ErrorCode.TOO_LARGE, problem.toString(), List.of(problem), null);
    }
  }

  private Answer answer(
      List<Row> rows,
      List<String> names,
      @Nullable JsonNode when,
      Map<String, String> context,
      String format,
      List<Problem> problems) {
    checkSize("features", names.size(), "features", MAX_FEATURES);
    checkSize("rows", (long) rows.size() * names.size(), "values", MAX_VALUES);
    FeatureReader now = features.view();
    int[] columns = columns(now.schema(), names, problems);
    long timeMs = time.nowMs();
    if (when != null) {
      Long given = RecordJson.timeMs(when);
      if (given == null) {
        problems.add(new Problem("time", when.asText(), RecordJson.TIME_EXPECTATION));
      } else {
        timeMs = given;
      }
    }
    if (!FORMATS.contains(format)) {
      problems.add(new Problem("format", format, Nearest.expectation("format", format, FORMATS)));
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    List<Pair> pairs = new ArrayList<>(rows.size());
    for (Row row : rows) {
      ItemId item = row.item();
      pairs.add(
          new Pair(row.user(), item == null ? PairQuery.NO_ITEM : now.catalog().indexOf(item)));
    }
    PairQuery query = new PairQuery(pairs, columns, context, timeMs);
    PairRows read = now.read(query);
    return Answer.json(
        format.equals("rows")
            ? new FeaturesJson(rows, names, query, read, 2).asRows()
            : new FeaturesJson(rows, names, query, read, 0).asColumns());
  }

  /** The columns of the named features. */
  private int[] columns(FeatureSchema schema, List<String> names, List<Problem> problems) {
    if (names.isEmpty() && problems.isEmpty()) {
      problems.add(new Problem("features", "none", "1 to " + MAX_FEATURES + " names"));
    }
    Map<String, Integer> columnOf = names(schema);
    Set<String> seen = new HashSet<>();
    int[] columns = new int[names.size()];
    for (int i = 0; i < columns.length; i++) {
      String name = names.get(i);
      Integer column = columnOf.get(name);
      if (column == null) {
        problems.add(
            new Problem("features[" + i + "]", name, expectation(name, columnOf.keySet())));
      } else if (!seen.add(name)) {
        problems.add(new Problem("features[" + i + "]", name, "given once"));
      } else {
        columns[i] = column;
      }
    }
    return columns;
  }

  /** The columns by name, in the schema's order; looked up once for each schema. */
  private Map<String, Integer> names(FeatureSchema schema) {
    Names now = names;
    if (now == null || !now.schema.equals(schema)) {
      Map<String, Integer> columnOf = new LinkedHashMap<>();
      for (String name : schema.names()) {
        columnOf.put(name, columnOf.size());
      }
      now = new Names(schema, columnOf);
      names = now;
    }
    return now.columnOf;
  }

  private String expectation(String name, Set<String> known) {
    for (FeatureDefinition definition : application.features()) {
      if (definition.qualifiedName().equals(name)
          && definition.aggregation() instanceof Aggregation.LastItems) {
        return "a feature with one number; this one is a list of items";
      }
    }
    String choice = "one of the application's " + known.size() + " features";
    return Nearest.to(name, known)
        .map(near -> choice + "; did you mean " + near + "?")
        .orElse(choice);
  }
}
