package io.winnow.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The clients against servers that misbehave in known ways, to show that it is noticed. */
final class HttpBenchmarksTest {
  /** Gives every request the same answer. */
  private static final class OneAnswer implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    private final byte[] answer;

    OneAnswer(String status, String contentType, String body) throws IOException {
      answer =
          "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
              .formatted(status, contentType, body.length(), body)
              .getBytes(StandardCharsets.ISO_8859_1);
      Thread.ofVirtual().start(this::listen);
    }

    private void listen() {
      try {
        while (true) {
          Socket connection = socket.accept();
          Thread.ofVirtual().start(() -> answer(connection));
        }
      } catch (IOException _) {
        // Closed.
      }
    }

    private void answer(Socket connection) {
      try (connection) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
        String line = in.readLine();
        while (line != null && !line.isEmpty()) {
          line = in.readLine();
        }
        connection.getOutputStream().write(answer);
        connection.shutdownOutput();
        while (in.read() >= 0) {
          // A connection that is closed with bytes unread loses the answer.
        }
      } catch (SocketException _) {
        // The client left.
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    URI uri() {
      return URI.create("http://127.0.0.1:" + socket.getLocalPort());
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private static Figures serve(String status, String body) throws IOException {
    Event event = new Event("e", "watch", new UserId("ü /?"), new ItemId("i"), 1, 2.5);
    try (OneAnswer server = new OneAnswer(status, "application/json", body)) {
      return ServingBenchmark.run(
          new ServingBenchmark.Config(
              server.uri(), 100, Duration.ofMillis(50), Duration.ofMillis(200), 4, new Seed(1)),
          new Traffic(List.of(event)));
    }
  }

  private static double value(Figures figures, String name) {
    return Objects.requireNonNull(figures.figures().get(name), name).value();
  }

  @Test
  void serving_goodAnswers_countsRequestsAfterTheWarmUp() throws IOException {
    Figures figures = serve("200 OK", "{\"items\":[{\"id\":\"a\"}],\"degraded\":[]}");
    assertEquals(20, value(figures, "requests"));
    assertEquals(5, value(figures, "events"), 1);
    for (String name : List.of("errors", "degraded", "empty")) {
      assertEquals(0, value(figures, name), name);
    }
    assertTrue(value(figures, "latency.p50_ms") > 0);
    assertTrue(value(figures, "latency.p99_ms") <= value(figures, "latency.max_ms"));
  }

  @Test
  void serving_degradedEmptyAndFailingAnswers_areCounted() throws IOException {
    Figures degraded = serve("200 OK", "{\"items\":[],\"degraded\":[{\"stage\":\"ranking\"}]}");
    assertEquals(20, value(degraded, "degraded"));
    assertEquals(20, value(degraded, "empty"));
    Figures failing = serve("503 Busy", "{}");
    assertEquals(20 + value(failing, "events"), value(failing, "errors"));
    assertEquals(25, value(serve("200 OK", "{"), "errors"), 1);
  }

  @Test
  void malformed_serverThatAccepts_isFound() throws IOException {
    List<String> offences = new ArrayList<>();
    try (OneAnswer server = new OneAnswer("200 OK", "application/json", "{}")) {
      Figures figures = MalformedBenchmark.run(server.uri(), offences::add);
      assertEquals(value(figures, "malformed.requests"), value(figures, "malformed.not_4xx"));
      assertEquals(offences.size(), value(figures, "malformed.requests"));
      assertEquals(0, value(figures, "malformed.server_errors"));
    }
  }

  @Test
  void malformed_serverThatFailsWithATrace_isFound() throws IOException {
    String body = "{\"status\":500,\"detail\":\"java.lang.IllegalStateException\"}";
    List<String> offences = new ArrayList<>();
    try (OneAnswer server =
        new OneAnswer("500 Internal Server Error", "application/problem+json", body)) {
      Figures figures = MalformedBenchmark.run(server.uri(), offences::add);
      double all = value(figures, "malformed.requests");
      assertEquals(all, value(figures, "malformed.server_errors"));
      assertEquals(all, value(figures, "malformed.stack_traces"));
      assertEquals(all, value(figures, "malformed.without_problem_details"));
    }
  }
}
