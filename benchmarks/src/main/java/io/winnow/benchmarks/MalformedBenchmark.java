package io.winnow.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.MalformedRequests.Malformed;
import io.winnow.core.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Sends malformed requests of every kind to a running server, over raw sockets, since clients
 * refuse to send most of them. Each must get a status of 4xx and problem details; those about a
 * value must name field, value and expectation; none may show a stack trace.
 */
public final class MalformedBenchmark {
  private static final int TIMEOUT_MS = 30_000;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final URI server;
  private final Consumer<String> offences;
  private long notClientError;
  private long withoutProblemDetails;
  private long withoutField;
  private long serverErrors;
  private long stackTraces;

  private MalformedBenchmark(URI server, Consumer<String> offences) {
    this.server = server;
    this.offences = offences;
  }

  /**
   * Runs it to the end.
   *
   * @param server of the simulator's application
   * @param offences receives each request that was not answered as it should be, and the answer
   */
  public static Figures run(URI server, Consumer<String> offences) {
    MalformedBenchmark benchmark = new MalformedBenchmark(server, offences);
    List<Malformed> requests = MalformedRequests.all();
    requests.forEach(benchmark::send);
    return new Figures.Builder("malformed")
        .count("malformed.requests", requests.size(), "requests", Goal.atLeast(1))
        .count("malformed.not_4xx", benchmark.notClientError, "requests", Goal.exactly(0))
        .count(
            "malformed.without_problem_details",
            benchmark.withoutProblemDetails,
            "requests",
            Goal.exactly(0))
        .count("malformed.without_field", benchmark.withoutField, "requests", Goal.exactly(0))
        .count("malformed.server_errors", benchmark.serverErrors, "requests", Goal.exactly(0))
        .count("malformed.stack_traces", benchmark.stackTraces, "requests", Goal.exactly(0))
        .build();
  }

  private void send(Malformed request) {
    String answer = exchange(request.bytes());
    int status =
        answer.startsWith("HTTP/1.1 ") && answer.length() >= 12
            ? Integer.parseInt(answer.substring(9, 12))
            : 0;
    JsonNode problem = body(answer);
    boolean clientError = status / 100 == 4;
    boolean details =
        answer.toLowerCase(Locale.ROOT).contains("application/problem+json")
            && problem.path("status").asInt() == status
            && isText(problem, "type")
            && isText(problem, "title")
            && isText(problem, "detail")
            && isText(problem, "code");
    boolean field =
        !problem.path("code").asText().equals(ErrorCode.INVALID_ARGUMENT.name())
            || namesField(problem.path("problems"));
    boolean stackTrace = answer.contains("\tat ") || answer.contains("Exception");
    notClientError += clientError ? 0 : 1;
    withoutProblemDetails += details ? 0 : 1;
    withoutField += field ? 0 : 1;
    serverErrors += status >= 500 ? 1 : 0;
    stackTraces += stackTrace ? 1 : 0;
    if (!clientError || !details || !field || stackTrace) {
      offences.accept(request.name() + " -> " + answer.replace("\r\n", " | "));
    }
  }

  private static boolean isText(JsonNode problem, String field) {
    return !problem.path(field).asText().isBlank();
  }

  private static boolean namesField(JsonNode problems) {
    for (JsonNode problem : problems) {
      if (!problem.has("field") || !problem.has("value") || !isText(problem, "expectation")) {
        return false;
      }
    }
    return !problems.isEmpty();
  }

  private static JsonNode body(String answer) {
    int start = answer.indexOf('{', Math.max(0, answer.indexOf("\r\n\r\n")));
    try {
      return start < 0
          ? JSON.createObjectNode()
          : JSON.readTree(answer.substring(start, answer.lastIndexOf('}') + 1));
    } catch (JsonProcessingException _) {
      return JSON.createObjectNode(); // Counts as an answer without problem details.
    }
  }

  /** Sends, half-closes so that the server does not wait for more, and reads to the end. */
  private String exchange(byte[] request) {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    try (Socket socket = new Socket(InetAddress.getByName(server.getHost()), server.getPort())) {
      socket.setSoTimeout(TIMEOUT_MS);
      try {
        socket.getOutputStream().write(request);
        socket.shutdownOutput();
        socket.getInputStream().transferTo(answer);
      } catch (SocketException _) {
        // The server may close before it has read all of a request that is too large.
        socket.getInputStream().transferTo(answer);
      }
    } catch (IOException _) {
      // No answer: counts as one that is not 4xx.
    }
    return answer.toString(StandardCharsets.UTF_8);
  }
}
