package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import io.winnow.experiments.analysis.ExperimentReport.TimeComparison;
import io.winnow.experiments.analysis.ExperimentReport.TimePoint;
import io.winnow.experiments.statistics.AlwaysValid;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Judgement;
import io.winnow.experiments.statistics.Look;
import io.winnow.experiments.statistics.Moments;
import io.winnow.experiments.statistics.MonitoringRule;
import io.winnow.experiments.statistics.PlannedLooks;
import io.winnow.experiments.statistics.Planner;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The primary metric over time, judged by the plan's rule: planned looks at their times, or any
 * time. With several treatments each is compared with the control at alpha divided by their number
 * (Bonferroni), which holds for sequential tests as for others.
 *
 * <p>A planned look sees what the log held when it was due. Its share of the plan is that of the
 * time, which was fixed beforehand; the correlation of looks is that of their information.
 */
final class Monitoring {
  private static final double FIRST_FRACTION = 1e-3;

  private final Experiment experiment;
  private final Course course;
  private final MonitoringRule rule;
  private final double plannedInformation;
  private final List<List<Point>> points = new ArrayList<>();
  private final List<Snapshot> snapshots;

  /** A treatment at a snapshot. */
  private record Point(Contrast contrast, int look) {}

  /**
   * @param tally of the primary metric, whose moments the snapshots hold
   * @param before whether behaviour before was collected
   */
  Monitoring(
      Experiment experiment,
      Course course,
      UnitTally tally,
      List<Snapshot> snapshots,
      boolean before) {
    this.experiment = experiment;
    this.course = course;
    this.snapshots = List.copyOf(snapshots);
    int treatments = experiment.arms().size() - 1;
    double alpha = experiment.plan().alpha() / treatments;
    for (int t = 0; t < treatments; t++) {
      points.add(new ArrayList<>());
    }
    double baseline = 0;
    for (Snapshot snapshot : snapshots) {
      Estimates estimates = Estimates.of(tally, snapshot.arms(), before);
      if (baseline == 0) {
        baseline = baseline(estimates.raw());
      }
      for (int t = 0; t < treatments; t++) {
        Contrast contrast =
            new Contrast(estimates.adjusted().getFirst(), estimates.adjusted().get(t + 1));
        points.get(t).add(new Point(contrast, snapshot.look()));
      }
    }
    this.plannedInformation = plannedInformation(baseline);
    this.rule =
        switch (experiment.plan().looks()) {
          case Experiment.Looks.Planned _ -> PlannedLooks.of(alpha);
          case Experiment.Looks.Always _ ->
              plannedInformation > 0 ? AlwaysValid.planned(alpha) : AlwaysValid.unplanned(alpha);
        };
  }

  /** The level of all arms together, which tells nothing of their difference. */
  private static double baseline(List<Estimate> arms) {
    if (!arms.stream().allMatch(Estimate::isDefined)) {
      return 0;
    }
    long units = arms.stream().mapToLong(Estimate::units).sum();
    return arms.stream().mapToDouble(arm -> arm.value() * arm.units() / units).sum();
  }

  private double plannedInformation(double baseline) {
    double effect = experiment.plan().minimumEffect() * Math.abs(baseline);
    if (!(effect > 0)) {
      return 0;
    }
    List<Double> weights = experiment.arms().stream().map(Experiment.Arm::weight).toList();
    // The variance has no part in the information that is planned.
    return new Planner(1, 0, weights, experiment.plan().alpha(), experiment.plan().power(), 1)
        .plannedInformation(effect);
  }

  private boolean isPlanned() {
    return experiment.plan().looks() instanceof Experiment.Looks.Planned;
  }

  private Look look(Contrast contrast, int look) {
    if (isPlanned()) {
      double fraction = (double) look / course.looks();
      return new Look(contrast.information(), fraction, contrast.z(), look == course.looks());
    }
    return plannedInformation > 0
        ? contrast.look(plannedInformation, false)
        : new Look(contrast.information(), contrast.information(), contrast.z(), false);
  }

  private List<Look> looks(int treatment) {
    return points.get(treatment).stream()
        .filter(point -> !isPlanned() || point.look() > 0)
        .map(point -> look(point.contrast(), point.look()))
        .toList();
  }

  /**
   * How wide intervals are now: as if this were the next look. Behind the last look, as at the last.
   */
  double critical(int treatment, Contrast now) {
    List<Look> looks = new ArrayList<>(looks(treatment));
    if (!isPlanned()) {
      looks.add(look(now, 0));
    } else if (course.looksDue() < course.looks()) {
      double fraction = Math.clamp(course.fraction(), FIRST_FRACTION, 1);
      looks.add(new Look(now.information(), fraction, now.z(), false));
    }
    return rule.judge(looks).reversed().stream()
        .mapToDouble(Judgement::critical)
        .filter(Double::isFinite)
        .findFirst()
        .orElse(Double.POSITIVE_INFINITY);
  }

  /** The p-value over all looks and treatments. */
  double pValue(int treatment, Contrast now) {
    List<Look> looks = new ArrayList<>(looks(treatment));
    if (!isPlanned()) {
      looks.add(look(now, 0));
    }
    return looks.isEmpty() ? 1 : Math.min(1, rule.pValue(looks) * points.size());
  }

  /**
   * Whether the rule has called the difference real: at a look that was due; where one may look at
   * any time, also now. The sign is that of the first call.
   */
  OptionalInt called(int treatment, Contrast now) {
    List<Look> looks = new ArrayList<>(looks(treatment));
    if (!isPlanned()) {
      looks.add(look(now, 0));
    }
    return rule.judge(looks).stream()
        .filter(Judgement::crossed)
        .mapToInt(judgement -> judgement.look().z() > 0 ? 1 : -1)
        .findFirst();
  }

  /** By how many times repeated looks raise the units that are needed. */
  double inflation() {
    if (rule instanceof PlannedLooks planned) {
      double[] fractions = new double[course.looks()];
      for (int k = 0; k < fractions.length; k++) {
        fractions[k] = (k + 1.0) / fractions.length;
      }
      return Math.max(1, planned.inflation(experiment.plan().power(), fractions));
    }
    return 1;
  }

  /** The share of the planned information that is in, of the first treatment. */
  OptionalDouble informationFraction() {
    return plannedInformation > 0 && !points.getFirst().isEmpty()
        ? OptionalDouble.of(
            points.getFirst().getLast().contrast().information() / plannedInformation)
        : OptionalDouble.empty();
  }

  /** The metric as it stood, with the rule's boundary. */
  List<TimePoint> timeline() {
    List<List<Judgement>> judged = new ArrayList<>();
    for (int t = 0; t < points.size(); t++) {
      judged.add(rule.judge(looks(t)));
    }
    List<TimePoint> timeline = new ArrayList<>();
    int look = 0;
    for (int i = 0; i < snapshots.size(); i++) {
      Snapshot snapshot = snapshots.get(i);
      boolean isLook = !isPlanned() || snapshot.look() > 0;
      List<TimeComparison> comparisons = new ArrayList<>();
      for (int t = 0; t < points.size(); t++) {
        Judgement judgement = isLook ? judged.get(t).get(look) : null;
        comparisons.add(
            new TimeComparison(
                experiment.arms().get(t + 1).name(),
                points.get(t).get(i).contrast(),
                judgement == null ? Double.POSITIVE_INFINITY : judgement.critical(),
                judgement != null && judgement.crossed()));
      }
      look += isLook ? 1 : 0;
      timeline.add(
          new TimePoint(snapshot.timeMs(), snapshot.look(), snapshot.units(), comparisons));
    }
    return timeline;
  }
}
