package io.winnow.serving.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Engines;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Entity;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.core.application.FeatureStorePolicy;
import io.winnow.core.application.Imports;
import io.winnow.core.application.Jobs;
import io.winnow.core.application.Objectives;
import io.winnow.core.application.Operations;
import io.winnow.core.application.Policy;
import io.winnow.core.application.Retraining;
import io.winnow.core.application.Rollout;
import io.winnow.core.application.Schema;
import io.winnow.experiments.assignment.ArmShares;
import io.winnow.features.LiveAudit;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.registry.Registry;
import io.winnow.serving.ExperimentAssignments;
import io.winnow.serving.ServedExperiments;
import io.winnow.serving.ServedPlan;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A real server over stores in memory, and a client for it. */
final class TestServer implements AutoCloseable {
  /** 2026-03-01T12:00:00Z. */
  static final long NOW_MS = 1_772_366_400_000L;

  private static final EventFilter CLICK = EventFilter.ofType("click");
  private static final EventFilter WATCH = EventFilter.ofType("watch");
  private static final Window DAY = Window.of(Duration.ofDays(1));

  static final JsonMapper JSON = JsonMapper.builder().build();

  final MemoryStore store;
  final CatalogRecommender recommender;
  final List<String> notReady = new CopyOnWriteArrayList<>();
  final CheckingControl control;
  final RecordingRollouts rollouts = new RecordingRollouts();
  final AtomicReference<FeatureMonitoring> audit =
      new AtomicReference<>(new FeatureMonitoring(LiveAudit.Status.OFF, 0));
  final HttpServer server;
  private final HttpClient client = HttpClient.newHttpClient();

  TestServer() {
    this(new HttpConfig("127.0.0.1", 0, Map.of(), HttpConfig.Limits.DEFAULT));
  }

  TestServer(HttpConfig config) {
    this(config, null);
  }

  TestServer(Registry registry) {
    this(new HttpConfig("127.0.0.1", 0, Map.of(), HttpConfig.Limits.DEFAULT), registry);
  }

  private TestServer(HttpConfig config, @Nullable Registry registry) {
    ApplicationDefinition application = application();
    store = new MemoryStore(application);
    control = new CheckingControl(application);
    recommender = new CatalogRecommender(store, assignments(store));
    AtomicLong nextId = new AtomicLong();
    HttpDependencies.Operations operations =
        new HttpDependencies.Operations(
            () -> List.of(new ReleaseInfo("r1", NOW_MS, Map.of("ndcg@10", 0.25), true)),
            () -> List.copyOf(notReady),
            new PrometheusMeterRegistry(PrometheusConfig.DEFAULT),
            () -> NOW_MS,
            () -> NOW_MS,
            () -> new UUID(7, nextId.incrementAndGet()),
            audit::get);
    server =
        HttpServer.start(
            config,
            new HttpDependencies(
                application,
                store,
                store,
                recommender,
                operations,
                Map.of(
                    "/",
                    new Page(
                        "text/html; charset=utf-8",
                        () -> "<p>demo</p>".getBytes(StandardCharsets.UTF_8))),
                new HttpDependencies.Controls(control, rollouts, registry, new RecordedJobs())));
    control.onChange = server::serve;
  }

  /** What is tested, and the release that nobody trained. */
  private static ApplicationFile experiments() {
    return ApplicationFile.parse(
        """
        application: shorts
        items: { attributes: { category: string } }
        users: { attributes: { country: string } }
        events: [click]
        features: { request: { device: context.device } }
        holdout: 0.1
        experiments:
          i: { arms: { control: {}, treatment: {} } }
          colours: { when: { surface: home }, arms: { control: {}, treatment: {} } }
          devices: { when: { context.device: tv, user.country: de }, arms: { a: {}, b: {} } }
          sessions: { unit: session, arms: { a: {}, b: {} } }
          later: { from: 2030-01-01, arms: { a: {}, b: {} } }
          released: { arms: { a: {}, b: { release: gone } } }
        testers: { tester: { colours: treatment } }
        """,
        "winnow.yaml",
        Map.of());
  }

  /** Experiments over a release that nobody trained. */
  private static ExperimentAssignments assignments(MemoryStore store) {
    ApplicationFile file = experiments();
    ServedExperiments served =
        ServedExperiments.of(
            file.definition().operations().experiments(),
            new ServingRelease(Release.untrained(file), store, ForkJoinPool.commonPool()),
            Map.of(),
            Map.of(),
            ArmShares.OF_THE_FILE);
    return ExperimentAssignments.of(() -> ServedPlan.of(served), store, () -> NOW_MS);
  }

  static ApplicationDefinition application() {
    Map<String, AttributeType> items = new LinkedHashMap<>();
    items.put("title", AttributeType.TEXT);
    items.put("category", AttributeType.STRING);
    items.put("genres", AttributeType.STRINGS);
    items.put("duration", AttributeType.SECONDS);
    items.put("price", AttributeType.NUMBER);
    items.put("published", AttributeType.TIME);
    Map<String, Schema.EventType> events = new LinkedHashMap<>();
    events.put("click", new Schema.EventType("", false));
    events.put("watch", new Schema.EventType("seconds", true));
    events.put("like", new Schema.EventType("", false));
    return new ApplicationDefinition(
        "shorts",
        new Schema(items, Map.of("country", AttributeType.STRING), events, false),
        List.of(
            feature("device", new Entity.Request(), new Aggregation.Context("device")),
            feature("clicks_1d", Entity.USER, new Aggregation.Count(CLICK, DAY)),
            feature("recent", Entity.USER, new Aggregation.LastItems(CLICK, 5)),
            feature("ctr_1d", Entity.ITEM, new Aggregation.Rate(CLICK, WATCH, DAY, 0.1, 3)),
            feature("watched_1d", Entity.ITEM, new Aggregation.Sum(WATCH, DAY)),
            feature("age", Entity.ITEM, new Aggregation.SinceAttribute("published")),
            feature("since", Entity.userBy("category"), new Aggregation.SinceEvent(CLICK))),
        new Objectives(
            List.of(new Objectives.Objective("click", EventFilter.ofType("click"), 1)),
            Duration.ofMinutes(30)),
        new Policy(
            new Policy.Retrieval(Map.of("popular", 10)),
            new Policy.Reranking(null, Map.of(), 0, List.of()),
            new Policy.Serving(Duration.ofMillis(50), 10)),
        Imports.NONE,
        new Operations(
            FeatureStorePolicy.DEFAULT,
            Engines.EMBEDDED,
            Retraining.MANUAL,
            Rollout.DEFAULT,
            Jobs.DEFAULT,
            experiments().definition().operations().experiments()));
  }

  private static FeatureDefinition feature(String name, Entity entity, Aggregation aggregation) {
    return new FeatureDefinition(name, entity, aggregation);
  }

  HttpResponse<String> get(String path) {
    return send("GET", path, null, null);
  }

  HttpResponse<String> post(String path, String json) {
    return send("POST", path, Answer.JSON, json);
  }

  HttpResponse<String> put(String path, String json) {
    return send("PUT", path, Answer.JSON, json);
  }

  /** Sends; {@code headers} are names and values in turn. */
  HttpResponse<String> send(
      String method,
      String path,
      @Nullable String contentType,
      @Nullable String body,
      String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(server.uri() + path))
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (contentType != null) {
      request.header("Content-Type", contentType);
    }
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  static JsonNode json(HttpResponse<String> response) {
    try {
      return JSON.readTree(response.body());
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError("not JSON: " + response.body(), e);
    }
  }

  @Override
  public void close() {
    client.close();
    server.close();
  }
}
