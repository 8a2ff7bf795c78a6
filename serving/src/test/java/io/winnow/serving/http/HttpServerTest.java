package io.winnow.serving.http;

import static io.winnow.serving.http.TestServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.ItemId;
import io.winnow.serving.RecommendationRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HttpServerTest {
  private final TestServer server = new TestServer();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void postEvents_one_isLoggedAndReadBack() {
    HttpResponse<String> response =
        server.post(
            "/v1/events",
            """
            {"id": "e1", "type": "watch", "user": "u1", "item": "i1", "value": 31.5,
             "time": "2026-03-01T11:00:00+01:00", "request_id": "r-7"}
            """);
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(
        "{\"accepted\":1,\"duplicates\":0,\"rejected\":0,"
            + "\"events\":[{\"id\":\"e1\",\"status\":\"accepted\"}]}",
        response.body());
    JsonNode user = json(server.get("/v1/users/u1"));
    assertEquals(1, user.get("history_length").intValue());
    assertEquals("2026-03-01T10:00:00Z", user.at("/history/0/time").textValue());
    assertEquals("watch", user.at("/history/0/type").textValue());
    assertEquals(31.5, user.at("/history/0/value").doubleValue());
    assertEquals(1, json(server.get("/v1/items/i1")).at("/statistics/events_1d").intValue());
  }

  @Test
  void postEvents_withoutIdAndTime_getsBoth() {
    JsonNode verdict =
        json(server.post("/v1/events", "{\"type\":\"click\",\"user\":\"u\",\"item\":\"i\"}"));
    assertEquals("accepted", verdict.at("/events/0/status").textValue());
    assertFalse(verdict.at("/events/0/id").textValue().isBlank());
    assertEquals(
        "2026-03-01T12:00:00Z", json(server.get("/v1/users/u")).at("/history/0/time").textValue());
  }

  @Test
  void postEvents_arrayWithBadOnes_goodOnesAreKept() {
    HttpResponse<String> response =
        server.post(
            "/v1/events",
            """
            [{"id": "a", "type": "click", "user": "u", "item": "i", "time": 1772000000},
             {"id": "b", "type": "clik", "usr": "u", "item": 5},
             {"id": "a", "type": "click", "user": "u", "item": "i", "time": 1772000000},
             {"id": "a", "type": "click", "user": "other", "item": "i"},
             {"id": "c", "type": "impression", "user": "u", "item": "i"}]
            """);
    assertEquals(200, response.statusCode(), response.body());
    JsonNode body = json(response);
    assertEquals(1, body.get("accepted").intValue());
    assertEquals(1, body.get("duplicates").intValue());
    assertEquals(3, body.get("rejected").intValue());
    String second = body.at("/events/1").toString();
    assertTrue(second.contains("did you mean click?"), second);
    assertTrue(second.contains("did you mean user?"), second);
    assertTrue(second.contains("\"field\":\"item\",\"value\":\"5\""), second);
    assertEquals("duplicate", body.at("/events/2/status").textValue());
    assertEquals("rejected", body.at("/events/3/status").textValue());
    assertTrue(body.at("/events/4").toString().contains("Winnow logs impressions itself"));
  }

  @Test
  void postEvents_ndjson_namesLines() {
    HttpResponse<String> response =
        server.send(
            "POST",
            "/v1/events",
            "application/x-ndjson; charset=UTF-8",
            "{\"type\":\"like\",\"user\":\"u\",\"item\":\"i\"}\n\n{\"type\"\n");
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(1, json(response).get("rejected").intValue());
    HttpResponse<String> bad =
        server.send("POST", "/v1/events", "application/x-ndjson", "\n{}\n[1]\n");
    assertEquals(400, bad.statusCode());
    assertTrue(bad.body().contains("line 2.type"), bad.body());
    assertTrue(bad.body().contains("line 3.event"), bad.body());
  }

  @Test
  void items_putGetDelete_areSeen() {
    HttpResponse<String> put =
        server.put(
            "/v1/items/a%2Fb%20%C3%A9",
            """
            {"attributes": {"title": "T", "genres": "Drama|War", "duration": 90, "price": 1.25,
             "published": "1999-12-31"}}
            """);
    assertEquals(200, put.statusCode(), put.body());
    JsonNode item = json(server.get("/v1/items/a%2Fb%20%C3%A9"));
    assertEquals("a/b é", item.get("id").textValue());
    assertTrue(item.get("available").booleanValue());
    assertEquals(
        "{\"title\":\"T\",\"genres\":[\"Drama\",\"War\"],\"duration\":90,\"price\":1.25,"
            + "\"published\":\"1999-12-31T00:00:00Z\"}",
        item.get("attributes").toString());
    assertEquals(200, server.send("DELETE", "/v1/items/a%2Fb%20%C3%A9", null, null).statusCode());
    assertFalse(json(server.get("/v1/items/a%2Fb%20%C3%A9")).get("available").booleanValue());
  }

  @Test
  void users_putGet_areSeen() {
    assertEquals(404, server.get("/v1/users/u1").statusCode());
    assertEquals(
        200, server.put("/v1/users/u1", "{\"attributes\":{\"country\":\"DE\"}}").statusCode());
    assertEquals("DE", json(server.get("/v1/users/u1")).at("/attributes/country").textValue());
  }

  @Test
  void recommendations_get_passesEverythingOn() {
    putItems(12);
    HttpResponse<String> response =
        server.get(
            "/v1/recommendations?user=u1&n=3&surface=home&context.device=tv&context.x=1"
                + "&exclude=i0,i2&filter.category=c&deadline_ms=80");
    assertEquals(200, response.statusCode(), response.body());
    RecommendationRequest request = Objects.requireNonNull(server.recommender.last.get());
    assertEquals("u1", request.user().value());
    assertEquals(3, request.n());
    assertEquals("home", request.surface());
    assertEquals(Map.of("device", "tv", "x", "1"), request.context());
    assertEquals(Set.of(new ItemId("i0"), new ItemId("i2")), request.exclude());
    assertEquals(Map.of("category", "c"), request.filters());
    assertEquals(Duration.ofMillis(80), request.deadline());
    JsonNode body = json(response);
    assertEquals(request.requestId(), body.get("request_id").textValue());
    assertEquals(request.requestId(), response.headers().firstValue("X-Request-Id").orElseThrow());
    assertEquals("r1", body.get("release").textValue());
    assertEquals("i1", body.at("/items/0/id").textValue());
    assertEquals("i3", body.at("/items/1/id").textValue());
    assertEquals("c1", body.at("/items/0/attributes/category").textValue());
    assertEquals("popular", body.at("/items/0/source").textValue());
    assertEquals("many watch it", body.at("/items/0/reason").textValue());
    assertEquals("ranking", body.at("/degraded/0/stage").textValue());
    assertEquals(
        "rank;dur=0.250, retrieve;dur=1.500, total;dur=1.750",
        response.headers().firstValue("Server-Timing").orElseThrow());
  }

  @Test
  void recommendations_post_equalsGet() {
    putItems(12);
    HttpResponse<String> response =
        server.post(
            "/v1/recommendations",
            """
            {"user": "u1", "n": 3, "surface": "home", "context": {"device": "tv", "x": 1},
             "exclude": ["i0", "i2"], "filters": {"category": "c"}, "deadline_ms": 80}
            """);
    assertEquals(200, response.statusCode(), response.body());
    RecommendationRequest posted = Objects.requireNonNull(server.recommender.last.get());
    server.get(
        "/v1/recommendations?user=u1&n=3&surface=home&context.device=tv&context.x=1"
            + "&exclude=i0,i2&filter.category=c&deadline_ms=80");
    RecommendationRequest got = Objects.requireNonNull(server.recommender.last.get());
    assertNotEquals(posted.requestId(), got.requestId());
    assertEquals(
        new RecommendationRequest(
            got.requestId(),
            posted.user(),
            posted.n(),
            posted.surface(),
            posted.context(),
            posted.exclude(),
            posted.filters(),
            posted.deadline()),
        got);
  }

  @Test
  void recommendations_defaults_comeFromThePolicy() {
    putItems(12);
    assertEquals(10, json(server.get("/v1/recommendations?user=u1")).get("items").size());
    assertEquals(
        Duration.ofMillis(50), Objects.requireNonNull(server.recommender.last.get()).deadline());
  }

  @Test
  void similar_knownItem_isAnswered() {
    putItems(5);
    HttpResponse<String> answer = server.get("/v1/items/i1/similar?n=2");
    JsonNode body = json(answer);
    assertEquals(
        answer.headers().firstValue("X-Request-Id").orElseThrow(),
        body.get("request_id").textValue());
    assertEquals("i0", body.at("/items/0/id").textValue());
    assertEquals("i2", body.at("/items/1/id").textValue());
    assertEquals(404, server.get("/v1/items/nope/similar").statusCode());
  }

  @Test
  void operations_areAnswered() {
    assertEquals(
        "{\"releases\":[{\"id\":\"r1\",\"created\":\"2026-03-01T12:00:00Z\",\"active\":true,"
            + "\"metrics\":{\"ndcg@10\":0.25}}]}",
        server.get("/v1/releases").body());
    assertEquals(200, server.get("/health/live").statusCode());
    assertEquals(200, server.get("/health/ready").statusCode());
    server.notReady.add("no release is loaded");
    HttpResponse<String> response = server.get("/health/ready");
    assertEquals(503, response.statusCode());
    assertEquals(
        "{\"status\":\"not_ready\",\"reasons\":[\"no release is loaded\"]}", response.body());
    HttpResponse<String> page = server.get("/");
    assertEquals("<p>demo</p>", page.body());
    assertEquals(List.of("text/html; charset=utf-8"), page.headers().allValues("Content-Type"));
  }

  @Test
  void metrics_afterRequests_countThem() {
    putItems(3);
    server.post("/v1/events", "[{\"type\":\"click\",\"user\":\"u\",\"item\":\"i0\"},{}]");
    server.get("/v1/recommendations?user=u1");
    server.get("/nowhere");
    String metrics = server.get("/metrics").body();
    for (String line :
        List.of(
            "catalog_items 3.0",
            "events_total{status=\"accepted\"} 1.0",
            "events_total{status=\"rejected\"} 1.0",
            "http_requests_seconds_count{route=\"/v1/items/{id}\",status=\"200\"} 3",
            "http_requests_seconds_count{route=\"unmatched\",status=\"404\"} 1",
            "recommendation_stage_seconds_count{stage=\"retrieve\"} 1",
            "recommendation_degraded_total{fallback=\"retrieval order\",stage=\"ranking\"} 1.0")) {
      assertTrue(metrics.contains(line), () -> line + " is missing in\n" + metrics);
    }
    assertTrue(metrics.contains("http_requests_seconds_bucket"), metrics);
  }

  @Test
  void head_answersAsGetWithoutBody() {
    HttpResponse<String> head = server.send("HEAD", "/health/live", null, null);
    assertEquals(200, head.statusCode());
    assertEquals("", head.body());
    assertEquals(
        server.get("/health/live").headers().firstValue("Content-Length"),
        head.headers().firstValue("Content-Length"));
  }

  private void putItems(int count) {
    for (int i = 0; i < count; i++) {
      server.put("/v1/items/i" + i, "{\"attributes\":{\"category\":\"c" + i + "\"}}");
    }
  }
}
