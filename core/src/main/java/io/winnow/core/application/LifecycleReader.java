package io.winnow.core.application;

import io.winnow.core.application.Retraining.Schedule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads {@code retraining}, {@code rollout} and {@code jobs}. */
final class LifecycleReader {
  static final List<String> RETRAINING_KEYS =
      List.of("cadence", "full", "on", "new_events", "holdout", "timeout", "attempts");
  static final List<String> ROLLOUT_KEYS = List.of("gate", "shadow", "canary", "live");
  static final List<String> GATE_KEYS =
      List.of(
          "metric",
          "max_loss",
          "confidence",
          "min_outcomes",
          "max_ece",
          "max_latency",
          "max_memory",
          "requests");
  static final List<String> HEALTH_KEYS =
      List.of("max_errors", "max_latency", "max_degraded", "max_empty");
  static final List<String> SHADOW_KEYS = with(HEALTH_KEYS, "share", "min_requests", "patience");
  static final List<String> CANARY_KEYS =
      with(HEALTH_KEYS, "shares", "min_slates", "max_loss", "confidence", "patience");
  static final List<String> LIVE_KEYS = with(HEALTH_KEYS, "watch");
  static final List<String> JOBS_KEYS = List.of("batch", "compaction", "keep");
  static final List<String> KEEP_KEYS = List.of("releases", "window");

  /** What the gate can compare releases by. */
  static final List<String> GATE_METRICS = List.of("ndcg@10", "hr@10", "mrr@10");

  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final Duration YEAR = Duration.ofDays(365);

  /** Beside a canary there is a control of the same size. */
  private static final double LARGEST_CANARY = 0.5;

  private LifecycleReader() {}

  private static List<String> with(List<String> keys, String... more) {
    List<String> all = new ArrayList<>(List.of(more));
    all.addAll(keys);
    return List.copyOf(all);
  }

  static Retraining retraining(Section section) {
    section.onlyKeys(RETRAINING_KEYS);
    List<Retraining.Trigger> triggers = new ArrayList<>();
    for (Section element : section.get("on").elements()) {
      element.oneOf(List.of(Retraining.Trigger.values())).ifPresent(triggers::add);
    }
    Retraining fallback = Retraining.MANUAL;
    Section full = section.get("full");
    Schedule schedule = schedule(section.get("cadence"), null);
    if (triggers.contains(Retraining.Trigger.STALENESS) && schedule == null) {
      section.get("on").problem("staleness", "a cadence beside it: stale is what is older");
    }
    return new Retraining(
        schedule,
        triggers,
        section
            .get("new_events")
            .integer(Math.toIntExact(fallback.newEvents()), 1, 1_000_000_000 - 1),
        full.isPresent() ? full.duration(YEAR, MINUTE, YEAR) : null,
        section.get("holdout").number(fallback.holdout(), 0, 0.5),
        new Retraining.Limits(
            section
                .get("timeout")
                .duration(fallback.limits().timeout(), MINUTE, Duration.ofDays(7)),
            section.get("attempts").integer(fallback.limits().attempts(), 1, 20)));
  }

  /** {@code 1d} or {@code "0 3 * * *"}. */
  private static @Nullable Schedule schedule(Section section, @Nullable Schedule fallback) {
    if (!section.isPresent()) {
      return fallback;
    }
    String text = section.text("").strip();
    if (text.contains(" ") && !text.matches("\\d+ ?[a-z]+")) {
      if (CronExpression.isValid(text)) {
        return new Schedule.Cron(text);
      }
      section.problem(CronExpression.EXPECTATION);
      return fallback;
    }
    return new Schedule.Every(section.duration(Duration.ofDays(1), MINUTE, YEAR));
  }

  static Rollout rollout(Section section) {
    section.onlyKeys(ROLLOUT_KEYS);
    return new Rollout(
        gate(section.get("gate"), Rollout.DEFAULT.gate()),
        shadow(section.get("shadow"), Rollout.DEFAULT.shadow()),
        canary(section.get("canary"), Rollout.DEFAULT.canary()),
        live(section.get("live"), Rollout.DEFAULT.live()));
  }

