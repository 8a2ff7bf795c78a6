package io.winnow.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Requests to a server of the simulator's application, each wrong in one way. */
final class MalformedRequests {
  private static final String JSON = "application/json";
  private static final String RECOMMENDATIONS = "/v1/recommendations";
  private static final String EVENTS = "/v1/events";
  private static final String ITEM = "/v1/items/i1";

  private static final List<String> NO_COUNTS =
      List.of("0", "-1", "101", "ten", "1.5", "1e1", "NaN", "", "99999999999999999999", "0x5");
  private static final List<String> NO_IDS =
      List.of("", "%20", "%00", "a%0Ab", "%ff", "%", "%zz", "%C3", "x".repeat(257));

  private static final String SLATE_BODY =
      "{\"user\":\"u1\",\"n\":5,\"surface\":\"home\",\"context\":{\"device\":\"tv\"},"
          + "\"exclude\":[\"i1\"],\"filters\":{\"category\":\"c1\"},\"deadline_ms\":50}";
  private static final String EVENT_BODY =
      "{\"id\":\"e1\",\"type\":\"watch\",\"user\":\"u1\",\"item\":\"i1\","
          + "\"time\":\"2026-01-01T00:00:00Z\",\"value\":12.5}";
  private static final String ITEM_BODY =
      "{\"attributes\":{\"category\":\"c1\",\"duration\":12.5,"
          + "\"published\":\"2026-01-01T00:00:00Z\"},\"available\":true}";

  /**
   * A request and what is wrong with it.
   *
   * @param bytes as sent; owned by the record
   */
  record Malformed(String name, byte[] bytes) {}

  private final List<Malformed> all = new ArrayList<>();

  private MalformedRequests() {}

  static List<Malformed> all() {
    MalformedRequests requests = new MalformedRequests();
    requests.paths();
    requests.queries();
    requests.truncated("POST", RECOMMENDATIONS, SLATE_BODY);
    requests.truncated("POST", EVENTS, EVENT_BODY);
    requests.truncated("PUT", ITEM, ITEM_BODY);
    requests.wrongFields("POST", RECOMMENDATIONS, slateFields());
    requests.wrongFields("POST", EVENTS, eventFields());
    requests.wrongFields("PUT", ITEM, itemFields());
    requests.bodies();
    requests.transport();
    return List.copyOf(requests.all);
  }

  private void paths() {
    for (String path :
        List.of("/v1", "/v2/events", "/v1/recomendations", "/v1/items//similar", "/v1/items/a/b")) {
      get(path);
    }
    get("/v1/items/unknown");
    get("/v1/users/nobody");
    get("/v1/items/unknown/similar");
    for (String method : List.of("DELETE", "PATCH", "BREW", "TRACE")) {
      add(method + " " + RECOMMENDATIONS, request(method, RECOMMENDATIONS, null, null));
      add(method + " " + EVENTS, request(method, EVENTS, null, null));
    }
  }

  private void queries() {
    for (String n : NO_COUNTS) {
      get(RECOMMENDATIONS + "?user=u&n=" + n);
      get(RECOMMENDATIONS + "?user=u&deadline_ms=" + (n.equals("101") ? "10001" : n));
      get("/v1/items/i1/similar?n=" + n);
    }
    for (String id : NO_IDS) {
      get(RECOMMENDATIONS + "?user=" + id);
      get(RECOMMENDATIONS + "?user=u&exclude=a," + (id.isEmpty() ? "%20" : id));
      get("/v1/users/" + (id.isEmpty() ? "%09" : id));
    }
    get(RECOMMENDATIONS);
    get(RECOMMENDATIONS + "?user=u&user=v");
    get(RECOMMENDATIONS + "?usr=u");
    get(RECOMMENDATIONS + "?user=u&filter.categry=a");
    get(RECOMMENDATIONS + "?user=u&filter.duration=5");
    get(RECOMMENDATIONS + "?user=u&context.=1");
    get(RECOMMENDATIONS + "?user=u&surface=" + "x".repeat(65));
    get(RECOMMENDATIONS + "?user=u" + "&a=1".repeat(200));
    get("/health/live?verbose=1");
  }

  /** Every beginning of a body but the whole. */
  private void truncated(String method, String path, String body) {
    for (int length = 0; length < body.length(); length++) {
      add(
          method + " " + path + " cut at " + length,
          request(method, path, JSON, body.substring(0, length)));
    }
  }

  /** Bodies with one field wrong; the others are right. */
  private void wrongFields(String method, String path, Map<String, List<String>> wrong) {
    wrong.forEach((body, values) -> {
      for (String value : values) {
        String text = body.replace("?", value);
        add(method + " " + path + " " + abbreviated(text), request(method, path, JSON, text));
      }
    });
  }

  private static Map<String, List<String>> slateFields() {
    String user = "{\"user\":\"u1\",";
    Map<String, List<String>> fields = new LinkedHashMap<>();
    fields.put("{\"user\":?}", List.of("5", "true", "[]", "{}", "\"\"", "\" \"", "\"\\ud800\""));
    fields.put(user + "\"n\":?}", List.of("\"5\"", "0", "101", "1.5", "1e999", "[]", "true"));
    fields.put(user + "\"deadline_ms\":?}", List.of("0", "10001", "\"x\"", "{}", "2.5"));
    fields.put(user + "\"surface\":?}", List.of("5", "[]", "{}", "\"" + "x".repeat(65) + "\""));
    fields.put(user + "\"context\":?}", List.of("5", "[]", "\"x\"", "{\"a\":[]}", "{\"a\":{}}"));
    fields.put(user + "\"exclude\":?}", List.of("5", "\"a\"", "{}", "[1]", "[\"\"]", "[[]]"));
    fields.put(
        user + "\"filters\":?}", List.of("5", "[]", "{\"categry\":\"a\"}", "{\"category\":[]}"));
    fields.put(user + "?:1}", List.of("\"N\"", "\"limit\"", "\"\""));
    fields.put("?", List.of("[]", "null", "5", "\"text\"", "true", "{}", "{\"n\":5}"));
    return fields;
  }

