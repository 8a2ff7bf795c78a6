package io.winnow.serving.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is wrong with a request, and the answer: status, code, and the words that must be in it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusalTest {
  private static final String R = "/v1/recommendations";
  private static final String EVENTS = "/v1/events";
  private static final String INVALID = "INVALID_ARGUMENT";
  private static final String MALFORMED = "MALFORMED_REQUEST";

  private final TestServer server = new TestServer();

  record Refusal(
      String method,
      String path,
      @Nullable String contentType,
      @Nullable String body,
      int status,
      String code,
      List<String> words) {}

  @BeforeAll
  void putItem() {
    assertEquals(200, server.put("/v1/items/i1", "{}").statusCode());
  }

  @AfterAll
  void stop() {
    server.close();
  }

  private static Refusal get(String path, int status, String code, String... words) {
    return new Refusal("GET", path, null, null, status, code, List.of(words));
  }

  private static Refusal post(String path, String body, int status, String code, String... words) {
    return new Refusal("POST", path, Answer.JSON, body, status, code, List.of(words));
  }

  private static Refusal put(String path, String body, String... words) {
    return new Refusal("PUT", path, Answer.JSON, body, 400, INVALID, List.of(words));
  }

  private static Stream<Refusal> refusals() {
    List<Refusal> all = new ArrayList<>();
    // Paths and methods
    all.add(get("/v1/recomendations", 404, "NOT_FOUND", "did you mean /v1/recommendations?"));
    all.add(get("/v1/items//similar", 404, "NOT_FOUND", "path"));
    all.add(get("/v1/items/unknown", 404, "NOT_FOUND", "item", "unknown"));
    all.add(get("/v1/users/nobody", 404, "NOT_FOUND", "user", "nobody"));
    all.add(get("/v1/items/unknown/similar", 404, "NOT_FOUND", "unknown"));
    all.add(get("/v1/events", 405, "METHOD_NOT_ALLOWED", "POST"));
    all.add(method("DELETE", R, "GET, HEAD, POST"));
    all.add(method("PATCH", "/v1/items/i1", "DELETE, GET, HEAD, PUT"));
    all.add(method("BREW", "/health/live", "GET, HEAD"));
    all.add(
        new Refusal(
            "DELETE", "/v1/items/nope", null, null, 404, "NOT_FOUND", List.of("item", "nope")));
    // Query parameters
    all.add(get(R, 400, INVALID, "user", "absent"));
    all.add(get(R + "?user=", 400, INVALID, "user", "non-blank"));
    all.add(get(R + "?user=u&n=0", 400, INVALID, "\"n\"", "\"0\"", "1 to 100"));
    all.add(get(R + "?user=u&n=101", 400, INVALID, "\"n\"", "101", "1 to 100"));
    all.add(get(R + "?user=u&n=-1", 400, INVALID, "\"n\"", "1 to 100"));
    all.add(get(R + "?user=u&n=ten", 400, INVALID, "\"n\"", "ten", "1 to 100"));
    all.add(get(R + "?user=u&n=1.5", 400, INVALID, "\"n\"", "1.5"));
    all.add(get(R + "?user=u&n=99999999999999999999", 400, INVALID, "\"n\"", "1 to 100"));
    all.add(get(R + "?user=u&n=NaN", 400, INVALID, "\"n\"", "NaN"));
    all.add(get(R + "?user=u&n=", 400, INVALID, "\"n\"", "1 to 100"));
    all.add(get(R + "?user=u&user=v", 400, INVALID, "user", "given once"));
    all.add(get(R + "?usr=u", 400, INVALID, "usr", "did you mean user?", "absent"));
    all.add(get(R + "?user=u&filter.categry=a", 400, INVALID, "did you mean filter.category?"));
    all.add(get(R + "?user=u&filter.price=1", 400, INVALID, "filter.price", "unknown"));
    all.add(get(R + "?user=u&context.=1", 400, INVALID, "context."));
    all.add(get(R + "?user=%ff", 400, INVALID, "user", "percent-encoded UTF-8"));
    all.add(get(R + "?user=%00", 400, INVALID, "user", "control"));
    all.add(get(R + "?user=" + "x".repeat(257), 400, INVALID, "user", "256 bytes"));
    all.add(get(R + "?user=u&surface=" + "x".repeat(65), 400, INVALID, "surface", "64"));
    all.add(get(R + "?user=u&context.a=" + "x".repeat(257), 400, INVALID, "context.a", "256"));
    all.add(get(R + "?user=u&deadline_ms=0", 400, INVALID, "deadline_ms", "1 to 10000"));
    all.add(get(R + "?user=u&exclude=a%0a", 400, INVALID, "item", "control"));
    all.add(get(R + "?user=u" + "&a=1".repeat(200), 400, INVALID, "query", "128"));
    all.add(get("/v1/users/u?limit=0", 400, INVALID, "limit", "1 to 1000"));
    all.add(get("/v1/users/%C3", 400, INVALID, "id", "UTF-8"));
    all.add(get("/health/live?verbose=1", 400, INVALID, "verbose", "unknown parameter"));
    bodies(all);
    records(all);
    return all.stream();
  }

  private static Refusal method(String method, String path, String allow) {
    return new Refusal(
        method, path, null, null, 405, "METHOD_NOT_ALLOWED", List.of("method", method, allow));
  }

  private static void bodies(List<Refusal> all) {
    String user = "\"user\":\"u\"";
    all.add(post(R, "", 400, MALFORMED, "body", "empty"));
    all.add(post(R, "{", 400, MALFORMED, "line 1, column 2"));
    all.add(post(R, "{\n \"user\": u}", 400, MALFORMED, "line 2, column"));
    all.add(post(R, "{" + user + "} x", 400, MALFORMED, "line 1"));
    all.add(post(R, "{" + user + "," + user + "}", 400, MALFORMED, "uplicate"));
    all.add(post(R, "{" + user + ",\"n\":NaN}", 400, MALFORMED, "NaN"));
    all.add(post(R, "[".repeat(10_000), 400, MALFORMED, "16 levels"));
    all.add(post(R, "{" + user + ",\"n\":" + "9".repeat(10_000) + "}", 400, MALFORMED, "numbers"));
    all.add(post(R, "{\"" + "k".repeat(10_000) + "\":1}", 400, MALFORMED, "names"));
    all.add(post(R, "[]", 400, INVALID, "request", "an array", "a JSON object"));
    all.add(post(R, "null", 400, INVALID, "request", "a JSON object"));
    all.add(post(R, "{}", 400, INVALID, "user", "absent"));
    all.add(post(R, "{\"user\":5}", 400, INVALID, "user", "\"5\"", "a JSON string"));
    all.add(post(R, "{\"user\":\"\\ud800\"}", 400, INVALID, "user", "surrogates"));
    all.add(post(R, "{" + user + ",\"N\":5}", 400, INVALID, "\"N\"", "did you mean"));
    all.add(post(R, "{" + user + ",\"n\":\"5\"}", 400, INVALID, "\"n\"", "1 to 100"));
    all.add(post(R, "{" + user + ",\"n\":1e999}", 400, INVALID, "\"n\"", "1 to 100"));
    all.add(post(R, "{" + user + ",\"n\":99999999999}", 400, INVALID, "\"n\"", "99999999999"));
    all.add(post(R, "{" + user + ",\"exclude\":\"a\"}", 400, INVALID, "exclude", "array"));
    all.add(post(R, "{" + user + ",\"exclude\":[1,\"\"]}", 400, INVALID, "exclude[0]"));
    all.add(post(R, "{" + user + ",\"context\":{\"a\":[]}}", 400, INVALID, "context.a"));
    all.add(post(R, "{" + user + ",\"context\":[]}", 400, INVALID, "context", "object"));
    all.add(post(R, "{" + user + ",\"filters\":{\"genre\":\"a\"}}", 400, INVALID, "mean genres?"));
    all.add(
        new Refusal(
            "POST", R, "text/plain", "{}", 415, "UNSUPPORTED_MEDIA_TYPE", List.of("text/plain")));
    all.add(
        new Refusal(
            "POST",
            R,
            "application/json; charset=latin1",
            "{}",
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            List.of("latin1", "UTF-8")));
    all.add(new Refusal("POST", R, null, "{}", 415, "UNSUPPORTED_MEDIA_TYPE", List.of("absent")));
    all.add(post(EVENTS, " ".repeat(1_100_000), 413, "TOO_LARGE", "1048576 bytes"));
    all.add(post(EVENTS, " ".repeat(5_000_000), 413, "TOO_LARGE", "1048576 bytes"));
    all.add(post(EVENTS, "[" + "1,".repeat(1_000) + "1]", 413, "TOO_LARGE", "1000"));
    all.add(post(EVENTS, "[]", 400, INVALID, "events", "none"));
    all.add(
        new Refusal("POST", EVENTS, "application/x-ndjson", "\n\n", 400, INVALID, List.of("none")));
    all.add(
        new Refusal(
            "POST",
            EVENTS,
            "application/x-ndjson",
            "{}\n".repeat(1_001),
            413,
            "TOO_LARGE",
            List.of("1000")));
  }

  private static void records(List<Refusal> all) {
    String click = "{\"type\":\"click\",\"user\":\"u\",\"item\":\"i\"";
    all.add(post(EVENTS, "{}", 400, INVALID, "type", "user", "item", "absent"));
    all.add(post(EVENTS, click + ",\"value\":1}", 400, INVALID, "click carries no value"));
    all.add(post(EVENTS, click.replace("click", "watch") + "}", 400, INVALID, "seconds for watch"));
    all.add(post(EVENTS, click.replace("click", "buy") + "}", 400, INVALID, "click, watch, like"));
    all.add(post(EVENTS, click.replace("click", "impression") + "}", 400, INVALID, "itself"));
    all.add(post(EVENTS, click + ",\"time\":\"yesterday\"}", 400, INVALID, "time", "ISO 8601"));
    all.add(post(EVENTS, click + ",\"time\":\"2026-03-01T12:00:00\"}", 400, INVALID, "ISO 8601"));
    all.add(post(EVENTS, click + ",\"time\":-5}", 400, INVALID, "time", "1970"));
    all.add(post(EVENTS, click + ",\"time\":1e300}", 400, INVALID, "time"));
    all.add(post(EVENTS, click + ",\"time\":\"2027-01-01\"}", 400, INVALID, "a day from now"));
    all.add(post(EVENTS, click + ",\"id\":\"\"}", 400, INVALID, "id", "non-blank"));
    all.add(post(EVENTS, click + ",\"id\":7}", 400, INVALID, "id", "a JSON string"));
    all.add(post(EVENTS, click + ",\"id\":[]}", 400, INVALID, "id", "an array"));
    all.add(post(EVENTS, click + ",\"itm\":\"i\"}", 400, INVALID, "itm", "did you mean item?"));
    all.add(
        post(
            EVENTS,
            click.replace("click", "watch") + ",\"value\":1e999}",
            400,
            INVALID,
            "value",
            "a finite JSON number"));
    all.add(put("/v1/items/i", "{\"attributes\":{\"catgory\":\"a\"}}", "did you mean category?"));
    all.add(put("/v1/items/i", "{\"attributes\":{\"price\":\"1\"}}", "attributes.price"));
    all.add(put("/v1/items/i", "{\"attributes\":{\"duration\":-1}}", "0 or more"));
    all.add(put("/v1/items/i", "{\"attributes\":{\"category\":\" \"}}", "not blank"));
    all.add(put("/v1/items/i", "{\"attributes\":{\"genres\":[\"a\",5]}}", "genres[1]"));
    all.add(put("/v1/items/i", "{\"attributes\":{\"published\":true}}", "ISO 8601"));
    all.add(put("/v1/items/i", "{\"attributes\":5,\"available\":\"no\"}", "true or false"));
    all.add(put("/v1/items/i", "{\"category\":\"a\"}", "category", "unknown field"));
    all.add(put("/v1/users/u", "{\"attributes\":{\"age\":5}}", "attributes.age", "country"));
    all.add(put("/v1/users/%20", "{}", "user", "non-blank"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void send_badRequest_namesFieldValueAndExpectation(Refusal refusal) {
    HttpResponse<String> response =
        server.send(refusal.method(), refusal.path(), refusal.contentType(), refusal.body());
    assertEquals(refusal.status(), response.statusCode(), response.body());
    assertEquals(List.of("application/problem+json"), response.headers().allValues("Content-Type"));
    JsonNode body = TestServer.json(response);
    assertEquals(refusal.code(), body.get("code").textValue());
    assertEquals(refusal.status(), body.get("status").intValue());
    assertTrue(body.get("type").textValue().startsWith("urn:winnow:error:"));
    assertFalse(body.get("title").textValue().isBlank());
    assertFalse(body.get("detail").textValue().isBlank());
    assertEquals(
        response.headers().firstValue("X-Request-Id").orElseThrow(),
        body.get("request_id").textValue());
    for (String word : refusal.words()) {
      assertTrue(response.body().contains(word), () -> word + " is missing in " + response.body());
    }
    assertFalse(response.body().contains("Exception"), response.body());
    assertFalse(response.body().contains("io.winnow"), response.body());
    if (refusal.status() == 405) {
      String allow = response.headers().firstValue("Allow").orElseThrow();
      assertTrue(response.body().contains(allow), response.body());
    }
  }
}
