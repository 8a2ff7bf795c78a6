package io.winnow.serving.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.winnow.events.RecordJson;
import java.util.ArrayList;
import java.util.List;

/** Releases, health and metrics. */
final class OperationsApi {
  private static final String METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
  private static final int UNAVAILABLE = 503;

  private final HttpDependencies.Operations operations;
  private final RecordJson json;
  private final HttpMetrics metrics;

  OperationsApi(HttpDependencies.Operations operations, RecordJson json, HttpMetrics metrics) {
    this.operations = operations;
    this.json = json;
    this.metrics = metrics;
  }

  /**
   * @param withReleases whether this server's own releases are all that is known of releases
   */
  List<Route> routes(boolean withReleases) {
    List<Route> routes = new ArrayList<>(routes());
    if (withReleases) {
      routes.add(
          Route.get(
              "/v1/releases",
              "operations",
              "The releases, newest first, and which of them answers",
              List.of(),
              this::releases));
    }
    return routes;
  }

  private List<Route> routes() {
    return List.of(
        Route.open("/health/live", "operations", "Whether the process runs", this::live),
        Route.open(
            "/health/ready",
            "operations",
            "Whether requests can be answered; 503 with the reasons if not",
            this::ready),
        new Route(
            "GET",
            "/metrics",
            Scope.READ,
            "operations",
            "Metrics in Prometheus' text format",
            List.of(),
            null,
            false,
            this::metrics),
        Route.get(
            "/v1/monitoring/features",
            "operations",
            "What the audit of served feature values found, with examples",
            List.of(),
            this::features));
  }

  private Answer metrics(Route.Call call) {
    metrics.audit(operations.audit().get().status());
    return Answer.text(METRICS_TYPE, operations.meters().scrape());
  }

  private Answer features(Route.Call call) {
    return Answer.json(json.write(operations.audit().get().toJson()));
  }

  private Answer releases(Route.Call call) {
    ObjectNode body = json.newObject();
    ArrayNode list = body.putArray("releases");
    for (ReleaseInfo release : operations.releases().get()) {
      ObjectNode line = list.addObject();
      line.put("id", release.id());
      line.put("created", RecordJson.isoTime(release.createdMs()));
      line.put("active", release.active());
      ObjectNode metrics = line.putObject("metrics");
      release.metrics().forEach((name, value) -> RecordJson.put(metrics, name, value));
    }
    return Answer.json(json.write(body));
  }

  private Answer live(Route.Call call) {
    return Answer.json(json.write(json.newObject().put("status", "live")));
  }

  private Answer ready(Route.Call call) {
    List<String> reasons = operations.notReady().get();
    ObjectNode body = json.newObject();
    body.put("status", reasons.isEmpty() ? "ready" : "not_ready");
    ArrayNode list = body.putArray("reasons");
    reasons.forEach(list::add);
    Answer answer = Answer.json(json.write(body));
    return reasons.isEmpty() ? answer : answer.withStatus(UNAVAILABLE).with("Retry-After", "1");
  }
}
