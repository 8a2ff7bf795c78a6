package io.winnow.experiments.analysis;

import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.Metric;
import io.winnow.experiments.analysis.ExperimentReport.About;
import io.winnow.experiments.analysis.ExperimentReport.ArmSummary;
import io.winnow.experiments.analysis.ExperimentReport.CreditResult;
import io.winnow.experiments.analysis.ExperimentReport.ExposureResult;
import io.winnow.experiments.analysis.ExperimentReport.Health;
import io.winnow.experiments.analysis.ExperimentReport.MetricResult;
import io.winnow.experiments.analysis.ExperimentReport.NoveltyResult;
import io.winnow.experiments.analysis.ExperimentReport.SegmentResult;
import io.winnow.experiments.analysis.ExperimentReport.TimePoint;
import io.winnow.experiments.interleaving.CreditTest;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Moments;
import io.winnow.experiments.statistics.Novelty;
import io.winnow.experiments.statistics.Planner;
import io.winnow.experiments.statistics.SampleRatio;
import io.winnow.experiments.statistics.Segments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Analyses one experiment over the log: two replays, first who met it, then what they did.
 *
 * <p>The first exposure decides a unit's arm; what it does from then on counts, by event time, late
 * events as they come. The same request gives the same report on every machine. One analysis is one
 * thread's work; it holds what {@link AnalysisLimits} allows and reads the log at the speed of its
 * decoding.
 */
public final class ExperimentAnalysis {
  private static final int SEGMENTS_SHOWN = 12;
  private static final int CREDITED_UNITS_MIN = 2;

  private final AnalysisRequest request;
  private final Experiment experiment;
  private final ExposurePass exposed;
  private final Course course;
  private final OutcomePass outcomes;
  private final ExposureMeasures exposure;
  private final Needs needs;
  private final boolean before;
  private final int arms;
  private final @Nullable Monitoring monitoring;

  /**
   * Reads the log and says what is to be said.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} for a metric that the application does
   *     not declare, with {@code TOO_LARGE} where the analysis cannot be bounded by a sample
   */
  public static ExperimentReport run(AnalysisRequest request) {
    return new ExperimentAnalysis(request).report();
  }

  private ExperimentAnalysis(AnalysisRequest request) {
    this.request = request;
    this.experiment = request.experiment();
    this.arms = experiment.arms().size();
    this.needs = Needs.of(request.application(), experiment);
    this.exposed = exposures(request);
    long firstMs = exposed.units().size() == 0 ? Long.MAX_VALUE : exposed.firstMs();
    this.course = Course.of(experiment, firstMs, request.nowMs());
    this.outcomes =
        new OutcomePass(
            request, exposed, needs, course.due(), !experiment.name().equals(Experiments.HOLDOUT));
    request.records().replay(0, request.toOffset(), outcomes);
    outcomes.finish(request.toOffset(), request.nowMs());
    this.exposure =
        new ExposureMeasures(outcomes, arms, Math.min(firstMs, request.nowMs()), request.nowMs());
    this.before = outcomes.hasBefore();
    this.monitoring =
        UnitTally.isUnitMetric(needs.metrics().getFirst()) && isSplit()
            ? Monitoring.primary(
                experiment,
                course,
                outcomes.tally(experiment.goals().primary()),
                outcomes.snapshots(),
                before)
            : null;
  }

