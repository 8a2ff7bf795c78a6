package io.winnow.app.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Winnow's HTTP interface as an application would use it. Calls wait for their answer and fail with
 * {@code UNAVAILABLE} if it is not a success. Thread-safe.
 */
public final class ApiClient implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(15);

  private final ObjectMapper mapper = new ObjectMapper();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private final URI server;

  /**
   * @param server address without a slash at the end
   */
  public ApiClient(URI server) {
    this.server = server;
  }

  /**
   * A slate as it arrived.
   *
   * @param nanos from sending the request to having read the answer
   * @param degraded what fell back, such as {@code ranking: deadline}
   * @param stageMs the server's timing of each stage, in milliseconds
   */
  public record Answer(
      String requestId,
      List<Line> items,
      List<String> degraded,
      Map<String, Double> stageMs,
      long nanos) {}

  /**
   * One place of a slate.
   *
   * @param position from 0
   */
  public record Line(
      String item,
      int position,
      double score,
      String source,
      String reason,
      String title,
      String category) {}

  /** Asks for a slate within the application's deadline. */
  public Answer recommend(UserId user, int n, Map<String, String> context) {
    return recommend(user, n, context, "");
  }

  /** Asks for a slate that may take long: for the first request of a process. */
  public Answer recommendPatiently(UserId user, int n) {
    return recommend(user, n, Map.of(), "&deadline_ms=10000");
  }

  private Answer recommend(UserId user, int n, Map<String, String> context, String more) {
    StringBuilder query = new StringBuilder("/v1/recommendations?surface=home&n=").append(n);
    query.append("&user=").append(encode(user.value()));
    context.forEach((field, value) ->
        query.append("&context.").append(encode(field)).append('=').append(encode(value)));
    query.append(more);
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(server + query.toString())).timeout(TIMEOUT).build();
    long began = System.nanoTime();
    HttpResponse<byte[]> response = send(request);
    long nanos = System.nanoTime() - began;
    JsonNode body = parse(response);
    List<Line> lines = new ArrayList<>();
    for (JsonNode item : body.path("items")) {
      lines.add(
          new Line(
              item.path("id").asText(),
              item.path("position").asInt(),
              item.path("score").asDouble(),
              item.path("source").asText(),
              item.path("reason").asText(),
              item.path("attributes").path("title").asText(),
              item.path("attributes").path("category").asText()));
    }
    List<String> degraded = new ArrayList<>();
    for (JsonNode stage : body.path("degraded")) {
      degraded.add(stage.path("stage").asText() + ": " + stage.path("reason").asText());
    }
    return new Answer(
        body.path("request_id").asText(),
        lines,
        degraded,
        stageMs(response.headers().firstValue("Server-Timing").orElse("")),
        nanos);
  }

  /** Reads {@code name;dur=1.5, …}. */
  static Map<String, Double> stageMs(String serverTiming) {
    Map<String, Double> stages = new LinkedHashMap<>();
    for (String entry : serverTiming.split(",", -1)) {
      int at = entry.indexOf(";dur=");
      if (at > 0) {
        stages.put(
            entry.substring(0, at).strip(),
            Double.parseDouble(entry.substring(at + ";dur=".length()).strip()));
      }
    }
    return stages;
  }

  /** Logs events; every one must be accepted. */
  void post(List<Event> events) {
    if (events.isEmpty()) {
      return;
    }
    ArrayNode list = mapper.createArrayNode();
    for (Event event : events) {
      ObjectNode json =
          list.addObject()
              .put("id", event.id())
              .put("type", event.type())
              .put("user", event.user().value())
              .put("item", event.item().value())
              .put("time", event.timeMs())
              .put("request_id", event.requestId());
      if (event.hasValue()) {
        json.put("value", event.value());
      }
    }
    JsonNode verdict =
        parse(
            send(
                HttpRequest.newBuilder(URI.create(server + "/v1/events"))
                    .timeout(TIMEOUT)
                    .header("Content-Type", "application/json")
                    .POST(BodyPublishers.ofString(list.toString()))
                    .build()));
    if (verdict.path("accepted").asInt() != events.size()) {
      throw new WinnowException(
          ErrorCode.INTERNAL,
          "POST /v1/events: %s (expected: %d accepted)".formatted(verdict, events.size()));
    }
  }

  private HttpResponse<byte[]> send(HttpRequest request) {
    try {
      return http.send(request, BodyHandlers.ofByteArray());
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.UNAVAILABLE, request.uri() + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, request.uri() + ": interrupted", e);
    }
  }

  private JsonNode parse(HttpResponse<byte[]> response) {
    String text = new String(response.body(), StandardCharsets.UTF_8);
    try {
      if (response.statusCode() == 200) {
        return mapper.readTree(text);
      }
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.INTERNAL, response.uri() + ": " + e.getMessage(), e);
    }
    throw new WinnowException(
        ErrorCode.UNAVAILABLE,
        "%s: status %d (expected: 200): %s".formatted(response.uri(), response.statusCode(), text));
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    http.close();
  }
}
