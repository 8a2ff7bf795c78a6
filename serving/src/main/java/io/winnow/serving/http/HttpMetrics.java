package io.winnow.serving.http;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.winnow.events.EventLog.Verdict;
import io.winnow.features.FeatureReader;
import io.winnow.features.LiveAudit;
import io.winnow.serving.Degradation;
import io.winnow.serving.Slate;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;

/**
 * The server's metrics. Label values are bounded: route templates, statuses, stages; never ids.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><td>{@code http_requests_seconds{route,status}}</td><td>histogram</td></tr>
 * <tr><td>{@code recommendation_stage_seconds{stage}}</td><td>histogram</td></tr>
 * <tr><td>{@code recommendation_degraded_total{stage,fallback}}</td><td>counter</td></tr>
 * <tr><td>{@code events_total{status}}</td><td>counter</td></tr>
 * <tr><td>{@code catalog_items}</td><td>gauge</td></tr>
 * <tr><td>{@code http_requests_in_flight}</td><td>gauge</td></tr>
 * <tr><td>{@code winnow_feature_audit_values_total{feature}}</td><td>counter</td></tr>
 * <tr><td>{@code winnow_feature_audit_mismatches_total{feature}}</td><td>counter</td></tr>
 * <tr><td>{@code winnow_feature_audit_skipped_total{reason}}</td><td>counter</td></tr>
 * <tr><td>{@code winnow_feature_audit_lag_records}</td><td>gauge</td></tr>
 * </table>
 */
final class HttpMetrics {
  private static final Duration[] BUCKETS =
      java.util.stream.IntStream.of(1, 2, 5, 10, 20, 30, 50, 100, 200, 500, 1_000, 5_000)
          .mapToObj(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final MeterRegistry meters;
  private final AtomicLong auditLag = new AtomicLong();

  HttpMetrics(MeterRegistry meters, FeatureReader features, IntSupplier inFlight) {
    this.meters = meters;
    Gauge.builder("catalog.items", () -> features.catalog().size())
        .description("Items known")
        .strongReference(true)
        .register(meters);
    Gauge.builder("http.requests.in.flight", inFlight::getAsInt)
        .description("Requests in work now")
        .strongReference(true)
        .register(meters);
    Gauge.builder("winnow.feature.audit.lag.records", auditLag::doubleValue)
        .description("Records of the log that the audit of served features did not fold yet")
        .strongReference(true)
        .register(meters);
    for (Verdict.Status status : Verdict.Status.values()) {
      events(status, 0);
    }
  }

  /** Brings the audit's meters up to where it stands; called before they are read. */
  synchronized void audit(LiveAudit.Status status) {
    auditLag.set(status.lagRecords());
    status
        .report()
        .features()
        .forEach((feature, count) -> {
          raise(
              "winnow.feature.audit.values",
              "Served values that were recomputed by replay",
              "feature",
              feature,
              count.values());
          raise(
              "winnow.feature.audit.mismatches",
              "Served values that replay computes otherwise",
              "feature",
              feature,
              count.mismatches());
        });
    status
        .report()
        .skipped()
        .forEach((reason, count) ->
            raise(
                "winnow.feature.audit.skipped",
                "Impressions that were not compared",
                "reason",
                reason.label(),
                count));
  }

  private void raise(String name, String description, String tag, String value, long to) {
    Counter counter =
        Counter.builder(name).description(description).tag(tag, value).register(meters);
    counter.increment(Math.max(0, to - counter.count()));
  }

  /** A request was answered. */
  void request(String route, int status, long nanos) {
    Timer.builder("http.requests")
        .description("Requests by route and status")
        .tag("route", route)
        .tag("status", String.valueOf(status))
        .serviceLevelObjectives(BUCKETS)
        .register(meters)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  /** A slate was made. */
  void slate(Slate slate) {
    slate
        .stageNanos()
        .forEach((stage, nanos) ->
            Timer.builder("recommendation.stage")
                .description("Time of each stage of a recommendation")
                .tag("stage", stage)
                .serviceLevelObjectives(BUCKETS)
                .register(meters)
                .record(nanos, TimeUnit.NANOSECONDS));
    for (Degradation degradation : slate.degraded()) {
      Counter.builder("recommendation.degraded")
          .description("Stages that fell back to something simpler")
          .tag("stage", degradation.stage())
          .tag("fallback", degradation.fallback())
          .register(meters)
          .increment();
    }
  }

  /** Events got their verdicts. */
  void events(Verdict.Status status, int count) {
    Counter.builder("events")
        .description("Events by verdict")
        .tag("status", status.name().toLowerCase(Locale.ROOT))
        .register(meters)
        .increment(count);
  }
}
