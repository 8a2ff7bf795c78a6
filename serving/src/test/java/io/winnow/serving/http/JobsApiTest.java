package io.winnow.serving.http;

import static io.winnow.serving.http.TestServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class JobsApiTest {
  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void post_sameKeyTwice_isOneRunThatCanBeShown() {
    String order =
        "{\"job\":\"train\",\"key\":\"k\",\"options\":{\"timeout\":\"PT1H\",\"seed\":3}}";
    HttpResponse<String> first = server.post("/v1/jobs", order);
    assertEquals(202, first.statusCode(), first.body());
    assertEquals(json(first), json(server.post("/v1/jobs", order)));
    JsonNode run = json(server.get("/v1/jobs/train-k"));
    assertEquals("train", run.get("job").asText());
    assertEquals("queued", run.get("state").asText());
    assertEquals("3", run.at("/options/seed").asText());
    assertEquals("2026-03-01T12:00:00Z", run.get("ordered").asText());
    assertFalse(run.has("started"));
    assertEquals("one", run.at("/log/0/text").asText());
    assertEquals(1, json(server.get("/v1/jobs/train-k?after=1")).get("log").size());
    assertEquals(1, json(server.get("/v1/jobs")).get("jobs").size());
    assertEquals(0, json(server.get("/v1/jobs?job=batch")).get("jobs").size());
  }

  @Test
  void delete_run_cancelsIt() {
    assertEquals(202, server.post("/v1/jobs", "{\"job\":\"batch\",\"key\":\"k\"}").statusCode());
    HttpResponse<String> cancelled = server.send("DELETE", "/v1/jobs/batch-k", null, null);
    assertEquals(200, cancelled.statusCode(), cancelled.body());
    assertEquals("cancelled", json(cancelled).get("state").asText());
    assertEquals(404, server.send("DELETE", "/v1/jobs/none", null, null).statusCode());
    assertEquals(404, server.get("/v1/jobs/none").statusCode());
  }

  @Test
  void post_badOrder_namesEveryField() {
    HttpResponse<String> response =
        server.post("/v1/jobs", "{\"job\":7,\"kee\":\"k\",\"options\":{\"a\":[]}}");
    assertEquals(400, response.statusCode());
    assertEquals(3, json(response).get("problems").size(), response.body());
    assertEquals(400, server.post("/v1/jobs", "{\"job\":\"tidy\"}").statusCode());
    assertEquals(400, server.post("/v1/jobs", "[]").statusCode());
    assertEquals(400, server.post("/v1/jobs", "{").statusCode());
    assertEquals(400, server.get("/v1/jobs?limit=0").statusCode());
  }

  @Test
  void triggers_showHowFarEachIs() {
    JsonNode triggers = json(server.get("/v1/triggers")).get("triggers");
    assertEquals("new_events", triggers.at("/0/trigger").asText());
    assertEquals(100, triggers.at("/0/threshold").asInt());
    assertFalse(triggers.at("/0/fires").asBoolean());
    assertTrue(triggers.at("/1/value").isNull());
  }
}
