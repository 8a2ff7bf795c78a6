package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import io.winnow.core.application.Metric;
import io.winnow.experiments.analysis.ExperimentReport.TimeComparison;
import io.winnow.experiments.analysis.ExperimentReport.TimePoint;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Judgement;
import io.winnow.experiments.statistics.Look;
import io.winnow.experiments.statistics.SequentialPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One metric over time, judged by the plan's rule: planned looks at their times, or any time. With
 * several treatments each is compared with the control at alpha divided by their number
 * (Bonferroni), which holds for sequential tests as for others.
 *
 * <p>A planned look sees what the log held when it was due. Its share of the plan is that of the
 * looks, a clock that was fixed beforehand; the correlation of looks is that of their information.
 * (The information's share was not taken: an experiment with far fewer units than its plan asks for
 * would not stop before the end for any harm.) At any time the clock is information over that which
 * finds the minimum effect with the plan's power. Information is that of the relative difference:
 * {@link SequentialPlan}.
 *
 * <p>Nothing is kept between reports: what was called is found again from what the log held at the
 * looks. Behind the plan's end nothing more is called.
 *
 * <p>A guardrail is judged in the same way; its contrast is that of the treatment with (1 ± margin)
 * times the control.
 */
final class Monitoring {
  private static final double SHARE_MIN = 1e-3;
  private static final double SHARE_MAX = 0.999;

  private final Experiment experiment;
  private final Course course;
  private final SequentialPlan plan;
  private final @Nullable Guard guard;
  private final boolean isPlanned;
  private final List<List<Point>> points = new ArrayList<>();
  private final List<Snapshot> snapshots;

  /** A treatment at a snapshot. */
  private record Point(Snapshot at, Contrast contrast, double level) {}

  /** What a guardrail must not lose. */
  private record Guard(Metric metric, double margin) {}

  /**
   * A difference that the rule saw, and what it said.
   *
   * @param timeMs when
   * @param look the planned look, or 0
   */
  record Seen(long timeMs, int look, Contrast contrast, Judgement judgement) {}

  /**
   * What the rule has called.
   *
   * @param first at which it was called; the sign is its sign
   * @param against the newest look that called the contrary; null if none did
   */
  record Call(Seen first, @Nullable Seen against) {
    /** 1 where the treatment is above, -1 where it is below. */
    int sign() {
      return first.judgement().look().z() > 0 ? 1 : -1;
    }
  }

  private Monitoring(
      Experiment experiment,
      Course course,
      SequentialPlan plan,
      @Nullable Guard guard,
      List<Snapshot> snapshots) {
    this.experiment = experiment;
    this.course = course;
    this.plan = plan;
    this.guard = guard;
    this.isPlanned = experiment.plan().looks() instanceof Experiment.Looks.Planned;
    this.snapshots = List.copyOf(snapshots);
  }

  /**
   * Of the primary metric.
   *
   * @param tally of the metric, whose moments the snapshots hold
   * @param before whether behaviour before was collected
   */
  static Monitoring primary(
      Experiment experiment,
      Course course,
      UnitTally tally,
      List<Snapshot> snapshots,
      boolean before) {
    SequentialPlan plan = plan(experiment, experiment.plan().minimumEffect());
    Monitoring monitoring = new Monitoring(experiment, course, plan, null, snapshots);
    monitoring.collect(experiment.goals().primary(), tally, before);
    return monitoring;
  }

  /** Of a guardrail; its plan is to tell a worsening by the margin from none. */
  static Monitoring guardrail(
      Experiment experiment,
      Course course,
      Metric metric,
      UnitTally tally,
      List<Snapshot> snapshots,
      boolean before) {
    double margin = experiment.goals().guardrails().getOrDefault(metric.name(), 0.0);
    SequentialPlan plan = plan(experiment, margin > 0 ? margin : experiment.plan().minimumEffect());
    Monitoring monitoring =
        new Monitoring(experiment, course, plan, new Guard(metric, margin), snapshots);
    monitoring.collect(metric.name(), tally, before);
    return monitoring;
  }

  private static SequentialPlan plan(Experiment experiment, double effect) {
    Experiment.Plan plan = experiment.plan();
    double alpha = plan.alpha() / (experiment.arms().size() - 1);
    return switch (plan.looks()) {
      case Experiment.Looks.Planned _ -> SequentialPlan.planned(alpha);
      case Experiment.Looks.Always _ -> SequentialPlan.always(alpha, plan.power(), effect);
    };
  }

  private void collect(String metric, UnitTally tally, boolean before) {
    int treatments = experiment.arms().size() - 1;
    for (int t = 0; t < treatments; t++) {
      points.add(new ArrayList<>());
    }
    for (Snapshot snapshot : snapshots) {
      Estimates estimates = Estimates.of(tally, snapshot.moments(metric), before);
      double level = SequentialPlan.level(estimates.raw());
      for (int t = 0; t < treatments; t++) {
        Contrast contrast =
            new Contrast(estimates.adjusted().getFirst(), estimates.adjusted().get(t + 1));
        points.get(t).add(new Point(snapshot, tested(contrast), level));
      }
    }
  }

