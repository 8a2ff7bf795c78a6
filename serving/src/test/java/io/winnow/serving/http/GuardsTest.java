package io.winnow.serving.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Keys, addresses and bounds. */
class GuardsTest {
  private static final Map<String, Set<Scope>> KEYS =
      Map.of(
          "reader-key", Set.of(Scope.READ),
          "writer-key", Set.of(Scope.WRITE),
          "admin-key", Set.of(Scope.ADMIN));
  private static final String EVENT = "{\"type\":\"click\",\"user\":\"u\",\"item\":\"i\"}";

  private static HttpConfig config(Map<String, Set<Scope>> keys, HttpConfig.Limits limits) {
    return new HttpConfig("127.0.0.1", 0, keys, limits);
  }

  @Test
  void config_default_listensOnThisMachineOnly() {
    assertEquals("127.0.0.1", HttpConfig.DEFAULT.host());
    assertEquals(8080, HttpConfig.DEFAULT.port());
  }

  @Test
  void config_everyProblem_isReported() {
    WinnowException e =
        assertThrows(
            WinnowException.class,
            () ->
                new HttpConfig(
                    "127.0.0.1", 70_000, Map.of("short", Set.of()), HttpConfig.Limits.DEFAULT));
    assertEquals(3, e.problems().size(), e.getMessage());
    WinnowException limits =
        assertThrows(
            WinnowException.class, () -> new HttpConfig.Limits(0, 0, 0, 0, 0, Duration.ZERO));
    assertEquals(6, limits.problems().size(), limits.getMessage());
  }

  @Test
  void config_otherAddressWithoutKeys_isRefused() {
    for (String host : List.of("0.0.0.0", "::", "192.0.2.1")) {
      WinnowException e =
          assertThrows(
              WinnowException.class,
              () -> new HttpConfig(host, 0, Map.of(), HttpConfig.Limits.DEFAULT));
      assertEquals("http.host", e.problems().getFirst().field());
      assertEquals(
          host, new HttpConfig(host, 0, KEYS, HttpConfig.Limits.DEFAULT).host(), "with keys");
    }
    assertEquals(
        "::1", new HttpConfig("::1", 0, Map.of(), HttpConfig.Limits.DEFAULT).host(), "loopback");
  }

  @Test
  void config_toString_hidesKeys() {
    assertFalse(config(KEYS, HttpConfig.Limits.DEFAULT).toString().contains("-key"));
  }

  @Test
  void start_portTaken_saysSo() {
    try (TestServer server = new TestServer()) {
      WinnowException e =
          assertThrows(
              WinnowException.class,
              () ->
                  new TestServer(
                      new HttpConfig(
                          "127.0.0.1", server.server.port(), Map.of(), HttpConfig.Limits.DEFAULT)));
      assertEquals(ErrorCode.UNAVAILABLE, e.code());
      assertTrue(e.toString().contains("127.0.0.1:" + server.server.port()), e.toString());
    }
  }

  @Test
  void call_withKeys_needsTheScope() {
    try (TestServer server = new TestServer(config(KEYS, HttpConfig.Limits.DEFAULT))) {
      assertEquals(200, server.get("/health/live").statusCode());
      assertEquals(200, server.get("/openapi.json").statusCode());
      HttpResponse<String> none = server.get("/v1/releases");
      assertEquals(401, none.statusCode());
      assertEquals("Bearer", none.headers().firstValue("WWW-Authenticate").orElseThrow());
      assertEquals(401, releases(server, "X-API-Key", "reader-kez"));
      assertEquals(401, releases(server, "Authorization", "Basic reader-key"));
      assertEquals(200, releases(server, "X-API-Key", "reader-key"));
      assertEquals(200, releases(server, "Authorization", "bearer reader-key"));
      assertEquals(200, releases(server, "Authorization", "Bearer admin-key"));
      assertEquals(403, releases(server, "Authorization", "Bearer writer-key"));
      assertEquals(200, events(server, "writer-key"));
      assertEquals(200, events(server, "admin-key"));
      assertEquals(403, events(server, "reader-key"));
      assertEquals(401, events(server, "unknown-key"));
    }
  }

  private static int releases(TestServer server, String header, String value) {
    return server.send("GET", "/v1/releases", null, null, header, value).statusCode();
  }

