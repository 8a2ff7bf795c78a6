package io.winnow.app;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.winnow.lifecycle.rollout.TrialObservations.Counts;
import io.winnow.lifecycle.rollout.TrialObservations.Side;
import java.util.function.ToDoubleFunction;

/**
 * What this server counted of the open rollout, as metrics. Label values are the five sides; each
 * rollout begins at 0.
 *
 * <table>
 * <caption>Meters</caption>
 * <tr><td>{@code winnow_trial_requests{side}}</td><td>answers</td></tr>
 * <tr><td>{@code winnow_trial_errors{side}}</td><td>of them failed</td></tr>
 * <tr><td>{@code winnow_trial_degraded{side}}</td><td>of them fell back</td></tr>
 * <tr><td>{@code winnow_trial_empty{side}}</td><td>of them with too few items</td></tr>
 * <tr><td>{@code winnow_trial_latency_p95_ms{side}}</td><td>95th percentile</td></tr>
 * <tr><td>{@code winnow_trial_overlap}</td><td>share of items that shadow and champion share</td></tr>
 * <tr><td>{@code winnow_trial_shadow_dropped}</td><td>requests that the shadow was too slow for</td></tr>
 * <tr><td>{@code winnow_plan_revision}</td><td>of the plan that is followed</td></tr>
 * <tr><td>{@code winnow_plan_trouble}</td><td>1 where the plan is not followed</td></tr>
 * </table>
 */
final class TrialMeters {
  private TrialMeters() {}

  static void register(MeterRegistry meters, ReleaseSwitch releases) {
    for (Side side : Side.values()) {
      gauge(meters, releases, "requests", "Answers of a rollout's side", side, Counts::requests);
      gauge(meters, releases, "errors", "Answers that failed", side, Counts::errors);
      gauge(meters, releases, "degraded", "Answers that fell back", side, Counts::degraded);
      gauge(meters, releases, "empty", "Answers with too few items", side, Counts::empty);
      gauge(
          meters,
          releases,
          "latency.p95.ms",
          "95th percentile of the time of an answer",
          side,
          counts -> counts.latency().percentileMs(0.95));
    }
    Gauge.builder("winnow.trial.overlap", () -> releases.observations().shadow().meanOverlap())
        .description("Mean share of items that shadow and champion both have")
        .strongReference(true)
        .register(meters);
    Gauge.builder("winnow.trial.shadow.dropped", () -> releases.observations().shadow().dropped())
        .description("Requests that were not asked of the shadow, since too many waited")
        .strongReference(true)
        .register(meters);
    Gauge.builder("winnow.plan.revision", () -> releases.status().revision())
        .description("Revision of the plan that this server follows")
        .strongReference(true)
        .register(meters);
    Gauge.builder("winnow.plan.trouble", () -> releases.status().problem() == null ? 0 : 1)
        .description("Whether this server cannot follow the plan")
        .strongReference(true)
        .register(meters);
  }

  private static void gauge(
      MeterRegistry meters,
      ReleaseSwitch releases,
      String name,
      String description,
      Side side,
      ToDoubleFunction<Counts> value) {
    Gauge.builder(
            "winnow.trial." + name, () -> value.applyAsDouble(releases.observations().of(side)))
        .description(description)
        .tag("side", side.label())
        .strongReference(true)
        .register(meters);
  }
}
