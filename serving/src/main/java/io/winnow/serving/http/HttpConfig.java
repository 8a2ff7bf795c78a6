package io.winnow.serving.http;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How the server listens and what it refuses.
 *
 * @param host address or name to listen on
 * @param port 0 for any free one
 * @param apiKeys scopes by key; empty for an open server, which then must be on a loopback address
 * @param limits bounds of requests
 */
public record HttpConfig(String host, int port, Map<String, Set<Scope>> apiKeys, Limits limits) {
  /** Shortest API key, in characters. */
  public static final int MIN_KEY_LENGTH = 8;

  /** This machine only, port 8080, no keys. */
  public static final HttpConfig DEFAULT =
      new HttpConfig("127.0.0.1", 8080, Map.of(), Limits.DEFAULT);

  /**
   * Copies the keys and checks everything.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} and every problem: a port out of range, a
   *     host that does not resolve, a host that others can reach without keys, a short key or one
   *     without scopes
   */
  public HttpConfig {
    List<Problem> problems = new ArrayList<>();
    if (port < 0 || port > 65_535) {
      problems.add(new Problem("http.port", String.valueOf(port), "0 to 65535"));
    }
    try {
      if (apiKeys.isEmpty() && !InetAddress.getByName(host).isLoopbackAddress()) {
        problems.add(
            new Problem("http.host", host, "a loopback address, or API keys in http.api_keys"));
      }
    } catch (UnknownHostException _) {
      problems.add(new Problem("http.host", host, "an address or name of this machine"));
    }
    Map<String, Set<Scope>> keys = new LinkedHashMap<>();
    apiKeys.forEach((key, scopes) -> {
      if (key.length() < MIN_KEY_LENGTH) {
        problems.add(
            new Problem(
                "http.api_keys",
                "a key of " + key.length() + " characters",
                ">= " + MIN_KEY_LENGTH + " characters"));
      }
      if (scopes.isEmpty()) {
        problems.add(new Problem("http.api_keys", "a key without scopes", "read, write or admin"));
      }
      keys.put(key, Set.copyOf(scopes));
    });
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    apiKeys = Map.copyOf(keys);
  }

  /** Without the keys: configurations are logged. */
  @Override
  public String toString() {
    return "HttpConfig[host=%s, port=%d, apiKeys=%d, limits=%s]"
        .formatted(host, port, apiKeys.size(), limits);
  }

  /**
   * Bounds; what goes beyond is refused with a clear error.
   *
   * @param bodyBytesMax largest request body (413 beyond)
   * @param headerBytesMax largest request line, and largest block of headers (4xx beyond)
   * @param concurrentRequestsMax requests in work at once (503 with Retry-After beyond)
   * @param connectionsMax open connections; more wait to be accepted
   * @param eventsMax events in one call (413 beyond)
   * @param bodyTime for a body to arrive (the connection is closed beyond)
   */
  public record Limits(
      int bodyBytesMax,
      int headerBytesMax,
      int concurrentRequestsMax,
      int connectionsMax,
      int eventsMax,
      Duration bodyTime) {
    /** 1 MiB, 16 KiB, 256 requests, 1,024 connections, 1,000 events, 20 seconds. */
    public static final Limits DEFAULT =
        new Limits(1 << 20, 16 << 10, 256, 1_024, 1_000, Duration.ofSeconds(20));

    /** Checks that each is positive. */
    public Limits {
      List<Problem> problems = new ArrayList<>();
      checkPositive("http.limits.body_bytes_max", bodyBytesMax, problems);
      checkPositive("http.limits.header_bytes_max", headerBytesMax, problems);
      checkPositive("http.limits.concurrent_requests_max", concurrentRequestsMax, problems);
      checkPositive("http.limits.connections_max", connectionsMax, problems);
      checkPositive("http.limits.events_max", eventsMax, problems);
      checkPositive(
          "http.limits.body_time_ms",
          (int) Math.min(bodyTime.toMillis(), Integer.MAX_VALUE),
          problems);
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }

    private static void checkPositive(String name, int value, List<Problem> problems) {
      if (value < 1) {
        problems.add(new Problem(name, String.valueOf(value), ">= 1"));
      }
    }
  }
}