  private static int events(TestServer server, String key) {
    return server.send("POST", "/v1/events", Answer.JSON, EVENT, "X-API-Key", key).statusCode();
  }

  @Test
  void call_atTheBound_isRefusedAndRecovers() throws Exception {
    HttpConfig.Limits limits =
        new HttpConfig.Limits(1_000, 8_192, 2, 64, 10, Duration.ofSeconds(20));
    CountDownLatch inside = new CountDownLatch(2);
    CountDownLatch release = new CountDownLatch(1);
    try (TestServer server = new TestServer(config(Map.of(), limits));
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      server.recommender.during =
          _ -> {
            inside.countDown();
            awaitUninterruptibly(release);
          };
      List<Future<HttpResponse<String>>> held = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        held.add(clients.submit(() -> server.get("/v1/recommendations?user=u")));
      }
      inside.await();
      HttpResponse<String> refused = server.get("/v1/recommendations?user=u");
      assertEquals(503, refused.statusCode(), refused.body());
      assertEquals("OVERLOADED", TestServer.json(refused).get("code").textValue());
      assertEquals("1", refused.headers().firstValue("Retry-After").orElseThrow());
      assertEquals(200, server.get("/health/live").statusCode(), "probes pass");
      assertTrue(server.get("/metrics").body().contains("http_requests_in_flight 2.0"));
      release.countDown();
      for (Future<HttpResponse<String>> future : held) {
        assertEquals(200, future.get().statusCode());
      }
      assertEquals(200, server.get("/v1/recommendations?user=u").statusCode());
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void call_ourFailures_showNoDetail() {
    try (TestServer server = new TestServer()) {
      server.recommender.during =
          _ -> {
            throw new IllegalArgumentException("secret");
          };
      HttpResponse<String> defect = server.get("/v1/recommendations?user=u");
      assertEquals(500, defect.statusCode());
      assertEquals("INTERNAL", TestServer.json(defect).get("code").textValue());
      assertFalse(defect.body().contains("secret"), defect.body());
      server.recommender.during =
          _ -> {
            throw new WinnowException(ErrorCode.UNAVAILABLE, "disk /secret is full");
          };
      HttpResponse<String> unavailable = server.get("/v1/recommendations?user=u");
      assertEquals(503, unavailable.statusCode());
      assertEquals("1", unavailable.headers().firstValue("Retry-After").orElseThrow());
      assertFalse(unavailable.body().contains("secret"), unavailable.body());
    }
  }

  @Test
  void call_bodyThatStopsComing_isGivenUp() throws IOException {
    HttpConfig.Limits limits =
        new HttpConfig.Limits(1_000, 8_192, 2, 64, 10, Duration.ofMillis(200));
    try (TestServer server = new TestServer(config(Map.of(), limits));
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.server.port())) {
      socket.setSoTimeout(60_000);
      socket
          .getOutputStream()
          .write(
              "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{"
                  .replace("Host: a", "Host: localhost\r\nContent-Type: application/json")
                  .getBytes(StandardCharsets.US_ASCII));
      // Fails with a timeout if the server waits for the rest.
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 400"), answer);
      assertEquals(200, server.post("/v1/events", EVENT).statusCode(), "others are served");
    }
  }

  @Test
  void call_foreignHostWithoutKeys_isRefused() throws IOException {
    try (TestServer server = new TestServer()) {
      int port = server.server.port();
      assertTrue(raw(port, "evil.example").startsWith("HTTP/1.1 400"));
      assertTrue(raw(port, "LOCALHOST:1").startsWith("HTTP/1.1 200"));
      assertTrue(raw(port, "127.0.0.1").startsWith("HTTP/1.1 200"));
      assertTrue(raw(port, "[::1]:80").startsWith("HTTP/1.1 200"));
    }
    try (TestServer server = new TestServer(config(KEYS, HttpConfig.Limits.DEFAULT))) {
      assertTrue(raw(server.server.port(), "shop.example").startsWith("HTTP/1.1 200"));
    }
  }

  private static String raw(int port, String host) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(60_000);
      socket
          .getOutputStream()
          .write(
              "GET /health/live HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n"
                  .formatted(host)
                  .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
