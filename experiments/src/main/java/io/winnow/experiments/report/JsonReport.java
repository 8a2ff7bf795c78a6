package io.winnow.experiments.report;

import io.winnow.core.application.Experiment;
import io.winnow.experiments.analysis.ExperimentReport;
import io.winnow.experiments.analysis.ExperimentReport.ArmSummary;
import io.winnow.experiments.analysis.ExperimentReport.BanditResult;
import io.winnow.experiments.analysis.ExperimentReport.Comparison;
import io.winnow.experiments.analysis.ExperimentReport.CreditResult;
import io.winnow.experiments.analysis.ExperimentReport.ExposureResult;
import io.winnow.experiments.analysis.ExperimentReport.MetricResult;
import io.winnow.experiments.analysis.ExperimentReport.NoveltyResult;
import io.winnow.experiments.analysis.ExperimentReport.SegmentResult;
import io.winnow.experiments.analysis.ExperimentReport.TimePoint;
import io.winnow.experiments.bandit.Adaptive;
import io.winnow.experiments.interleaving.Preference;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Interval;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A report as a tree of maps, lists, texts and numbers, keys in snake case, in a fixed order. What
 * is not known, not a number or not finite is null.
 */
public final class JsonReport {
  private JsonReport() {}

  /** The whole report. */
  public static Map<String, @Nullable Object> of(ExperimentReport report) {
    ExperimentReport.About about = report.about();
    Experiment experiment = about.experiment();
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("experiment", experiment.name());
    json.put("run", experiment.run());
    json.put("design", design(experiment.design()));
    json.put("unit", lower(experiment.population().unit()));
    json.put("status", lower(about.status()));
    json.put("start", time(about.startMs()));
    json.put("planned_end", time(about.endMs()));
    json.put("as_of", time(about.nowMs()));
    json.put("to_offset", about.toOffset());
    json.put("records", about.records());
    json.put("looks_due", about.looksDue());
    json.put("looks", about.looks() == 0 ? "always" : about.looks());
    json.put(
        "decision",
        map(
            "verdict", report.verdict().code(),
            "arm", report.verdict().arm().isEmpty() ? null : report.verdict().arm(),
            "reason", report.verdict().reason(),
            "what_could_be_wrong", report.doubts()));
    json.put("arms", each(report.arms(), JsonReport::arm));
    json.put("health", health(report.health()));
    json.put("metrics", each(report.metrics(), JsonReport::metric));
    json.put("timeline", each(report.timeline(), JsonReport::point));
    json.put("novelty", each(report.novelty(), JsonReport::novelty));
    json.put("segments", each(report.segments(), JsonReport::segment));
    json.put("exposure", each(report.exposure(), JsonReport::exposure));
    json.put("preferences", each(report.preferences(), JsonReport::preference));
    BanditResult bandit = report.bandit();
    json.put("bandit", bandit == null ? null : bandit(bandit));
    json.put("notes", report.notes());
    return json;
  }

  /** What a design is called in the application file. */
  public static String design(Experiment.Design design) {
    return switch (design) {
      case Experiment.Design.Split _ -> "split";
      case Experiment.Design.Interleaving _ -> "interleaving";
      case Experiment.Design.Bandit _ -> "bandit";
    };
  }

  private static Map<String, @Nullable Object> arm(ArmSummary arm) {
    Map<String, @Nullable Object> offline = new LinkedHashMap<>();
    arm.offline().forEach((name, value) -> offline.put(name, number(value)));
    return map(
        "arm", arm.name(),
        "planned_share", arm.expected(),
        "units", arm.units(),
        "changes", arm.changes(),
        "release", arm.release().isEmpty() ? null : arm.release(),
        "offline", offline);
  }

  private static Map<String, @Nullable Object> health(ExperimentReport.Health health) {
    return map(
        "units", health.units(),
        "sample_ratio_p", health.ratio() == null ? null : number(health.ratio().pValue()),
        "sample_ratio_alarm", health.ratio() != null && health.ratio().alarm(),
        "sample_ratio_always_valid_p", number(health.alwaysValidP()),
        "units_in_several_arms", health.mixed(),
        "exposures", health.exposures(),
        "exposures_to_unknown_arms", health.strangers(),
        "planned_units", health.planned() == 0 ? null : health.planned(),
        "last_served", health.lastMs() == Long.MIN_VALUE ? null : time(health.lastMs()));
  }

  private static Map<String, @Nullable Object> metric(MetricResult metric) {
    return map(
        "metric", metric.metric().name(),
        "definition", metric.metric().definition().toString(),
        "better", lower(metric.metric().better()),
        "role", lower(metric.role()),
        "margin", metric.role() == ExperimentReport.Role.GUARDRAIL ? metric.margin() : null,
        "variance_reduction", number(metric.varianceReduction()),
        "arms", each(metric.arms(), JsonReport::estimate),
        "comparisons", each(metric.comparisons(), JsonReport::comparison));
  }

  private static Map<String, @Nullable Object> estimate(Estimate estimate) {
    return map(
        "value", estimate.isDefined() ? number(estimate.value()) : null,
        "standard_error", number(estimate.standardError()),
        "units", estimate.units());
  }

