package io.winnow.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that ask a running server, and the asking. */
final class ServerOptions {
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  @Option(names = "--url", description = "The server (default: ${DEFAULT-VALUE}).")
  private URI url = URI.create("http://127.0.0.1:8080");

  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      description = "A key, if the server asks for one.")
  private @Nullable String apiKey;

  /** GETs a JSON document. */
  JsonNode get(String path) {
    return send(request(path).GET().build());
  }

  /** PUTs YAML and reads the JSON that comes back. */
  JsonNode putYaml(String path, String yaml) {
    return send(
        request(path)
            .header("Content-Type", "application/yaml")
            .PUT(HttpRequest.BodyPublishers.ofString(yaml))
            .build());
  }

  private HttpRequest.Builder request(String path) {
    URI target;
    try {
      target = URI.create(url.toString().replaceFirst("/$", "") + path);
      HttpRequest.Builder request = HttpRequest.newBuilder(target).timeout(TIMEOUT);
      return apiKey == null ? request : request.header("X-API-Key", apiKey);
    } catch (IllegalArgumentException e) {
      throw WinnowException.invalid("--url", url, "an address such as http://127.0.0.1:8080");
    }
  }

  private static JsonNode send(HttpRequest request) {
    try (HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build()) {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      JsonNode body = new ObjectMapper().readTree(response.body());
      if (response.statusCode() / 100 != 2) {
        throw refusal(request.uri(), response.statusCode(), body);
      }
      return body;
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, request.uri() + ": no answer of a Winnow server: " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(ErrorCode.UNAVAILABLE, request.uri() + ": interrupted", e);
    }
  }

  /** The server's problem, as if it had been found here. */
  private static WinnowException refusal(URI uri, int status, JsonNode body) {
    List<Problem> problems = new ArrayList<>();
    for (JsonNode problem : body.path("problems")) {
      problems.add(
          new Problem(
              problem.path("field").asText(),
              problem.path("value").asText(),
              problem.path("expectation").asText()));
    }
    ErrorCode code;
    try {
      code = ErrorCode.valueOf(body.path("code").asText());
    } catch (IllegalArgumentException e) {
      code = ErrorCode.UNAVAILABLE;
    }
    return new WinnowException(
        code,
        "%s: status %d: %s".formatted(uri, status, body.path("detail").asText()),
        problems,
        null);
  }
}
