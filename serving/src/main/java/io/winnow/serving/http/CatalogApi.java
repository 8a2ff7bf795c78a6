package io.winnow.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.AttributeValue;
import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.events.EventLog;
import io.winnow.events.EventLog.Verdict;
import io.winnow.events.RecordJson;
import io.winnow.features.Catalog;
import io.winnow.features.FeatureReader;
import io.winnow.features.UserHistory;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code /v1/items/{id}} and {@code /v1/users/{id}}: what is known, and setting it. */
final class CatalogApi {
  private static final int HISTORY_DEFAULT = 50;
  private static final int HISTORY_MAX = 1_000;
  private static final int[] STATISTICS_DAYS = {1, 7, 30};

  private final EventLog log;
  private final FeatureReader features;
  private final RecordJson json;
  private final TimeSource time;

  CatalogApi(EventLog log, FeatureReader features, RecordJson json, TimeSource time) {
    this.log = log;
    this.features = features;
    this.json = json;
    this.time = time;
  }

  List<Route> routes(String itemExample, String userExample) {
    return List.of(
        Route.get(
            "/v1/items/{id}",
            "items",
            "An item's attributes, whether it may be recommended, and how often it was used",
            List.of(),
            this::getItem),
        Route.withBody(
            "PUT",
            "/v1/items/{id}",
            Scope.WRITE,
            "items",
            "Adds an item or replaces it as a whole; it can be recommended at once",
            Route.Body.json("Item", itemExample),
            this::putItem),
        new Route(
            "DELETE",
            "/v1/items/{id}",
            Scope.WRITE,
            "items",
            "Takes an item out of the catalogue; its statistics stay",
            List.of(),
            null,
            true,
            this::deleteItem),
        Route.get(
            "/v1/users/{id}",
            "users",
            "A user's attributes and recent history, newest first",
            List.of(
                Route.integer(
                    "limit",
                    "events of history, 1 to " + HISTORY_MAX + "; otherwise " + HISTORY_DEFAULT)),
            this::getUser),
        Route.withBody(
            "PUT",
            "/v1/users/{id}",
            Scope.WRITE,
            "users",
            "Sets a user's attributes, replacing those before",
            Route.Body.json("User", userExample),
            this::putUser));
  }

  private Answer getItem(Route.Call call) {
    ItemId id = itemId(call);
    Catalog catalog = features.catalog();
    int index = knownIndex(catalog, id);
    long nowMs = time.nowMs();
    ObjectNode body = json.newObject();
    body.put("id", id.value());
    body.set("attributes", json.itemAttributes(catalog.attributes(index)));
    body.put("available", catalog.available(index));
    body.put("first_seen", RecordJson.isoTime(catalog.firstSeenMs(index)));
    ObjectNode statistics = body.putObject("statistics");
    for (int days : STATISTICS_DAYS) {
      RecordJson.put(statistics, "events_" + days + "d", features.itemCount(index, days, nowMs));
    }
    return Answer.json(json.write(body));
  }

  private Answer putItem(Route.Call call) {
    ItemId id = itemId(call);
    return append(id.value(), json.item(id, json.parse(call.body())));
  }

  private Answer deleteItem(Route.Call call) {
    ItemId id = itemId(call);
    knownIndex(features.catalog(), id);
    return append(id.value(), new LogRecord.ItemRemoved(id, time.nowMs()));
  }

  private Answer getUser(Route.Call call) {
    UserId id = userId(call);
    int limit = call.query().integer("limit", HISTORY_DEFAULT, 1, HISTORY_MAX);
    Map<String, AttributeValue> attributes = features.userAttributes(id);
    UserHistory history = features.history(id);
    if (attributes.isEmpty() && history.length() == 0) {
      throw notFound("user", id.value());
    }
    ObjectNode body = json.newObject();
    body.put("id", id.value());
    body.set("attributes", json.userAttributes(attributes));
    body.put("history_length", history.length());
    ArrayNode list = body.putArray("history");
    for (int i = history.length() - 1; i >= Math.max(0, history.length() - limit); i--) {
      ObjectNode event = list.addObject();
      event.put("type", history.typeNames().get(history.types()[i]));
      event.put("item", features.catalog().item(history.items()[i]).value());
      event.put("time", RecordJson.isoTime(history.timesMs()[i]));
      RecordJson.put(event, "value", history.values()[i]);
    }
    return Answer.json(json.write(body));
  }

  private Answer putUser(Route.Call call) {
    UserId id = userId(call);
    return append(id.value(), json.user(id, json.parse(call.body())));
  }

  private Answer append(String id, LogRecord record) {
    Verdict verdict = log.append(List.of(record)).getFirst();
    if (verdict.status() == Verdict.Status.REJECTED) {
      Problem problem = verdict.problem();
      throw WinnowException.invalid(
          List.of(problem == null ? new Problem("id", id, "a valid record") : problem));
    }
    ObjectNode body = json.newObject();
    body.put("id", id);
    body.put("status", verdict.status().name().toLowerCase(Locale.ROOT));
    return Answer.json(json.write(body));
  }

  private static ItemId itemId(Route.Call call) {
    return new ItemId(call.path().getOrDefault("id", ""));
  }

  private static UserId userId(Route.Call call) {
    return new UserId(call.path().getOrDefault("id", ""));
  }

  private static int knownIndex(Catalog catalog, ItemId id) {
    int index = catalog.indexOf(id);
    if (index < 0) {
      throw notFound("item", id.value());
    }
    return index;
  }

  private static WinnowException notFound(String what, String id) {
    Problem problem = new Problem(what, id, "one that was put or had an event");
    return new WinnowException(ErrorCode.NOT_FOUND, problem.toString(), List.of(problem), null);
  }
}
