package io.winnow.serving.http;

import static io.winnow.serving.http.TestServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RolloutApiTest {
  private static final String PATH = "/v1/rollout";

  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void get_nothingOpen_showsPlanThresholdsAndServers() {
    JsonNode shown = json(server.get(PATH));
    assertTrue(shown.get("rollout").isNull());
    assertEquals("r1", shown.at("/plan/champion").asText());
    assertEquals("r0", shown.at("/plan/previous").asText());
    assertEquals(3, shown.at("/plan/revision").asInt());
    assertTrue(shown.at("/plan/challenger").isNull());
    assertEquals(0.05, shown.at("/thresholds/canary/shares/0").asDouble());
    assertEquals(1.5, shown.at("/thresholds/shadow/max_latency").asDouble());
    assertEquals("release r2 cannot be served: gone", shown.at("/servers/0/problem").asText());
  }

  @Test
  void post_release_beginsARolloutWhichGetShowsAndDeleteEnds() {
    HttpResponse<String> begun =
        server.post(PATH, "{\"release\": \"r2\", \"reason\": \"new sources\"}");
    assertEquals(202, begun.statusCode(), begun.body());
    assertEquals("gate", json(begun).get("stage").asText());
    assertEquals("new sources", server.rollouts.reason);
    JsonNode shown = json(server.get(PATH)).get("rollout");
    assertEquals("r2", shown.get("candidate").asText());
    assertEquals("new sources", shown.at("/decisions/0/reason").asText());
    assertEquals(7, shown.at("/decisions/0/numbers/log_offset").asInt());
    assertEquals(1, shown.at("/observations/shadow/errors").asInt());
    assertEquals(3, shown.at("/observations/shadow/latency_p95_ms").asDouble(), 0.3);
    assertEquals(409, server.post(PATH, "{\"release\": \"r2\"}").statusCode());

    HttpResponse<String> ended = server.send("DELETE", PATH + "?reason=a%20mistake", null, null);
    assertEquals(200, ended.statusCode(), ended.body());
    assertEquals("cancelled", json(ended).get("stage").asText());
    assertEquals("a mistake", server.rollouts.reason);
    assertEquals("r2-1", json(server.get(PATH)).at("/ended/0/id").asText());
    assertEquals(404, server.send("DELETE", PATH, null, null).statusCode());
  }

  @Test
  void post_badInput_isRefusedWithFieldValueAndExpectation() {
    assertEquals(404, server.post(PATH, "{\"release\": \"gone\"}").statusCode());
    HttpResponse<String> misspelt = server.post(PATH, "{\"relase\": \"r2\"}");
    assertEquals(400, misspelt.statusCode());
    assertTrue(misspelt.body().contains("release"), misspelt.body());
    HttpResponse<String> empty = server.post(PATH, "{}");
    assertEquals("release", json(empty).at("/problems/0/field").asText());
    assertEquals(400, server.post(PATH, "{").statusCode());
    assertEquals(400, server.post(PATH, "[]").statusCode());
    assertEquals(400, server.post(PATH, "{\"release\": 7}").statusCode());
    assertEquals(
        400,
        server
            .post(PATH, "{\"release\": \"r2\", \"reason\": \"" + "x".repeat(1_001) + "\"}")
            .statusCode());
  }

  @Test
  void rollback_goesToTheReleaseBeforeOrToAGivenOne() {
    HttpResponse<String> back =
        server.post("/v1/releases/rollback", "{\"reason\": \"complaints\"}");
    assertEquals(200, back.statusCode(), back.body());
    assertEquals("r0", json(back).get("champion").asText());
    assertEquals(4, json(back).get("revision").asInt());
    assertEquals("complaints", server.rollouts.reason);
    assertEquals(404, server.post("/v1/releases/rollback", "{}").statusCode());
    assertEquals(
        "r1",
        json(server.post("/v1/releases/rollback", "{\"to\": \"r1\"}")).get("champion").asText());
  }
}