  private static Map<String, List<String>> eventFields() {
    String click = "{\"type\":\"click\",\"user\":\"u1\",\"item\":\"i1\"";
    String watch = "{\"type\":\"watch\",\"user\":\"u1\",\"item\":\"i1\"";
    List<String> noIds = List.of("\"\"", "\" \"", "7", "[]", "{}", "true", "\"a\\u0000b\"");
    Map<String, List<String>> fields = new LinkedHashMap<>();
    fields.put("{\"type\":\"click\",\"user\":?,\"item\":\"i1\"}", noIds);
    fields.put("{\"type\":\"click\",\"user\":\"u1\",\"item\":?}", noIds);
    fields.put(click + ",\"id\":?}", noIds);
    fields.put(
        "{\"type\":?,\"user\":\"u1\",\"item\":\"i1\"}",
        List.of("\"buy\"", "\"impression\"", "\"Click\"", "\"\"", "5", "[]", "null"));
    fields.put(
        click + ",\"time\":?}",
        List.of(
            "\"yesterday\"",
            "\"2026-03-01T12:00:00\"",
            "\"2026-13-45T00:00:00Z\"",
            "-5",
            "1e300",
            "\"9999-01-01T00:00:00Z\"",
            "[]",
            "true"));
    fields.put(watch + ",\"value\":?}", List.of("\"x\"", "1e999", "[]", "{}", "true"));
    fields.put("?", List.of(watch + "}", click + ",\"value\":1}", click + ",\"itm\":\"x\"}"));
    return fields;
  }

  private static Map<String, List<String>> itemFields() {
    Map<String, List<String>> fields = new LinkedHashMap<>();
    fields.put(
        "{\"attributes\":{\"category\":?}}", List.of("[]", "{}", "true", "\" \"", "[\"a\",\"b\"]"));
    fields.put("{\"attributes\":{\"duration\":?}}", List.of("-1", "\"x\"", "true", "[]", "1e999"));
    fields.put("{\"attributes\":{\"published\":?}}", List.of("true", "\"soon\"", "[]", "{}"));
    fields.put("{\"attributes\":{?:\"a\"}}", List.of("\"catgory\"", "\"\"", "\"Category\""));
    fields.put("{\"attributes\":?}", List.of("5", "[]", "\"x\"", "true"));
    fields.put("{\"available\":?}", List.of("\"no\"", "5", "[]"));
    fields.put("?", List.of("[]", "null", "5", "{\"category\":\"a\"}"));
    return fields;
  }

  private void bodies() {
    String deep = "[".repeat(10_000);
    String longName = "{\"" + "k".repeat(10_000) + "\":1}";
    String longNumber = "{\"user\":\"u\",\"n\":" + "9".repeat(10_000) + "}";
    String repeated = "{\"user\":\"u\",\"user\":\"v\"}";
    for (String body : List.of(deep, longName, longNumber, repeated, SLATE_BODY + " x")) {
      add("POST " + abbreviated(body), request("POST", RECOMMENDATIONS, JSON, body));
    }
    add("POST events, none", request("POST", EVENTS, JSON, "[]"));
    add("POST events, many", request("POST", EVENTS, JSON, "[" + "1,".repeat(1_000) + "1]"));
    add("POST events, large", request("POST", EVENTS, JSON, " ".repeat(1_100_000)));
    add("POST lines, none", request("POST", EVENTS, "application/x-ndjson", "\n\n"));
    add("POST lines, many", request("POST", EVENTS, "application/x-ndjson", "{}\n".repeat(1_001)));
    for (String type : List.of("text/plain", "application/xml", JSON + "; charset=latin1", "x")) {
      add("POST as " + type, request("POST", RECOMMENDATIONS, type, SLATE_BODY));
    }
    add("POST without a type", request("POST", RECOMMENDATIONS, null, SLATE_BODY));
  }

  /**
   * What is wrong before there is a request. What does not begin like HTTP/1.1 is not here: there
   * is nobody to answer.
   */
  private void transport() {
    String line = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n";
    raw("a negative length", "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n");
    raw("no length", "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n");
    raw("a long header", line + "X-Long: " + "b".repeat(20_000) + "\r\n\r\n");
    raw("a long path", "GET /" + "a".repeat(20_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    raw("a header without a colon", line + "X-Broken\r\n\r\n");
  }

  private void get(String target) {
    add("GET " + abbreviated(target), request("GET", target, null, null));
  }

  private void raw(String name, String text) {
    add(name, text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private void add(String name, byte[] bytes) {
    all.add(new Malformed(name, bytes));
  }

  private static String abbreviated(String text) {
    return text.length() <= 100 ? text : text.substring(0, 100) + "…";
  }

  private static byte[] request(
      String method, String target, @Nullable String contentType, @Nullable String body) {
    StringBuilder text = new StringBuilder();
    text.append(method).append(' ').append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
    if (contentType != null) {
      text.append("Content-Type: ").append(contentType).append("\r\n");
    }
    if (body != null) {
      int length = body.getBytes(StandardCharsets.UTF_8).length;
      text.append("Content-Length: ").append(length).append("\r\n");
    }
    text.append("Connection: close\r\n\r\n").append(body == null ? "" : body);
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }
}