  private static Map<String, @Nullable Object> comparison(Comparison comparison) {
    Contrast contrast = comparison.contrast();
    return map(
        "arm", comparison.arm(),
        "difference", number(contrast.difference()),
        "difference_interval", interval(comparison.difference()),
        "lift", contrast.lift().isPresent() ? number(contrast.lift().getAsDouble()) : null,
        "lift_interval", interval(comparison.lift()),
        "p", number(comparison.p()),
        "adjusted_p", number(comparison.adjustedP()),
        "finding", lower(comparison.finding()));
  }

  private static Map<String, @Nullable Object> point(TimePoint point) {
    return map(
        "time", time(point.timeMs()),
        "look", point.look() == 0 ? null : point.look(),
        "units", point.units(),
        "comparisons",
            each(
                point.comparisons(),
                of ->
                    map(
                        "arm", of.arm(),
                        "difference", number(of.contrast().difference()),
                        "standard_error", number(of.contrast().standardError()),
                        "z", number(of.contrast().z()),
                        "critical", number(of.critical()),
                        "crossed", of.crossed())));
  }

  private static Map<String, @Nullable Object> novelty(NoveltyResult result) {
    return map(
        "arm", result.arm(),
        "trend", lower(result.novelty().trend()),
        "slope_p", number(result.novelty().slopePValue()),
        "late_against_early_p", number(result.novelty().latePValue()),
        "days",
            each(
                result.days(),
                day ->
                    map(
                        "day", day.day(),
                        "difference", number(day.contrast().difference()),
                        "standard_error", number(day.contrast().standardError()))));
  }

  private static Map<String, @Nullable Object> segment(SegmentResult result) {
    return map(
        "field", result.field().toString(),
        "arm", result.arm(),
        "heterogeneity_p", number(result.segments().heterogeneityPValue()),
        "not_shown", result.left(),
        "values",
            each(
                result.segments().segments(),
                of ->
                    map(
                        "value", of.name(),
                        "control", estimate(of.contrast().control()),
                        "treatment", estimate(of.contrast().treatment()),
                        "difference", number(of.contrast().difference()),
                        "p", number(of.pValue()),
                        "adjusted_p", number(of.adjustedPValue()))));
  }

  private static Map<String, @Nullable Object> exposure(ExposureResult result) {
    return map(
        "dimension", result.dimension(),
        "gini", each(result.gini(), JsonReport::estimate),
        "coverage", each(result.coverage(), JsonReport::estimate),
        "against_catalogue", each(result.againstCatalogue(), JsonReport::estimate),
        "against_merit", each(result.againstMerit(), JsonReport::estimate),
        "groups",
            each(
                result.groups(),
                group ->
                    map(
                        "group", group.name(),
                        "catalogue", number(group.catalogue()),
                        "merit", number(group.merit()),
                        "exposure", group.exposure())));
  }

  private static Map<String, @Nullable Object> preference(CreditResult result) {
    Preference of = result.preference();
    return map(
        "metric", result.metric().name(),
        "first", result.first(),
        "second", result.second(),
        "preference_for_second", number(-of.estimate()),
        "interval", Arrays.asList(number(-of.high()), number(-of.low())),
        "units", of.units(),
        "prefer_first", of.firstWins(),
        "prefer_second", of.secondWins(),
        "ties", of.ties(),
        "p", number(of.p()),
        "sign_p", number(of.signP()));
  }

  private static Map<String, @Nullable Object> bandit(BanditResult bandit) {
    List<@Nullable Object> periods = new ArrayList<>();
    for (int i = 0; i < bandit.periods().size(); i++) {
      periods.add(
          map(
              "from", time(bandit.firstMs().get(i)),
              "shares", bandit.periods().get(i).shares(),
              "units", each(bandit.periods().get(i).arms(), arm -> arm.n())));
    }
    return map(
        "periods", periods,
        "means", each(bandit.means(), JsonReport::adaptive),
        "differences", each(bandit.differences(), JsonReport::adaptive));
  }

  private static Map<String, @Nullable Object> adaptive(Adaptive of) {
    return map(
        "estimate", number(of.estimate()),
        "interval", Arrays.asList(number(of.low()), number(of.high())),
        "p", number(of.p()));
  }

  private static @Nullable Object interval(Interval interval) {
    return Arrays.asList(number(interval.low()), number(interval.high()));
  }

  private static @Nullable Object number(double value) {
    return Double.isFinite(value) ? value : null;
  }

  private static String time(long epochMs) {
    return Instant.ofEpochMilli(epochMs).toString();
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static <T> List<@Nullable Object> each(
      List<T> list, Function<T, @Nullable Object> function) {
    List<@Nullable Object> result = new ArrayList<>();
    list.forEach(of -> result.add(function.apply(of)));
    return result;
  }

  /** Names and values in turns. */
  private static Map<String, @Nullable Object> map(@Nullable Object... pairs) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put(String.valueOf(pairs[i]), pairs[i + 1]);
    }
    return map;
  }
}