  /**
   * The contrast of a treatment with the most that a guardrail may lose; above zero is better where
   * higher is. Of a control below zero the margin is taken downwards, too.
   */
  static Contrast tested(Metric metric, double margin, Contrast contrast) {
    boolean downwards =
        (metric.better() == Metric.Better.HIGHER) == (contrast.control().value() >= 0);
    return contrast.against(downwards ? Math.max(0, 1 - margin) : 1 + margin);
  }

  private Contrast tested(Contrast contrast) {
    return guard == null ? contrast : tested(guard.metric(), guard.margin(), contrast);
  }

  private boolean isOpen() {
    return course.nowMs() < course.endMs();
  }

  private Look look(Point point) {
    int look = point.at().look();
    double share = isPlanned ? (double) look / course.looks() : 0;
    return plan.look(point.contrast(), point.level(), share, isPlanned && look == course.looks());
  }

  /** The points at which the rule looks. */
  private List<Point> seen(int treatment) {
    return points.get(treatment).stream()
        .filter(point -> !isPlanned || point.at().look() > 0)
        .toList();
  }

  private List<Look> looks(int treatment) {
    return seen(treatment).stream().map(this::look).toList();
  }

  private Look now(Contrast contrast, double level) {
    double share = Math.clamp(course.fraction(), SHARE_MIN, SHARE_MAX);
    return plan.look(contrast, level, share, false);
  }

  /** The looks that may call something: now as well, if one may look at any time. */
  private List<Look> callingLooks(int treatment, Contrast now, double level) {
    List<Look> looks = new ArrayList<>(looks(treatment));
    if (!isPlanned && isOpen()) {
      looks.add(now(tested(now), level));
    }
    return looks;
  }

  /**
   * How wide intervals are now: as if this were the next look. Behind the last look, as at the
   * last.
   *
   * @param level see {@link SequentialPlan#level}
   */
  double critical(int treatment, Contrast now, double level) {
    List<Look> looks = new ArrayList<>(looks(treatment));
    if (!isPlanned || course.looksDue() < course.looks()) {
      looks.add(now(tested(now), level));
    }
    return plan.rule().judge(looks).reversed().stream()
        .mapToDouble(Judgement::critical)
        .filter(Double::isFinite)
        .findFirst()
        .orElse(Double.POSITIVE_INFINITY);
  }

  /** The p-value over all looks and treatments. */
  double pValue(int treatment, Contrast now, double level) {
    List<Look> looks = callingLooks(treatment, now, level);
    return looks.isEmpty() ? 1 : Math.min(1, plan.rule().pValue(looks) * points.size());
  }

  /**
   * What the rule has called real: at a look that was due; where one may look at any time, also
   * now. A later look may call the contrary, and so may the interval as it is now.
   */
  Optional<Call> called(int treatment, Contrast now, double level) {
    List<Point> at = seen(treatment);
    List<Judgement> judged = plan.rule().judge(callingLooks(treatment, now, level));
    List<Seen> crossed = new ArrayList<>();
    for (int i = 0; i < judged.size(); i++) {
      if (judged.get(i).crossed()) {
        crossed.add(
            i < at.size()
                ? new Seen(
                    at.get(i).at().timeMs(),
                    at.get(i).at().look(),
                    at.get(i).contrast(),
                    judged.get(i))
                : new Seen(course.nowMs(), 0, tested(now), judged.get(i)));
      }
    }
    if (crossed.isEmpty()) {
      return Optional.empty();
    }
    Look newest = now(tested(now), level);
    double critical = critical(treatment, now, level);
    if (Math.abs(newest.z()) >= critical) {
      crossed.add(new Seen(course.nowMs(), 0, tested(now), new Judgement(newest, critical, true)));
    }
    double sign = Math.signum(crossed.getFirst().judgement().look().z());
    Seen against =
        crossed.reversed().stream()
            .filter(of -> of.judgement().look().z() * sign < 0)
            .findFirst()
            .orElse(null);
    return Optional.of(new Call(crossed.getFirst(), against));
  }

  /** By how many times repeated looks raise the units that are needed. */
  double inflation() {
    return plan.inflation(experiment.plan().power(), Math.max(1, course.looks()));
  }

  /** The metric as it stood, with the rule's boundary. */
  List<TimePoint> timeline() {
    List<List<Judgement>> judged = new ArrayList<>();
    for (int t = 0; t < points.size(); t++) {
      judged.add(plan.rule().judge(looks(t)));
    }
    List<TimePoint> timeline = new ArrayList<>();
    int look = 0;
    for (int i = 0; i < snapshots.size(); i++) {
      Snapshot snapshot = snapshots.get(i);
      boolean isLook = !isPlanned || snapshot.look() > 0;
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