  private static Rollout.Gate gate(Section section, Rollout.Gate fallback) {
    section.onlyKeys(GATE_KEYS);
    Section metric = section.get("metric");
    String name = metric.text(fallback.metric()).strip();
    if (!GATE_METRICS.contains(name)) {
      metric.problem(name, NearestName.expectation(name, GATE_METRICS));
    }
    return new Rollout.Gate(
        name,
        section.get("max_loss").number(fallback.maxLoss(), 0, 1),
        section.get("confidence").number(fallback.confidence(), 0.5, 0.9999),
        section.get("min_outcomes").integer(fallback.minOutcomes(), 1, 1_000_000),
        section.get("max_ece").number(fallback.maxEce(), 0, 1),
        section.get("max_latency").number(fallback.maxLatency(), 1, 1_000),
        section.get("max_memory").number(fallback.maxMemory(), 1, 1_000),
        section.get("requests").integer(fallback.requests(), 1, 100_000));
  }

  private static Rollout.Shadow shadow(Section section, Rollout.Shadow fallback) {
    section.onlyKeys(SHADOW_KEYS);
    return new Rollout.Shadow(
        section.get("share").number(fallback.share(), 0.0001, 1),
        section.get("min_requests").integer(fallback.minRequests(), 1, 100_000_000),
        health(section, fallback.health()),
        section.get("patience").duration(fallback.patience(), MINUTE, YEAR));
  }

  private static Rollout.Canary canary(Section section, Rollout.Canary fallback) {
    section.onlyKeys(CANARY_KEYS);
    Section list = section.get("shares");
    List<Double> shares = new ArrayList<>();
    for (Section share : list.elements()) {
      shares.add(share.number(LARGEST_CANARY, 0.0001, LARGEST_CANARY));
    }
    if (list.isPresent() && (shares.isEmpty() || shares.size() > 10)) {
      list.problem(shares.size() + " shares", "1 to 10 shares of users");
    }
    for (int i = 1; i < shares.size(); i++) {
      if (shares.get(i) <= shares.get(i - 1)) {
        list.problem(shares.toString(), "rising shares");
      }
    }
    return new Rollout.Canary(
        shares.isEmpty() ? fallback.shares() : shares,
        section.get("min_slates").integer(fallback.minSlates(), 1, 100_000_000),
        section.get("max_loss").number(fallback.maxLoss(), 0.001, 1),
        section.get("confidence").number(fallback.confidence(), 0.5, 0.9999),
        health(section, fallback.health()),
        section.get("patience").duration(fallback.patience(), MINUTE, YEAR));
  }

  private static Rollout.Live live(Section section, Rollout.Live fallback) {
    section.onlyKeys(LIVE_KEYS);
    return new Rollout.Live(
        section.get("watch").duration(fallback.watch(), Duration.ZERO, Duration.ofDays(30)),
        health(section, fallback.health()));
  }

  private static Rollout.Health health(Section section, Rollout.Health fallback) {
    return new Rollout.Health(
        section.get("max_errors").number(fallback.maxErrors(), 0, 1),
        section.get("max_latency").number(fallback.maxLatency(), 1, 1_000),
        section.get("max_degraded").number(fallback.maxDegraded(), 0, 1),
        section.get("max_empty").number(fallback.maxEmpty(), 0, 1));
  }

  static Jobs jobs(Section section) {
    section.onlyKeys(JOBS_KEYS);
    Section keep = section.get("keep");
    keep.onlyKeys(KEEP_KEYS);
    Schedule compaction = schedule(section.get("compaction"), Jobs.DEFAULT.compaction());
    return new Jobs(
        schedule(section.get("batch"), null),
        compaction == null ? Jobs.DEFAULT.compaction() : compaction,
        new Jobs.Keep(
            keep.get("releases").integer(Jobs.DEFAULT.keep().releases(), 1, 10_000),
            keep.get("window")
                .duration(Jobs.DEFAULT.keep().window(), Duration.ZERO, Duration.ofDays(3650))));
  }
}
