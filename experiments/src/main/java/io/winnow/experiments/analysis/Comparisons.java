package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import io.winnow.core.application.Metric;
import io.winnow.experiments.analysis.ExperimentReport.Comparison;
import io.winnow.experiments.analysis.ExperimentReport.Finding;
import io.winnow.experiments.analysis.ExperimentReport.MetricResult;
import io.winnow.experiments.analysis.ExperimentReport.Role;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.FalseDiscovery;
import io.winnow.experiments.statistics.Interval;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Each treatment against the control, for each metric.
 *
 * <ul>
 *   <li>The primary metric by the plan's rule over looks, at alpha shared among the treatments.
 *   <li>Secondary metrics at alpha, their p-values adjusted for the false discovery rate over all
 *       secondary metrics and treatments (Benjamini-Hochberg), as if this were the only look.
 *   <li>Guardrails by non-inferiority: the interval of the relative difference, as wide as that of
 *       the primary metric, must lie above the margin (CPMP, Points to consider on switching between
 *       superiority and non-inferiority, 2001).
 * </ul>
 */
final class Comparisons {
  private final Experiment experiment;
  private final Needs needs;
  private final @Nullable Monitoring monitoring;
  private final Function<Metric, Estimates> estimates;
  private final Map<String, Estimates> known = new HashMap<>();

  /**
   * @param monitoring of the primary metric; null where it has no course in time
   */
  Comparisons(
      Experiment experiment,
      Needs needs,
      @Nullable Monitoring monitoring,
      Function<Metric, Estimates> estimates) {
    this.experiment = experiment;
    this.needs = needs;
    this.monitoring = monitoring;
    this.estimates = estimates;
  }

  /** The primary first, then secondary, then guardrails. */
  List<MetricResult> results() {
    Experiment.Goals goals = experiment.goals();
    List<MetricResult> results = new ArrayList<>();
    results.add(result(metric(goals.primary()), Role.PRIMARY, 0));
    List<MetricResult> secondary = new ArrayList<>();
    goals.secondary().forEach(name -> secondary.add(result(metric(name), Role.SECONDARY, 0)));
    results.addAll(adjusted(secondary));
    goals
        .guardrails()
        .forEach((name, margin) -> results.add(result(metric(name), Role.GUARDRAIL, margin)));
    return results;
  }

  private Metric metric(String name) {
    return needs.metrics().stream()
        .filter(metric -> metric.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private MetricResult result(Metric metric, Role role, double margin) {
    Estimates of = known.computeIfAbsent(metric.name(), _ -> estimates.apply(metric));
    List<Comparison> comparisons = new ArrayList<>();
    for (int arm = 1; arm < of.adjusted().size(); arm++) {
      Contrast contrast = new Contrast(of.adjusted().getFirst(), of.adjusted().get(arm));
      comparisons.add(comparison(metric, role, margin, arm, contrast));
    }
    return new MetricResult(metric, role, margin, of.raw(), comparisons, of.varianceReduction());
  }

  private Comparison comparison(
      Metric metric, Role role, double margin, int arm, Contrast contrast) {
    double alpha = experiment.plan().alpha() / (experiment.arms().size() - 1);
    double oneLook = Contrast.critical(alpha);
    String name = experiment.arms().get(arm).name();
    double p = contrast.pValue();
    return switch (role) {
      case PRIMARY -> {
        double critical =
            monitoring == null ? oneLook : monitoring.critical(arm - 1, contrast);
        double overLooks =
            monitoring == null
                ? Math.min(1, p * (experiment.arms().size() - 1))
                : monitoring.pValue(arm - 1, contrast);
        OptionalInt called =
            monitoring != null
                ? monitoring.called(arm - 1, contrast)
                : overLooks <= experiment.plan().alpha()
                    ? OptionalInt.of(contrast.z() > 0 ? 1 : -1)
                    : OptionalInt.empty();
        yield new Comparison(name, contrast, critical, p, overLooks, finding(metric, called));
      }
      case SECONDARY ->
          new Comparison(
              name,
              contrast,
              Contrast.critical(experiment.plan().alpha()),
              p,
              p,
              Finding.UNCLEAR);
      case GUARDRAIL -> {
        double critical = guardrailCritical(arm, oneLook);
        yield new Comparison(
            name, contrast, critical, p, p, guarded(metric, margin, contrast, critical));
      }
    };
  }

  /** As wide as the primary metric's intervals now, so that repeated looks are paid for here too. */
  private double guardrailCritical(int arm, double oneLook) {
    Estimates primary = known.get(experiment.goals().primary());
    return monitoring == null || primary == null
        ? oneLook
        : monitoring.critical(
            arm - 1, new Contrast(primary.adjusted().getFirst(), primary.adjusted().get(arm)));
  }

  private static Finding finding(Metric metric, OptionalInt sign) {
    if (sign.isEmpty()) {
      return Finding.UNCLEAR;
    }
    boolean higherIsBetter = metric.better() == Metric.Better.HIGHER;
    return sign.getAsInt() > 0 == higherIsBetter ? Finding.BETTER : Finding.WORSE;
  }

  private static Finding guarded(
      Metric metric, double margin, Contrast contrast, double critical) {
    Interval lift = contrast.liftInterval(critical);
    boolean higherIsBetter = metric.better() == Metric.Better.HIGHER;
    double worst = higherIsBetter ? -lift.low() : lift.high();
    double best = higherIsBetter ? -lift.high() : lift.low();
    return worst < margin ? Finding.SAFE : best > margin ? Finding.HARMED : Finding.NOT_YET;
  }

  /** The same with p-values that count all secondary metrics and treatments. */
  private List<MetricResult> adjusted(List<MetricResult> results) {
    double[] raw =
        results.stream()
            .flatMap(result -> result.comparisons().stream())
            .mapToDouble(Comparison::p)
            .toArray();
    double[] adjusted = FalseDiscovery.benjaminiHochberg(raw);
    List<MetricResult> all = new ArrayList<>();
    int next = 0;
    for (MetricResult result : results) {
      List<Comparison> comparisons = new ArrayList<>();
      for (Comparison of : result.comparisons()) {
        double p = adjusted[next++];
        OptionalInt sign =
            p <= experiment.plan().alpha()
                ? OptionalInt.of(of.contrast().difference() > 0 ? 1 : -1)
                : OptionalInt.empty();
        comparisons.add(
            new Comparison(
                of.arm(),
                of.contrast(),
                of.critical(),
                of.p(),
                p,
                finding(result.metric(), sign)));
      }
      all.add(
          new MetricResult(
              result.metric(),
              result.role(),
              result.margin(),
              result.arms(),
              comparisons,
              result.varianceReduction()));
    }
    return all;
  }
}
