package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import io.winnow.core.application.Metric;
import io.winnow.experiments.analysis.ExperimentReport.Comparison;
import io.winnow.experiments.analysis.ExperimentReport.Finding;
import io.winnow.experiments.analysis.ExperimentReport.MetricResult;
import io.winnow.experiments.analysis.ExperimentReport.Role;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.FalseDiscovery;
import io.winnow.experiments.statistics.SequentialPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
 *   <li>Guardrails by non-inferiority (CPMP, Points to consider on switching between superiority
 *       and non-inferiority, 2001): the treatment is tested against (1 ± margin) times the control,
 *       by the same rule over the same looks, each guardrail at alpha shared among the treatments.
 *       Harm that was shown at a look stays shown.
 *   <li>What has no course in time (quantiles, unevenness of exposure, the metrics of a bandit) is
 *       decided by one look when the plan is over, and not before.
 * </ul>
 */
final class Comparisons {
  private final Experiment experiment;
  private final Needs needs;
  private final boolean isOver;
  private final @Nullable Monitoring monitoring;
  private final Map<String, Monitoring> guardrails;
  private final Function<Metric, Estimates> estimates;
  private final Map<String, Estimates> known = new HashMap<>();

  /**
   * @param isOver whether the plan's end has come
   * @param monitoring of the primary metric; null where it has no course in time
   * @param guardrails by metric, those that have a course in time
   */
  Comparisons(
      Experiment experiment,
      Needs needs,
      boolean isOver,
      @Nullable Monitoring monitoring,
      Map<String, Monitoring> guardrails,
      Function<Metric, Estimates> estimates) {
    this.experiment = experiment;
    this.needs = needs;
    this.isOver = isOver;
    this.monitoring = monitoring;
    this.guardrails = Map.copyOf(guardrails);
    this.estimates = estimates;
  }

  /** The primary first, then secondary, then guardrails. */
  List<MetricResult> results() {
    Experiment.Goals goals = experiment.goals();
    List<MetricResult> results = new ArrayList<>();
    results.add(result(needs.metric(goals.primary()), Role.PRIMARY, 0));
    List<MetricResult> secondary = new ArrayList<>();
    goals.secondary().forEach(name -> secondary.add(result(needs.metric(name), Role.SECONDARY, 0)));
    results.addAll(adjusted(secondary));
    goals
        .guardrails()
        .forEach((name, margin) -> results.add(result(needs.metric(name), Role.GUARDRAIL, margin)));
    return results;
  }

  private MetricResult result(Metric metric, Role role, double margin) {
    Estimates of = known.computeIfAbsent(metric.name(), _ -> estimates.apply(metric));
    double level = SequentialPlan.level(of.raw());
    List<Comparison> comparisons = new ArrayList<>();
    for (int arm = 1; arm < of.adjusted().size(); arm++) {
      Contrast contrast = new Contrast(of.adjusted().getFirst(), of.adjusted().get(arm));
      comparisons.add(
          switch (role) {
            case PRIMARY -> primary(metric, arm, contrast, level);
            case SECONDARY -> secondary(arm, contrast);
            case GUARDRAIL -> guardrail(metric, margin, arm, contrast, level);
          });
    }
    return new MetricResult(metric, role, margin, of.raw(), comparisons, of.varianceReduction());
  }

  private String name(int arm) {
    return experiment.arms().get(arm).name();
  }

  /** Alpha of one treatment. */
  private double alpha() {
    return experiment.plan().alpha() / (experiment.arms().size() - 1);
  }

  private Comparison primary(Metric metric, int arm, Contrast contrast, double level) {
    double p = contrast.pValue();
    if (monitoring == null) {
      double overTreatments = Math.min(1, p * (experiment.arms().size() - 1));
      OptionalInt called =
          isOver && overTreatments <= experiment.plan().alpha()
              ? OptionalInt.of(contrast.z() > 0 ? 1 : -1)
              : OptionalInt.empty();
      return new Comparison(
          name(arm), contrast, onceCritical(), p, overTreatments, finding(metric, called));
    }
    Optional<Monitoring.Call> call = monitoring.called(arm - 1, contrast, level);
    // What a later look contradicts is neither better nor worse: Findings tells it.
    OptionalInt called =
        call.isPresent() && call.get().against() == null
            ? OptionalInt.of(call.get().sign())
            : OptionalInt.empty();
    return new Comparison(
        name(arm),
        contrast,
        monitoring.critical(arm - 1, contrast, level),
        p,
        monitoring.pValue(arm - 1, contrast, level),
        finding(metric, called));
  }

  private Comparison secondary(int arm, Contrast contrast) {
    double p = contrast.pValue();
    double critical = Contrast.critical(experiment.plan().alpha());
    return new Comparison(name(arm), contrast, critical, p, p, Finding.UNCLEAR);
  }

  /** The critical value of the one look at the end; before it there is nothing to say. */
  private double onceCritical() {
    return isOver ? Contrast.critical(alpha()) : Double.POSITIVE_INFINITY;
  }

  private Comparison guardrail(
      Metric metric, double margin, int arm, Contrast contrast, double level) {
    Monitoring guardrail = guardrails.get(metric.name());
    double p = contrast.pValue();
    if (guardrail == null) {
      double z = Monitoring.tested(metric, margin, contrast).z();
      OptionalInt called =
          Math.abs(z) >= onceCritical() ? OptionalInt.of(z > 0 ? 1 : -1) : OptionalInt.empty();
      return new Comparison(name(arm), contrast, onceCritical(), p, p, guarded(metric, called));
    }
    Optional<Monitoring.Call> call = guardrail.called(arm - 1, contrast, level);
    OptionalInt called =
        call.isEmpty()
            ? OptionalInt.empty()
            // Of two that contradict each other, harm counts.
            : call.get().against() == null
                ? OptionalInt.of(call.get().sign())
                : OptionalInt.of(metric.better() == Metric.Better.HIGHER ? -1 : 1);
    return new Comparison(
        name(arm),
        contrast,
        guardrail.critical(arm - 1, contrast, level),
        p,
        p,
        guarded(metric, called));
  }

  private static Finding finding(Metric metric, OptionalInt sign) {
    if (sign.isEmpty()) {
      return Finding.UNCLEAR;
    }
    boolean higherIsBetter = metric.better() == Metric.Better.HIGHER;
    return sign.getAsInt() > 0 == higherIsBetter ? Finding.BETTER : Finding.WORSE;
  }

  private static Finding guarded(Metric metric, OptionalInt sign) {
    Finding finding = finding(metric, sign);
    return finding == Finding.BETTER
        ? Finding.SAFE
        : finding == Finding.WORSE ? Finding.HARMED : Finding.NOT_YET;
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
                of.arm(), of.contrast(), of.critical(), of.p(), p, finding(result.metric(), sign)));
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
