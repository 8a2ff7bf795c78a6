package io.winnow.serving.http;

import static io.winnow.serving.http.TestServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.serving.http.ApplicationControl.Backfill;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ApplicationApiTest {
  private static final String PATH = "/v1/application";
  private static final String YAML = "application/yaml";
  private static final String TEXT =
      """
      application: shorts
      items:
        attributes:
          { title: text, category: string, genres: strings, duration: seconds, price: number, published: time }
      users: { attributes: { country: string } }
      events: { click: {}, watch: { value: seconds }, like: {} }
      features:
        user: { clicks_1h: count(click) over 1h }
        request: { device: context.phone }
      """;

  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  private HttpResponse<String> put(String text) {
    return server.send("PUT", PATH, YAML, text);
  }

  @Test
  void put_anotherFile_isAcceptedWithWhatItChanges() {
    HttpResponse<String> response = put(TEXT);
    assertEquals(202, response.statusCode(), response.body());
    JsonNode plan = json(response);
    assertTrue(plan.get("backfill").asBoolean());
    assertEquals("user.clicks_1h", plan.at("/added/0/name").asText());
    assertEquals("user", plan.at("/added/0/entity").asText());
    assertEquals("count(click) over 1h", plan.at("/added/0/definition").asText());
    assertEquals(8, plan.at("/added/0/version").asText().length());
    assertEquals(1, plan.get("added").size());
    assertEquals("request.device", plan.at("/changed/0/name").asText());
    assertEquals("context.phone", plan.at("/changed/0/definition").asText());
    assertEquals("context.device", plan.at("/changed/0/definition_before").asText());
    assertEquals(TestServer.application().features().size() - 1, plan.get("removed").size());
    JsonNode shown = json(server.get(PATH));
    assertEquals(TEXT, shown.get("text").asText());
    assertEquals("shorts", shown.get("application").asText());
    assertEquals(16, shown.get("hash").asText().length());
  }

  @Test
  void get_showsWhatIsReadyAndWhatIsHeldBesides() {
    List<FeatureDefinition> before = TestServer.application().features();
    assertEquals(202, put(TEXT).statusCode());
    server.control.held = before;
    JsonNode shown = json(server.get(PATH));
    assertEquals(2, shown.get("features").size());
    shown.get("features").forEach(feature -> assertEquals(false, feature.get("ready").asBoolean()));
    assertEquals("context.device", shown.at("/also_held/0/definition").asText());
    assertEquals("idle", shown.at("/backfill/state").asText());
    server.control.backfill = new Backfill(Backfill.State.RUNNING, 5, 20, 1.5, "");
    JsonNode running = json(server.get(PATH)).get("backfill");
    assertEquals(
        "{\"state\":\"running\",\"records_done\":5,\"records_total\":20,\"seconds_left\":1.5}",
        running.toString());
    server.control.backfill = new Backfill(Backfill.State.RUNNING, 0, 20, Double.NaN, "");
    assertTrue(json(server.get(PATH)).at("/backfill/seconds_left").isMissingNode(), "not known");
    server.control.backfill = new Backfill(Backfill.State.FAILED, 0, 0, Double.NaN, "disk full");
    assertEquals("disk full", json(server.get(PATH)).at("/backfill/reason").asText());
  }

  @Test
  void put_wrongFile_isRefusedWithEveryProblem() {
    HttpResponse<String> response =
        put(
            TEXT.replace("count(click) over 1h", "cuont(click) over 1h")
                .replace("context.phone", "context"));
    assertEquals(400, response.statusCode(), response.body());
    assertEquals("INVALID_ARGUMENT", json(response).get("code").asText());
    assertEquals(2, json(response).get("problems").size(), response.body());
    HttpResponse<String> removed =
        put(
            TEXT.replace("watch: { value: seconds }, like: {}", "watch: {}")
                .replace("application: shorts", "application: longs")
                .replace("category: string", "category: number"));
    assertEquals(400, removed.statusCode(), removed.body());
    assertEquals(
        List.of("application", "events.watch", "events.like", "items.attributes.category"),
        json(removed).get("problems").findValuesAsText("field"));
    assertEquals("application: shorts", json(server.get(PATH)).get("text").asText());
  }

  @Test
  void put_notYaml_isRefused() {
    assertEquals(400, put("a: [b").statusCode());
    assertEquals(400, put("").statusCode());
    assertEquals(400, put("[]").statusCode());
    assertEquals(415, server.put(PATH, "{}").statusCode());
    assertEquals(405, server.send("POST", PATH, YAML, TEXT).statusCode());
  }

  @Test
  void put_whileRunning_isAConflict() {
    server.control.backfill = new Backfill(Backfill.State.RUNNING, 5, 20, 1.5, "");
    HttpResponse<String> response = put(TEXT);
    assertEquals(409, response.statusCode(), response.body());
    assertEquals("backfill", json(response).at("/problems/0/field").asText());
  }

  @Test
  void put_moreEvents_areTakenFromTheNextRequestOn() {
    String event = "{\"type\": \"share\", \"user\": \"u1\", \"item\": \"i1\"}";
    assertEquals(400, server.post("/v1/events", event).statusCode());
    assertEquals(202, put(TEXT.replace("like: {} }", "like: {}, share: {} }")).statusCode());
    HttpResponse<String> response = server.post("/v1/events", event);
    assertEquals(200, response.statusCode(), response.body());
    assertTrue(server.get("/openapi.json").body().contains("\"share\""));
  }

  @Test
  void put_withoutTheAdminScope_isForbidden() {
    HttpConfig config =
        new HttpConfig(
            "127.0.0.1",
            0,
            Map.of("writer-key", Set.of(Scope.READ, Scope.WRITE), "admin-key", Set.of(Scope.ADMIN)),
            HttpConfig.Limits.DEFAULT);
    try (TestServer keyed = new TestServer(config)) {
      assertEquals(401, keyed.send("PUT", PATH, YAML, TEXT).statusCode());
      assertEquals(
          403, keyed.send("PUT", PATH, YAML, TEXT, "X-API-Key", "writer-key").statusCode());
      assertEquals(
          200, keyed.send("GET", PATH, null, null, "X-API-Key", "writer-key").statusCode());
      assertEquals(202, keyed.send("PUT", PATH, YAML, TEXT, "X-API-Key", "admin-key").statusCode());
    }
  }
}
