package io.winnow.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.core.Event;
import io.winnow.core.Seed;
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
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/**
 * Asks a server for recommendations at a constant rate, whether it keeps up or not (an open loop),
 * and counts each latency from the moment at which the request was due: a server that stalls is
 * charged for everybody who waits behind the stall. Every few requests the same user also sends an
 * event, so that reads meet writes.
 */
public final class ServingBenchmark {
  private static final double P99_GOAL_MS = 50;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Config config;
  private final Traffic traffic;
  private final HttpClient client;
  private final AtomicLong errors = new AtomicLong();
  private final AtomicLong degraded = new AtomicLong();
  private final AtomicLong empty = new AtomicLong();

  /**
   * What to run.
   *
   * @param server where it answers
   * @param rate requests for recommendations a second
   * @param warmUp how long the same load runs before anything is counted
   * @param length how long is counted
   * @param eventEvery an event is sent with every so-manieth request
   * @param seed of the users
   */
  public record Config(
      URI server, double rate, Duration warmUp, Duration length, int eventEvery, Seed seed) {
    /** Checks the ranges. */
    public Config {
      if (!(rate > 0 && rate <= 100_000)) {
        throw WinnowException.invalid("rate", rate, "above 0, at most 100000 a second");
      }
      if (length.isNegative() || length.isZero() || length.toHours() >= 24) {
        throw WinnowException.invalid("seconds", length.toSeconds(), "1 or more, below a day");
      }
      if (eventEvery < 1) {
        throw WinnowException.invalid("eventEvery", eventEvery, ">= 1");
      }
    }

    int warmUpRequests() {
      return (int) Math.ceil(rate * warmUp.toNanos() / 1e9);
    }

    int requests() {
      return (int) Math.ceil(rate * length.toNanos() / 1e9);
    }
  }

  private ServingBenchmark(Config config, Traffic traffic, HttpClient client) {
    this.config = config;
    this.traffic = traffic;
    this.client = client;
  }

  /** Runs it to the end. */
  public static Figures run(Config config, Traffic traffic) {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      return new ServingBenchmark(config, traffic, client).run();
    }
  }

  private Figures run() {
    int warmUp = config.warmUpRequests();
    int all = warmUp + config.requests();
    double[] recommendMs = new double[all];
    double[] eventMs = new double[all];
    Arrays.fill(eventMs, Double.NaN);
    RandomGenerator random = config.seed().generator("serving");
    long start = System.nanoTime();
    try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < all; i++) {
        long due = start + (long) (i * 1e9 / config.rate());
        Event event = traffic.events().get(random.nextInt(traffic.events().size()));
        boolean counts = i >= warmUp;
        awaitTime(due);
        int at = i;
        senders.execute(() -> recommendMs[at] = timed(due, () -> recommend(event, counts)));
        if (i % config.eventEvery() == 0) {
          senders.execute(() -> eventMs[at] = timed(due, () -> send(event, counts)));
        }
      }
    }
    return figures(
        Arrays.copyOfRange(recommendMs, warmUp, all),
        Arrays.stream(eventMs, warmUp, all).filter(ms -> !Double.isNaN(ms)).toArray());
  }

  private Figures figures(double[] recommendMs, double[] eventMs) {
    Samples latency = new Samples(recommendMs);
    Figures.Builder figures =
        new Figures.Builder("serving")
            .add("rate", config.rate(), "requests/s")
            .add("warm_up.seconds", config.warmUp().toMillis() / 1e3, "s, not counted")
            .count("requests", recommendMs.length, "requests")
            .add("latency.p50_ms", latency.percentile(0.5), "ms")
            .add("latency.p95_ms", latency.percentile(0.95), "ms")
            .add("latency.p99_ms", latency.percentile(0.99), "ms", Goal.below(P99_GOAL_MS))
            .add("latency.max_ms", latency.max(), "ms")
            .count("errors", errors.get(), "requests", Goal.exactly(0))
            .count("degraded", degraded.get(), "slates", Goal.exactly(0))
            .count("empty", empty.get(), "slates", Goal.exactly(0))
            .count("events", eventMs.length, "requests");
    if (eventMs.length > 0) {
      figures.add("events.p99_ms", new Samples(eventMs).percentile(0.99), "ms");
    }
    return figures.build();
  }

  private static void awaitTime(long nanoTime) {
    for (long left = nanoTime - System.nanoTime(); left > 0; left = nanoTime - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static double timed(long dueNanos, Runnable request) {
    request.run();
    return (System.nanoTime() - dueNanos) / 1e6;
  }

  private void recommend(Event event, boolean counts) {
    String user = URLEncoder.encode(event.user().value(), StandardCharsets.UTF_8);
    JsonNode slate = exchange(request("/v1/recommendations?user=" + user).GET().build(), counts);
    if (counts && slate.has("items")) {
      degraded.addAndGet(slate.path("degraded").isEmpty() ? 0 : 1);
      empty.addAndGet(slate.path("items").isEmpty() ? 1 : 0);
    }
  }

  private void send(Event event, boolean counts) {
    ObjectNode body = JSON.createObjectNode();
    body.put("type", event.type());
    body.put("user", event.user().value());
    body.put("item", event.item().value());
    if (event.hasValue()) {
      body.put("value", event.value());
    }
    exchange(
        request("/v1/events")
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body.toString()))
            .build(),
        counts);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(config.server() + path)).timeout(TIMEOUT);
  }

  /** The answer's body; an empty object where there is none, which is counted. */
  private JsonNode exchange(HttpRequest request, boolean counts) {
    try {
      HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
      if (response.statusCode() / 100 == 2) {
        return JSON.readTree(response.body());
      }
    } catch (JsonProcessingException _) {
      // Counted below, as is every other way not to get an answer.
    } catch (IOException _) {
      // Refused, broken off or timed out.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    errors.addAndGet(counts ? 1 : 0);
    return JSON.createObjectNode();
  }
}
