package io.winnow.serving.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.features.AuditReport;
import io.winnow.features.AuditReport.Count;
import io.winnow.features.AuditReport.Mismatch;
import io.winnow.features.AuditReport.Skipped;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.LiveAudit;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class FeaturesApiTest {
  private static final long NOW_MS = TestServer.NOW_MS;
  private static final String PATH = "/v1/features";
  private static final List<String> NAMES =
      List.of(
          "item.watched_1d",
          "user.clicks_1d",
          "user x category.since",
          "item.ctr_1d",
          "item.age",
          "request.device");

  private final TestServer server = new TestServer();

  @BeforeEach
  void happen() {
    RandomGenerator random = new Seed(1).generator("events");
    List<LogRecord> records = new ArrayList<>();
    for (int item = 0; item < 20; item++) {
      Map<String, AttributeValue> attributes =
          Map.of(
              "category", new AttributeValue.Text("c" + item % 3),
              "published", new AttributeValue.Time(NOW_MS - 1_000L * item));
      records.add(new LogRecord.ItemPut(new ItemId("i" + item), attributes, true, NOW_MS - 1));
    }
    for (int event = 0; event < 400; event++) {
      boolean watch = random.nextBoolean();
      records.add(
          new LogRecord.Happened(
              new Event(
                  "e" + event,
                  watch ? "watch" : "click",
                  new UserId("u" + random.nextInt(10)),
                  new ItemId("i" + random.nextInt(20)),
                  NOW_MS - random.nextLong(100_000_000),
                  watch ? random.nextDouble() * 60 : Double.NaN)));
    }
    server.store.append(records);
  }

  @AfterEach
  void close() {
    server.close();
  }

  private static String body(List<String> rows, List<String> names, String more) {
    return "{\"rows\": [%s], \"features\": [%s]%s}"
        .formatted(
            String.join(", ", rows),
            names.stream().map(n -> '"' + n + '"').collect(Collectors.joining(", ")),
            more);
  }

  private static String row(String user, String item) {
    return "{\"user\": \"%s\", \"item\": \"%s\"}".formatted(user, item);
  }

  /** The stored values of a pair, by name. */
  private float stored(String user, String item, String name, long timeMs) {
    int index = server.store.indexOf(new ItemId(item));
    float[] values =
        server
            .store
            .read(
                new FeatureQuery(
                    new UserId(user), new int[] {index}, Map.of("device", "tv"), timeMs))
            .values();
    return values[server.store.schema().names().indexOf(name)];
  }

  private static float value(JsonNode node) {
    return node.isNull() ? Float.NaN : Float.parseFloat(node.asText());
  }

  @Test
  void post_rows_carryTheStoredValuesBitForBit() {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      rows.add(row("u" + i % 12, "i" + i % 20));
    }
    HttpResponse<String> response =
        server.post(PATH, body(rows, NAMES, ", \"context\": {\"device\": \"tv\"}"));
    assertEquals(200, response.statusCode(), response.body());
    JsonNode answer = TestServer.json(response);
    assertEquals(server.store.endOffset(), answer.get("as_of_offset").asLong());
    assertEquals("2026-03-01T12:00:00Z", answer.get("time").asText());
    int known = 0;
    for (int i = 0; i < 60; i++) {
      JsonNode row = answer.get("rows").get(i);
      assertEquals("u" + i % 12, row.get("user").asText());
      assertEquals("i" + i % 20, row.get("item").asText());
      assertFalse(row.has("unknown"));
      for (String name : NAMES) {
        float value = value(row.get("values").get(name));
        assertEquals(
            Float.floatToIntBits(stored("u" + i % 12, "i" + i % 20, name, NOW_MS)),
            Float.floatToIntBits(value),
            name);
        known += Float.isNaN(value) ? 0 : 1;
      }
    }
    assertTrue(known > 250, known + " values");
  }

  @Test
  void post_columns_holdWhatRowsHold() {
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      rows.add(i % 7 == 0 ? "{\"user\": \"u" + i % 10 + "\"}" : row("u" + i % 10, "i" + i));
    }
    JsonNode asRows =
        TestServer.json(server.post(PATH, body(rows, NAMES, ", \"format\": \"rows\"")));
    JsonNode asColumns =
        TestServer.json(server.post(PATH, body(rows, NAMES, ", \"format\": \"columns\"")));
    assertEquals(asRows.get("as_of_offset"), asColumns.get("as_of_offset"));
    assertEquals(30, asColumns.get("users").size());
    Set<Integer> unknown = new LinkedHashSet<>();
    asColumns.get("unknown_items").forEach(row -> unknown.add(row.asInt()));
    assertEquals(
        IntStream.range(20, 30).filter(i -> i % 7 != 0).boxed().collect(Collectors.toSet()),
        unknown,
        "there are 20 items");
    for (int row = 0; row < 30; row++) {
      JsonNode line = asRows.get("rows").get(row);
      assertEquals(line.get("user"), asColumns.get("users").get(row));
      assertEquals(line.has("item"), !asColumns.get("items").get(row).isNull());
      assertEquals(line.has("unknown"), unknown.contains(row));
      for (int f = 0; f < NAMES.size(); f++) {
        String name = NAMES.get(f);
        assertEquals(name, asColumns.get("features").get(f).asText());
        assertEquals(line.get("values").get(name), asColumns.get("values").get(f).get(row));
        assertEquals(line.get("ages").get(name), asColumns.get("ages").get(f).get(row));
      }
    }
  }

  @Test
  void post_oneSideOnly_leavesTheOtherNull() {
    JsonNode rows =
        TestServer.json(
                server.post(
                    PATH,
                    body(
                        List.of("{\"user\": \"u1\"}", "{\"item\": \"i1\"}", row("u1", "none")),
                        NAMES,
                        "")))
            .get("rows");
    for (int row : new int[] {0, 2}) {
      JsonNode values = rows.get(row).get("values");
      assertEquals(
          stored("u1", "i1", "user.clicks_1d", NOW_MS), value(values.get("user.clicks_1d")));
      assertTrue(values.get("item.ctr_1d").isNull());
      assertTrue(values.get("user x category.since").isNull());
      assertTrue(rows.get(row).get("ages").get("item.ctr_1d").isNull());
    }
    assertFalse(rows.get(0).has("item"));
    assertFalse(rows.get(0).has("unknown"));
    assertEquals("[\"item\"]", rows.get(2).get("unknown").toString());
    JsonNode ofItem = rows.get(1).get("values");
    assertEquals(stored("u1", "i1", "item.ctr_1d", NOW_MS), value(ofItem.get("item.ctr_1d")));
    assertTrue(ofItem.get("user.clicks_1d").isNull());
    assertFalse(rows.get(1).has("user"));
  }

  @Test
  void post_ages_areSecondsSinceTheNewestEvent() {
    server.store.append(
        List.of(
            new LogRecord.Happened(
                new Event(
                    "new",
                    "click",
                    new UserId("fresh"),
                    new ItemId("i3"),
                    NOW_MS - 12_345,
                    Double.NaN))));
    JsonNode ages =
        TestServer.json(
                server.post(
                    PATH, body(List.of(row("fresh", "i3"), row("stranger", "i3")), NAMES, "")))
            .get("rows");
    assertEquals(12.345, ages.get(0).get("ages").get("user x category.since").asDouble());
    assertTrue(ages.get(1).get("ages").get("user x category.since").isNull(), "no event");
    assertTrue(ages.get(0).get("ages").get("item.age").isNull(), "comes from no event");
    assertTrue(ages.get(0).get("ages").get("request.device").isNull());
    assertEquals(12.345, ages.get(0).get("ages").get("user.clicks_1d").asDouble());
  }

  @Test
  void post_timeGiven_readsWindowsThatEndThen() {
    long thenMs = NOW_MS - 50_000_000;
    for (String time :
        List.of(String.valueOf(thenMs), "\"" + java.time.Instant.ofEpochMilli(thenMs) + "\"")) {
      JsonNode row =
          TestServer.json(
                  server.post(PATH, body(List.of(row("u1", "i1")), NAMES, ", \"time\": " + time)))
              .get("rows")
              .get(0);
      assertEquals(
          stored("u1", "i1", "user.clicks_1d", thenMs),
          value(row.get("values").get("user.clicks_1d")));
      assertEquals(
          stored("u1", "i1", "item.watched_1d", thenMs),
          value(row.get("values").get("item.watched_1d")));
      row.get("ages").forEach(age -> assertTrue(age.isNull() || age.asDouble() >= 0));
    }
  }

  @Test
  void get_entities_areEveryUserWithEveryItem() {
    JsonNode answer =
        TestServer.json(
            server.get(
                PATH
                    + "?entity=user:u1&entity=item:i1&entity=user:u2&entity=item:i2"
                    + "&features=user.clicks_1d,user%20x%20category.since&context.device=tv"));
    List<String> rows = new ArrayList<>();
    for (JsonNode row : answer.get("rows")) {
      String user = row.get("user").asText();
      String item = row.get("item").asText();
      rows.add(user + " " + item);
      assertEquals(
          stored(user, item, "user.clicks_1d", NOW_MS),
          value(row.get("values").get("user.clicks_1d")));
      assertEquals(2, row.get("values").size());
    }
    assertEquals(List.of("u1 i1", "u1 i2", "u2 i1", "u2 i2"), rows);
    JsonNode columns =
        TestServer.json(
            server.get(
                PATH + "?entity=item:i:1&features=item.ctr_1d&format=columns&time=1772366400"));
    assertEquals("[\"i:1\"]", columns.get("items").toString());
    assertEquals("[0]", columns.get("unknown_items").toString());
    assertEquals("2026-03-01T12:00:00Z", columns.get("time").asText());
  }

  private void refused(
      int status, String field, String expectation, HttpResponse<String> response) {
    assertEquals(status, response.statusCode(), response.body());
    JsonNode problem = TestServer.json(response).get("problems").get(0);
    assertEquals(field, problem.get("field").asText(), response.body());
    assertTrue(problem.get("expectation").asText().contains(expectation), response.body());
  }

  @Test
  void get_wrongInput_isRefusedByName() {
    String entity = PATH + "?entity=user:u1";
    refused(400, "entity", "user:ID", server.get(PATH + "?features=user.clicks_1d"));
    refused(400, "features", "names", server.get(entity));
    refused(400, "features", "names", server.get(entity + "&features="));
    refused(
        400,
        "features[1]",
        "did you mean user.clicks_1d?",
        server.get(entity + "&features=item.age,user.click_1d"));
    refused(400, "features[0]", "a list of items", server.get(entity + "&features=user.recent"));
    refused(400, "features[1]", "once", server.get(entity + "&features=item.age,item.age"));
    refused(
        400, "entity", "did you mean user?", server.get(PATH + "?entity=usr:1&features=item.age"));
    refused(400, "entity", "user:ID", server.get(PATH + "?entity=u1&features=item.age"));
    refused(400, "entity", "non-blank", server.get(PATH + "?entity=user:&features=item.age"));
    refused(400, "time", "ISO 8601", server.get(entity + "&features=item.age&time=noon"));
    refused(400, "format", "rows", server.get(entity + "&features=item.age&format=row"));
    refused(
        400, "format", "once", server.get(entity + "&features=item.age&format=rows&format=rows"));
    refused(400, "row", "query parameter", server.get(entity + "&features=item.age&row=1"));
    String many =
        IntStream.range(0, 40)
            .mapToObj(i -> "&entity=user:u" + i + "&entity=item:i" + i)
            .collect(Collectors.joining());
    refused(413, "entity", "1000 rows", server.get(PATH + "?features=item.age" + many));
  }

  @Test
  void post_wrongInput_isRefusedByName() {
    List<String> one = List.of(row("u1", "i1"));
    List<String> age = List.of("item.age");
    refused(400, "request", "object", server.post(PATH, "[]"));
    refused(400, "rows", "present", server.post(PATH, "{\"features\": [\"item.age\"]}"));
    refused(400, "features", "present", server.post(PATH, "{\"rows\": [" + row("u", "i") + "]}"));
    refused(400, "rows", "1 to 1000", server.post(PATH, body(List.of(), age, "")));
    refused(400, "features", "1 to 500", server.post(PATH, body(one, List.of(), "")));
    refused(
        400, "rows", "array", server.post(PATH, "{\"rows\": {}, \"features\": [\"item.age\"]}"));
    refused(400, "rows[0]", "object", server.post(PATH, body(List.of("7"), age, "")));
    refused(
        400,
        "rows[1].user",
        "a user",
        server.post(PATH, body(List.of(row("u", "i"), "{}"), age, "")));
    refused(
        400, "rows[0].item", "string", server.post(PATH, body(List.of("{\"item\": 7}"), age, "")));
    refused(
        400, "rows[0].user", "non-blank", server.post(PATH, body(List.of(row(" ", "i")), age, "")));
    refused(
        400,
        "rows[0].itm",
        "did you mean item?",
        server.post(PATH, body(List.of("{\"user\": \"u\", \"itm\": \"i\"}"), age, "")));
    refused(
        400,
        "features[0]",
        "did you mean item.ctr_1d?",
        server.post(PATH, body(one, List.of("item.ctr_1h"), "")));
    refused(
        400,
        "features[0]",
        "string",
        server.post(PATH, "{\"rows\": [" + row("u", "i") + "], \"features\": [1]}"));
    refused(400, "time", "ISO 8601", server.post(PATH, body(one, age, ", \"time\": true")));
    refused(400, "context", "object", server.post(PATH, body(one, age, ", \"context\": 1")));
    refused(
        400,
        "format",
        "did you mean columns?",
        server.post(PATH, body(one, age, ", \"format\": \"column\"")));
    refused(400, "tme", "did you mean time?", server.post(PATH, body(one, age, ", \"tme\": 1")));
    refused(
        413,
        "rows",
        "at most 1000 rows",
        server.post(PATH, body(java.util.Collections.nCopies(1_001, row("u", "i")), age, "")));
    refused(
        413,
        "features",
        "at most 500 features",
        server.post(PATH, body(one, java.util.Collections.nCopies(501, "item.age"), "")));
    assertEquals(
        200,
        server
            .post(PATH, body(java.util.Collections.nCopies(1_000, row("u", "i")), age, ""))
            .statusCode());
  }

  @Test
  void monitoring_auditFoundSomething_saysWhatAndWhere() {
    JsonNode off = TestServer.json(server.get("/v1/monitoring/features"));
    assertFalse(off.get("on").asBoolean());
    Mismatch mismatch =
        new Mismatch(
            "item.ctr_1d", 7, "r1", "v1", new UserId("u1"), new ItemId("i1"), 0.1f, Float.NaN);
    server.audit.set(monitoring(3, mismatch));
    JsonNode json = TestServer.json(server.get("/v1/monitoring/features"));
    assertTrue(json.get("on").asBoolean());
    assertEquals(17, json.get("lag_records").asInt());
    assertEquals("[\"item.ctr_1d\"]", json.get("above").toString());
    assertEquals(0.3, json.get("features").get(0).get("share").asDouble());
    assertEquals(4, json.get("skipped").get("no_values").asInt());
    JsonNode example = json.get("examples").get(0);
    assertEquals("0.1", example.get("logged").asText());
    assertEquals("0x3dcccccd", example.get("logged_bits").asText());
    assertTrue(example.get("replayed").isNull());
    assertEquals("0x7fc00000", example.get("replayed_bits").asText());
    assertEquals("u1", example.get("user").asText());

    assertMetric("winnow_feature_audit_values_total{feature=\"item.ctr_1d\"} 10.0");
    assertMetric("winnow_feature_audit_mismatches_total{feature=\"item.ctr_1d\"} 3.0");
    assertMetric("winnow_feature_audit_skipped_total{reason=\"no_values\"} 4.0");
    assertMetric("winnow_feature_audit_lag_records 17.0");
    server.audit.set(monitoring(5, mismatch));
    assertMetric("winnow_feature_audit_mismatches_total{feature=\"item.ctr_1d\"} 5.0");
  }

  private static FeatureMonitoring monitoring(long mismatches, Mismatch example) {
    Map<String, Count> counts = Map.of("item.ctr_1d", new Count(10, mismatches));
    return new FeatureMonitoring(
        new LiveAudit.Status(
            true,
            0.5,
            17,
            "",
            new AuditReport(
                1, 10, counts, counts, Map.of(Skipped.NO_VALUES, 4L), Map.of(), List.of(example))),
        0.01);
  }

  private void assertMetric(String line) {
    String metrics = server.get("/metrics").body();
    assertTrue(metrics.contains(line + "\n"), () -> "no " + line + " in " + metrics);
  }
}
