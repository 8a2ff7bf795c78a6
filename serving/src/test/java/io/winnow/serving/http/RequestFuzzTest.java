package io.winnow.serving.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Sends good requests, damaged in every way a seeded generator thinks of, over raw sockets. */
class RequestFuzzTest {
  private static final int REQUESTS = 3_000;

  private static final List<String> REQUEST_SEEDS =
      List.of(
          request("GET /v1/recommendations?user=u1&n=5&context.device=tv&exclude=a,b", ""),
          post("/v1/events", "{\"type\":\"watch\",\"user\":\"u\",\"item\":\"i\",\"value\":3}"),
          post("/v1/events", "[{\"type\":\"like\",\"user\":\"u\",\"item\":\"i\",\"time\":1e9}]"),
          post("/v1/recommendations", "{\"user\":\"u\",\"n\":3,\"filters\":{\"genres\":\"a\"}}"),
          request(
              "PUT /v1/items/a%20b",
              String.join("\r\n", "1a", "{\"attributes\":{\"price\":1.5}", "1", "}", "0", "", ""),
              "Content-Type: application/json",
              "Transfer-Encoding: chunked"),
          request("DELETE /v1/items/i%2Fj", ""),
          request("GET /v1/items/i1/similar?n=2", "", "X-API-Key: k"));

  private static final List<String> SPLICES =
      List.of(
          "%",
          "%zz",
          "%ff%fe",
          "%00",
          "\0",
          "\r\n",
          "\n",
          "\r",
          " ",
          "\t",
          "\u00ff\u00fe",
          "é",
          "&",
          "&&=",
          "=",
          "?",
          "#",
          ";",
          "//",
          "/../",
          "\"",
          "{",
          "}",
          "[[[[[[",
          "\\ud800",
          "1e999",
          "-1",
          "99999999999999999999",
          "null",
          "NaN",
          "HTTP/9.9",
          "HTTP/1.0",
          ":",
          ",",
          "\\",
          "Content-Length: -1\r\n",
          "Content-Length: 99999999999999999999\r\n",
          "Content-Length: 5\r\nContent-Length: 7\r\n",
          "Transfer-Encoding: chunked\r\n",
          "Transfer-Encoding: gzip\r\n",
          "Expect: 100-continue\r\n",
          "Host: evil.example\r\n",
          "Content-Encoding: gzip\r\n",
          "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n",
          "Content-Type: text/xml\r\n",
          "X-A: " + "b".repeat(20_000) + "\r\n",
          "a".repeat(20_000),
          "ffffffffffffffffff\r\n",
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

  private static String post(String path, String body) {
    return request(
        "POST " + path, body, "Content-Type: application/json", "Content-Length: " + body.length());
  }

  private static String request(String line, String body, String... headers) {
    List<String> lines = new ArrayList<>(List.of(line + " HTTP/1.1", "Host: localhost"));
    lines.addAll(List.of(headers));
    lines.addAll(List.of("Connection: close", "", body));
    return String.join("\r\n", lines);
  }

  @Test
  void answer_damagedRequests_isNeverAServerError() throws IOException {
    RandomGenerator random = new Seed(20_260_301).generator("http fuzz");
    int[] byClass = new int[6];
    try (TestServer server = new TestServer()) {
      assertEquals(200, server.put("/v1/items/i1", "{}").statusCode());
      for (int i = 0; i < REQUESTS; i++) {
        byte[] request = damaged(random);
        String answer = exchange(server.server.port(), request);
        byClass[check(answer, request)]++;
      }
      assertEquals(200, server.get("/health/live").statusCode(), "still alive");
    }
    assertTrue(byClass[2] > REQUESTS / 50, "some requests survive the damage");
    assertTrue(byClass[4] > REQUESTS / 3, "many are refused");
    assertTrue(byClass[0] < REQUESTS / 100, "what looks like HTTP gets an answer");
  }

  /**
   * The class of the status; where the connection ended without an answer 0, or 1 if the request
   * did not even look like one.
   */
  private static int check(String answer, byte[] request) {
    String shown = new String(request, StandardCharsets.ISO_8859_1);
    if (answer.isEmpty()) {
      String firstLine = shown.substring(0, Math.max(0, shown.indexOf('\n')));
      return firstLine.endsWith(" HTTP/1.1\r") && shown.contains("\r\n\r\n") ? 0 : 1;
    }
    String message = "\n--- answer\n" + answer + "\n--- to\n" + abbreviated(shown);
    assertTrue(answer.startsWith("HTTP/1."), message);
    String last =
        answer.startsWith("HTTP/1.1 100")
            ? answer.substring(answer.indexOf("\r\n\r\n") + 4)
            : answer;
    if (last.isEmpty()) {
      return 0;
    }
    int status = Integer.parseInt(last.substring(9, 12));
    assertTrue(status < 500, message);
    assertFalse(answer.contains("\tat ") || answer.contains("Exception"), message);
    if (status >= 400) {
      assertTrue(answer.contains("application/problem+json"), message);
      boolean head = shown.startsWith("HEAD");
      assertTrue(head || answer.contains("\"code\":\""), message);
    }
    return status / 100;
  }

  private static String abbreviated(String text) {
    return text.length() < 2_000 ? text : text.substring(0, 2_000) + "…";
  }

  private static byte[] damaged(RandomGenerator random) {
    StringBuilder text = new StringBuilder(REQUEST_SEEDS.get(random.nextInt(REQUEST_SEEDS.size())));
    int mutations = random.nextInt(4);
    for (int m = 0; m < mutations; m++) {
      // Half of the damage to the request line: it has most of the rules.
      int bound = random.nextBoolean() ? Math.max(1, text.indexOf("\r\n")) : text.length();
      int at = random.nextInt(Math.max(1, Math.min(bound, text.length())));
      switch (random.nextInt(6)) {
        case 0 -> text.insert(at, SPLICES.get(random.nextInt(SPLICES.size())));
        case 1 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(8)));
        case 2 -> text.setLength(at);
        case 3 -> text.setCharAt(at, (char) random.nextInt(256));
        case 4 -> text.insert(at, text.substring(at, Math.min(text.length(), at + 40)));
        default -> {
          int line = text.indexOf("\r\n");
          text.insert(Math.max(0, line + 2), SPLICES.get(random.nextInt(SPLICES.size())));
        }
      }
      if (text.isEmpty()) {
        text.append('\0');
      }
    }
    return text.toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Sends, half-closes so that the server does not wait for more, and reads to the end. */
  private static String exchange(int port, byte[] request) throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(30_000);
      try {
        socket.getOutputStream().write(request);
        socket.shutdownOutput();
        InputStream input = socket.getInputStream();
        input.transferTo(answer);
      } catch (SocketException _) {
        // The server may close before it has read all of a broken request.
      }
    }
    return answer.toString(StandardCharsets.UTF_8);
  }
}