  /** The first replay, of a sample of the units where there are too many. */
  static ExposurePass exposures(AnalysisRequest request) {
    Experiment experiment = request.experiment();
    UnitKeys keys = new UnitKeys(experiment);
    Map<String, Map<String, String>> testers =
        request.application().operations().experiments().testers();
    ExposurePass pass =
        new ExposurePass(
            experiment,
            keys,
            request.limits(),
            testers.entrySet().stream()
                .filter(tester -> tester.getValue().containsKey(experiment.name()))
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet()));
    request.records().replay(0, request.toOffset(), pass);
    return pass;
  }

  private boolean isSplit() {
    return experiment.design() instanceof Experiment.Design.Split;
  }

  private boolean isInterleaving() {
    return experiment.design() instanceof Experiment.Design.Interleaving;
  }

  /** The guardrails that have a course in time. */
  private Map<String, Monitoring> guardrails() {
    if (!isSplit()) {
      return Map.of();
    }
    return needs.metrics().stream()
        .filter(metric -> experiment.goals().guardrails().containsKey(metric.name()))
        .filter(UnitTally::isUnitMetric)
        .collect(
            Collectors.toUnmodifiableMap(
                Metric::name,
                metric ->
                    Monitoring.guardrail(
                        experiment,
                        course,
                        metric,
                        outcomes.tally(metric.name()),
                        outcomes.snapshots(),
                        before)));
  }

  private ExperimentReport report() {
    List<MetricResult> metrics =
        isInterleaving()
            ? List.of()
            : new Comparisons(
                    experiment,
                    needs,
                    request.nowMs() >= course.endMs(),
                    monitoring,
                    guardrails(),
                    this::estimates)
                .results();
    List<NoveltyResult> novelty = isSplit() ? novelty() : List.of();
    List<SegmentResult> segments = isSplit() ? segments() : List.of();
    Health health = health(metrics);
    List<TimePoint> timeline = monitoring == null ? plainTimeline() : monitoring.timeline();
    List<CreditResult> preferences = preferences();
    ExperimentReport.BanditResult bandit =
        experiment.design() instanceof Experiment.Design.Bandit design
            ? BanditPeriods.result(experiment, design, outcomes, exposed, request.nowMs())
            : null;
    Findings findings =
        new Findings(
            experiment,
            needs,
            course,
            health,
            metrics,
            monitoring,
            novelty,
            segments,
            preferences,
            bandit);
    return new ExperimentReport(
        about(),
        findings.verdict(),
        findings.doubts(),
        armSummaries(),
        health,
        metrics,
        timeline,
        novelty,
        segments,
        exposureResults(),
        preferences,
        bandit,
        notes());
  }

  private About about() {
    return new About(
        experiment,
        course.status(),
        course.startMs(),
        course.endMs(),
        course.nowMs(),
        request.toOffset(),
        outcomes.records(),
        course.looksDue(),
        course.looks());
  }

  /** A bandit's plain means are biased: what is compared are the estimates that are not. */
  private Estimates estimates(Metric metric) {
    Estimates plain = Estimates.of(metric, outcomes, exposure, arms, request.nowMs(), before);
    return experiment.design() instanceof Experiment.Design.Bandit && UnitTally.isUnitMetric(metric)
        ? new Estimates(
            plain.raw(),
            BanditPeriods.estimates(
                experiment, outcomes.tally(metric.name()), exposed, request.nowMs()),
            0)
        : plain;
  }

  private List<ArmSummary> armSummaries() {
    double weights = experiment.arms().stream().mapToDouble(Experiment.Arm::weight).sum();
    long[] units = outcomes.unitsByArm();
    List<ArmSummary> summaries = new ArrayList<>();
    for (int arm = 0; arm < arms; arm++) {
      Experiment.Arm of = experiment.arms().get(arm);
      String release = of.settings().release() == null ? "" : of.settings().release();
      summaries.add(
          new ArmSummary(
              of.name(),
              of.weight() / weights,
              isInterleaving() ? units[0] : units[arm],
              ArmText.of(of.settings()),
              release,
              request.offline().apply(release)));
    }
    return summaries;
  }

  private Health health(List<MetricResult> metrics) {
    long[] units = outcomes.unitsByArm();
    double[] weights =
        experiment.design() instanceof Experiment.Design.Bandit
            ? BanditPeriods.expected(experiment, exposed.units())
            : experiment.arms().stream().mapToDouble(Experiment.Arm::weight).toArray();
    long mixed = 0;
    for (int unit = 0; unit < exposed.units().size(); unit++) {
      mixed += exposed.units().isMixed(unit) ? 1 : 0;
    }
    boolean counted = !isInterleaving() && exposed.units().size() > 0;
    return new Health(
        isInterleaving() ? units[0] : Arrays.stream(units).sum(),
        counted ? SampleRatio.test(units, weights) : null,
        counted ? SampleRatio.alwaysValidPValue(units, weights) : 1,
        mixed,
        exposed.exposures(),
        exposed.units().strangers(),
        plannedUnits(metrics),
        exposed.lastMs());
  }

  /** The units that the plan asks for, by the control's variance; 0 if that is not known. */
  private long plannedUnits(List<MetricResult> metrics) {
    if (monitoring == null || metrics.isEmpty()) {
      return 0;
    }
    Estimate control = metrics.getFirst().comparisons().getFirst().contrast().control();
    double effect = experiment.plan().minimumEffect() * Math.abs(control.value());
    if (!(effect > 0) || !(control.variance() > 0) || Double.isInfinite(control.variance())) {
      return 0;
    }
    return new Planner(
            Planner.varianceOfUnits(control),
            0,
            experiment.arms().stream().map(Experiment.Arm::weight).toList(),
            experiment.plan().alpha(),
            experiment.plan().power(),
            monitoring.inflation())
        .units(effect);
  }

  /** Who had come by when, where the primary metric has no course in time. */
  private List<TimePoint> plainTimeline() {
    return outcomes.snapshots().stream()
        .map(at -> new TimePoint(at.timeMs(), at.look(), at.units(), List.of()))
        .toList();
  }

  private List<NoveltyResult> novelty() {
    UnitDays days = outcomes.days();
    if (days == null) {
      return List.of();
    }
    List<NoveltyResult> results = new ArrayList<>();
    List<List<Estimate>> byDay = new ArrayList<>();
    for (int day = 0; day < UnitDays.DAYS_MAX; day++) {
      List<Moments> moments = days.day(day, arms, request.nowMs());
      if (moments.stream().anyMatch(of -> of.units() < 2)) {
        break;
      }
      byDay.add(moments.stream().map(Estimate::ratio).toList());
    }
    for (int arm = 1; arm < arms; arm++) {
      List<Novelty.DailyEffect> effects = new ArrayList<>();
      for (int day = 0; day < byDay.size(); day++) {
        effects.add(
            new Novelty.DailyEffect(
                day + 1, new Contrast(byDay.get(day).getFirst(), byDay.get(day).get(arm))));
      }
      results.add(
          new NoveltyResult(experiment.arms().get(arm).name(), Novelty.check(effects), effects));
    }
    return results;
  }

  private List<SegmentResult> segments() {
    Metric primary = needs.metrics().getFirst();
    if (!UnitTally.isUnitMetric(primary)) {
      return List.of();
    }
    UnitTally tally = outcomes.tally(primary.name());
    List<SegmentResult> results = new ArrayList<>();
    List<Experiment.Field> fields = experiment.goals().segments();
    for (int field = 0; field < fields.size(); field++) {
      List<List<Moments>> moments = outcomes.moments(tally, field, request.nowMs());
      List<String> values = exposed.units().segmentValues(field);
      List<Integer> largest =
          IntStream.range(0, values.size())
              .boxed()
              .filter(code -> moments.get(code).stream().allMatch(arm -> arm.units() >= 2))
              .sorted(
                  Comparator.comparingLong(
                      code -> -moments.get(code).stream().mapToLong(Moments::units).sum()))
              .toList();
      int shown = Math.min(SEGMENTS_SHOWN, largest.size());
      for (int arm = 1; arm < arms; arm++) {
        List<Segments.SegmentEffect> effects = new ArrayList<>();
        for (int code : largest.subList(0, shown)) {
          List<Estimate> adjusted = Estimates.of(tally, moments.get(code), before).adjusted();
          effects.add(
              new Segments.SegmentEffect(
                  values.get(code), new Contrast(adjusted.getFirst(), adjusted.get(arm))));
        }
        results.add(
            new SegmentResult(
                fields.get(field),
                experiment.arms().get(arm).name(),
                Segments.check(effects, experiment.plan().alpha()),
                largest.size() - shown));
      }
    }
    return results;
  }

  /** Whom users prefer; nothing yet with fewer users than tell how much they differ. */
  private List<CreditResult> preferences() {
    List<CreditResult> results = new ArrayList<>();
    if (outcomes.unitsByArm()[0] < CREDITED_UNITS_MIN) {
      return results;
    }
    outcomes
        .credits()
        .forEach((name, byArm) -> {
          Metric metric =
              needs.metrics().stream()
                  .filter(of -> of.name().equals(name))
                  .findFirst()
                  .orElseThrow();
          for (int arm = 1; arm < arms; arm++) {
            results.add(
                new CreditResult(
                    metric,
                    experiment.control().name(),
                    experiment.arms().get(arm).name(),
                    CreditTest.of(
                        outcomes.unmixed(name, byArm[0]),
                        outcomes.unmixed(name, byArm[arm]),
                        1 - experiment.plan().alpha() / (arms - 1))));
          }
        });
    return results;
  }

  private List<ExposureResult> exposureResults() {
    if (isInterleaving()) {
      return List.of();
    }
    return needs.dimensions().stream().map(exposure::result).toList();
  }

  private List<String> notes() {
    List<String> notes = new ArrayList<>();
    if (exposed.level() > 0) {
      notes.add(
          "There are more units than the analysis may hold: it is of 1 in %d of them, chosen by a hash."
              .formatted(1 << exposed.level()));
    }
    outcomes
        .quantiles()
        .forEach((name, values) -> {
          if (values.level() > 0) {
            notes.add(
                "%s is of the events of 1 in %d units, chosen by a hash."
                    .formatted(name, 1 << values.level()));
          }
        });
    UnitDays days = outcomes.days();
    if (days != null && days.level() > 0) {
      notes.add(
          "The effect by day is of 1 in %d units, chosen by a hash.".formatted(1 << days.level()));
    }
    for (String dimension : needs.dimensions()) {
      if (exposure.isFull(dimension)) {
        notes.add(
            "Exposure by %s is not told: more pairs of it and a part of the units than the %,d that"
                    .formatted(dimension, request.limits().entities())
                + " may be counted.");
      }
    }
    if (experiment.plan().before().isPositive() && !before) {
      notes.add("Sessions and a bandit's units have no time before: nothing is adjusted for it.");
    }
    notes.add(
        String.format(
            Locale.ROOT,
            "Outcomes are joined by %s from the first exposure on, by event time; units in several arms"
                + " count for none.",
            experiment.population().unit() == Experiment.Unit.SESSION ? "request" : "user"));
    return notes;
  }
}
