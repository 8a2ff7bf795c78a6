package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import io.winnow.core.application.Metric;
import io.winnow.experiments.analysis.ExperimentReport.BanditResult;
import io.winnow.experiments.analysis.ExperimentReport.Comparison;
import io.winnow.experiments.analysis.ExperimentReport.CreditResult;
import io.winnow.experiments.analysis.ExperimentReport.Finding;
import io.winnow.experiments.analysis.ExperimentReport.Health;
import io.winnow.experiments.analysis.ExperimentReport.MetricResult;
import io.winnow.experiments.analysis.ExperimentReport.NoveltyResult;
import io.winnow.experiments.analysis.ExperimentReport.Role;
import io.winnow.experiments.analysis.ExperimentReport.SegmentResult;
import io.winnow.experiments.analysis.ExperimentReport.Status;
import io.winnow.experiments.bandit.Adaptive;
import io.winnow.experiments.interleaving.Preference;
import io.winnow.experiments.statistics.Novelty;
import io.winnow.experiments.statistics.SampleRatio;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * From figures to a decision, and to what could be wrong with it.
 *
 * <p>In this order: data that contradict the design end everything; harm stops an arm; a treatment
 * that is called better and breaks no guardrail is shipped; at the plan's end what was not called
 * better is not shipped. A decision falls at a look that was due, or, where the plan says so, at any
 * time. Harm by a guardrail is acted on from the first look on.
 */
final class Findings {
  /** More units in several arms than this share contradict the design. */
  static final double MIXED_MAX = 0.01;

  private static final int SEGMENTS_MANY = 5;
  private static final int METRICS_MANY = 5;
  private static final long SILENCE_MS = TimeUnit.DAYS.toMillis(1);
  private static final double PERIODS_NEEDED = 2;

  private final Experiment experiment;
  private final Course course;
  private final Health health;
  private final List<MetricResult> metrics;
  private final @Nullable Monitoring monitoring;
  private final List<NoveltyResult> novelty;
  private final List<SegmentResult> segments;
  private final List<CreditResult> preferences;
  private final @Nullable BanditResult bandit;

  Findings(
      Experiment experiment,
      Course course,
      Health health,
      List<MetricResult> metrics,
      @Nullable Monitoring monitoring,
      List<NoveltyResult> novelty,
      List<SegmentResult> segments,
      List<CreditResult> preferences,
      @Nullable BanditResult bandit) {
    this.experiment = experiment;
    this.course = course;
    this.health = health;
    this.metrics = metrics;
    this.monitoring = monitoring;
    this.novelty = novelty;
    this.segments = segments;
    this.preferences = preferences;
    this.bandit = bandit;
  }

  private boolean isOver() {
    return course.nowMs() >= course.endMs();
  }

  Verdict verdict() {
    if (course.status() == Status.WAITING) {
      return new Verdict.GoOn("Nobody has met the experiment yet.");
    }
    Optional<Verdict> untrusted = distrust();
    if (untrusted.isPresent()) {
      return untrusted.get();
    }
    return switch (experiment.design()) {
      case Experiment.Design.Split _ -> split();
      case Experiment.Design.Interleaving _ -> interleaving();
      case Experiment.Design.Bandit _ -> bandit();
    };
  }

  private Optional<Verdict> distrust() {
    SampleRatio ratio = health.ratio();
    if (ratio != null && ratio.alarm()) {
      return Optional.of(
          new Verdict.DoNotTrust(
              String.format(Locale.ROOT, 
                  "The arms do not have the shares of units that they were given (sample ratio mismatch,"
                      + " p = %.2g): units were lost or added in one of them, and no difference means"
                      + " anything until it is known why.",
                  ratio.pValue())));
    }
    if (health.mixed() > MIXED_MAX * units()) {
      return Optional.of(
          new Verdict.DoNotTrust(
              String.format(Locale.ROOT, 
                  "%,d of %,d units were seen in several arms; more than %.0f %% contradict the design.",
                  health.mixed(),
                  units(),
                  100 * MIXED_MAX)));
    }
    return Optional.empty();
  }

  private long units() {
    return health.units() + health.mixed();
  }

  private Verdict split() {
    MetricResult primary = metrics.getFirst();
    Optional<Verdict> harm = harm(primary);
    if (harm.isPresent()) {
      return harm.get();
    }
    List<Comparison> better =
        primary.comparisons().stream()
            .filter(comparison -> comparison.finding() == Finding.BETTER)
            .toList();
    Optional<Comparison> best =
        better.stream()
            .filter(comparison -> guards(comparison.arm(), Finding.SAFE))
            .max(Comparator.comparingDouble(comparison -> gain(primary, comparison)));
    if (best.isPresent()) {
      return new Verdict.Ship(
          best.get().arm(),
          String.format(Locale.ROOT, 
              "%s is better by %s (%s) and no guardrail is worse by more than its margin.",
              primary.metric().name(),
              lift(best.get()),
              boundary()));
    }
    boolean ended = experiment.plan().looks() instanceof Experiment.Looks.Planned
        ? course.looksDue() == course.looks()
        : isOver();
    if (!better.isEmpty()) {
      String open = unproven(better.getFirst().arm());
      return ended
          ? new Verdict.Keep(
              String.format(Locale.ROOT, 
                  "%s is better, but %s is not shown to be safe and the plan is over.",
                  better.getFirst().arm(),
                  open))
          : new Verdict.GoOn(
              String.format(Locale.ROOT, 
                  "%s is better, but %s is not yet shown to be safe.",
                  better.getFirst().arm(),
                  open));
    }
    if (ended) {
      return new Verdict.Keep(
          String.format(Locale.ROOT, 
              "The plan is over and no treatment was shown to be better in %s.",
              primary.metric().name()));
    }
    return new Verdict.GoOn(progress(primary));
  }

  private Optional<Verdict> harm(MetricResult primary) {
    boolean mayAct =
        course.looksDue() > 0 || experiment.plan().looks() instanceof Experiment.Looks.Always;
    List<String> reasons = new ArrayList<>();
    List<String> harmed = new ArrayList<>();
    for (Comparison comparison : primary.comparisons()) {
      if (comparison.finding() == Finding.WORSE) {
        harmed.add(comparison.arm());
        reasons.add(
            String.format(Locale.ROOT, "%s is worse: %s.", primary.metric().name(), lift(comparison)));
        continue;
      }
      for (MetricResult guardrail : guardrails()) {
        for (Comparison of : guardrail.comparisons()) {
          if (mayAct && of.arm().equals(comparison.arm()) && of.finding() == Finding.HARMED) {
            harmed.add(comparison.arm());
            reasons.add(
                String.format(Locale.ROOT, 
                    "The guardrail %s is worse by more than %.2g %%: %s.",
                    guardrail.metric().name(),
                    100 * guardrail.margin(),
                    lift(of)));
          }
        }
      }
    }
    long all = harmed.stream().distinct().count();
    boolean othersGoOn = all < primary.comparisons().size();
    if (harmed.isEmpty() || (othersGoOn && anotherShips(primary, harmed))) {
      return Optional.empty();
    }
    return Optional.of(
        new Verdict.Harmful(
            String.join(", ", harmed.stream().distinct().toList()),
            String.join(" ", reasons) + (othersGoOn ? " The other treatments may go on." : "")));
  }

  private boolean anotherShips(MetricResult primary, List<String> harmed) {
    return primary.comparisons().stream()
        .anyMatch(comparison ->
            !harmed.contains(comparison.arm())
                && comparison.finding() == Finding.BETTER
                && guards(comparison.arm(), Finding.SAFE));
  }

  private List<MetricResult> guardrails() {
    return metrics.stream().filter(metric -> metric.role() == Role.GUARDRAIL).toList();
  }

  /** Whether all guardrails of an arm have this finding. */
  private boolean guards(String arm, Finding finding) {
    return guardrails().stream()
        .flatMap(guardrail -> guardrail.comparisons().stream())
        .filter(comparison -> comparison.arm().equals(arm))
        .allMatch(comparison -> comparison.finding() == finding);
  }

  private String unproven(String arm) {
    return String.join(
        ", ",
        guardrails().stream()
            .filter(guardrail ->
                guardrail.comparisons().stream()
                    .anyMatch(of -> of.arm().equals(arm) && of.finding() != Finding.SAFE))
            .map(guardrail -> guardrail.metric().name())
            .toList());
  }

  private static double gain(MetricResult metric, Comparison comparison) {
    double difference = comparison.contrast().difference();
    return metric.metric().better() == Metric.Better.HIGHER ? difference : -difference;
  }

  private static String lift(Comparison comparison) {
    if (comparison.contrast().lift().isEmpty()) {
      return String.format(Locale.ROOT, "%+.3g", comparison.contrast().difference());
    }
    String point = String.format(Locale.ROOT, "%+.2f %%", 100 * comparison.contrast().lift().getAsDouble());
    return comparison.lift().isFinite()
        ? String.format(Locale.ROOT, 
            "%s, interval %+.2f to %+.2f %%",
            point,
            100 * comparison.lift().low(),
            100 * comparison.lift().high())
        : point;
  }

  private String boundary() {
    return course.looks() > 0
        ? String.format(Locale.ROOT, "look %d of %d", course.looksDue(), course.looks())
        : "always-valid";
  }

  private String progress(MetricResult primary) {
    String where =
        course.looks() > 0
            ? String.format(Locale.ROOT, "%d of %d planned looks have come", course.looksDue(), course.looks())
            : "the confidence sequence still holds 'no difference'";
    String widest =
        primary.comparisons().stream()
            .map(comparison -> comparison.arm() + ": " + lift(comparison))
            .reduce((a, b) -> a + "; " + b)
            .orElse("");
    return String.format(Locale.ROOT, 
        "No difference in %s is shown yet (%s): %s.", primary.metric().name(), widest, where);
  }

  private Verdict interleaving() {
    if (preferences.isEmpty()) {
      return new Verdict.GoOn("No metric of this experiment can be credited to an arm.");
    }
    CreditResult primary = preferences.getFirst();
    Preference of = primary.preference();
    boolean firstIsBetter = of.low() > 0 == (primary.metric().better() == Metric.Better.HIGHER);
    if (!isOver()) {
      return new Verdict.GoOn(
          String.format(Locale.ROOT, 
              "An interleaving is judged once, at its end. So far %s.", preference(primary)));
    }
    if (of.low() > 0 || of.high() < 0) {
      return firstIsBetter
          ? new Verdict.Keep(String.format(Locale.ROOT, "Users prefer the control: %s.", preference(primary)))
          : new Verdict.Ship(
              primary.second(),
              String.format(Locale.ROOT, 
                  "Users prefer it: %s. How much a metric would gain, an interleaving does not say.",
                  preference(primary)));
    }
    return new Verdict.Keep(String.format(Locale.ROOT, "No preference is shown: %s.", preference(primary)));
  }

  private static String preference(CreditResult result) {
    Preference of = result.preference();
    return String.format(Locale.ROOT, 
        "%s got %+.1f %% more of the credit in %s (interval %+.1f to %+.1f %%; %,d users preferred it,"
            + " %,d the control)",
        result.second(),
        -100 * of.estimate(),
        result.metric().name(),
        -100 * of.high(),
        -100 * of.low(),
        of.secondWins(),
        of.firstWins());
  }

  private Verdict bandit() {
    if (bandit == null || bandit.differences().isEmpty()) {
      return new Verdict.GoOn("No period has units in every arm yet.");
    }
    Metric metric = metrics.getFirst().metric();
    int sign = metric.better() == Metric.Better.HIGHER ? 1 : -1;
    int best = 0;
    for (int i = 1; i < bandit.differences().size(); i++) {
      if (sign * bandit.differences().get(i).estimate()
          > sign * bandit.differences().get(best).estimate()) {
        best = i;
      }
    }
    Adaptive of = bandit.differences().get(best);
    String arm = experiment.arms().get(best + 1).name();
    String said =
        String.format(Locale.ROOT, "%s against the control: %+.3g, interval %+.3g to %+.3g",
            arm, of.estimate(), of.low(), of.high());
    if (!isOver() || bandit.periods().size() < PERIODS_NEEDED) {
      return new Verdict.GoOn(
          String.format(Locale.ROOT, "A bandit moves the traffic itself and is judged at its end. So far %s.", said));
    }
    double low = sign > 0 ? of.low() : -of.high();
    return low > 0
        ? new Verdict.Ship(arm, "Better over all periods: " + said + ".")
        : new Verdict.Keep("Not shown to be better over all periods: " + said + ".");
  }

  /** What could be wrong, the gravest first. */
  List<String> doubts() {
    List<String> doubts = new ArrayList<>();
    dataDoubts(doubts);
    if (course.status() != Status.WAITING) {
      planDoubts(doubts);
      effectDoubts(doubts);
    }
    doubts.add(
        "Units may influence each other: a recommender that learns from both arms, or items that become"
            + " scarce, bring them closer together than they would be.");
    return doubts;
  }

  private void dataDoubts(List<String> doubts) {
    SampleRatio ratio = health.ratio();
    if (ratio != null && ratio.alarm()) {
      doubts.add(
          String.format(Locale.ROOT, 
              "Sample ratio mismatch: p = %.2g that the arms' shares are as planned (%.2g however often"
                  + " one looks).",
              ratio.pValue(),
              health.alwaysValidP()));
    }
    if (health.mixed() > 0) {
      doubts.add(
          String.format(Locale.ROOT, 
              "%,d units were seen in several arms and are left out.", health.mixed()));
    }
    if (health.strangers() > 0) {
      doubts.add(
          String.format(Locale.ROOT, 
              "%,d exposures name an arm that the experiment does not have: it was changed without a new"
                  + " run.",
              health.strangers()));
    }
    if (course.status() == Status.RUNNING && course.nowMs() - health.lastMs() > SILENCE_MS) {
      doubts.add(
          String.format(Locale.ROOT, 
              "Nothing was served for %.1f days: the data may be cut off.",
              (course.nowMs() - health.lastMs()) / (double) TimeUnit.DAYS.toMillis(1)));
    }
  }

  private void planDoubts(List<String> doubts) {
    if (monitoring != null && course.looks() > 0 && course.looksDue() < course.looks()) {
      doubts.add(
          String.format(Locale.ROOT, 
              "Look %d of %d: an early look. Effects that are found early are overestimated on average.",
              course.looksDue(),
              course.looks()));
    }
    if (health.planned() > 0 && health.units() < health.planned()) {
      doubts.add(
          String.format(Locale.ROOT, 
              "%,d of the %,d units that the plan needs to find a difference of %.2g %% have come.",
              health.units(),
              health.planned(),
              100 * experiment.plan().minimumEffect()));
    }
    if (course.endMs() - course.startMs() < TimeUnit.DAYS.toMillis(7)) {
      doubts.add("The plan is shorter than a week: weekdays differ.");
    }
    for (MetricResult guardrail : guardrails()) {
      for (Comparison comparison : guardrail.comparisons()) {
        if (comparison.finding() == Finding.NOT_YET) {
          doubts.add(
              String.format(Locale.ROOT, 
                  "Guardrail %s of %s is not yet shown to be safe: it could be worse by more than %.2g %%.",
                  guardrail.metric().name(),
                  comparison.arm(),
                  100 * guardrail.margin()));
        }
      }
    }
  }

  private void effectDoubts(List<String> doubts) {
    for (NoveltyResult result : novelty) {
      if (result.novelty().trend() == Novelty.Trend.FALLING
          || result.novelty().trend() == Novelty.Trend.RISING) {
        boolean higher = metrics.getFirst().metric().better() == Metric.Better.HIGHER;
        doubts.add(result.arm() + ": " + result.novelty().explanation(higher));
      }
    }
    int looked = segments.stream().mapToInt(result -> result.segments().segments().size()).sum();
    if (looked > SEGMENTS_MANY) {
      doubts.add(
          String.format(Locale.ROOT, 
              "%d segments were looked at; at alpha %.2g some %.1f of them would show an effect by chance."
                  + " Read the adjusted p-values, and test what you find once more.",
              looked,
              experiment.plan().alpha(),
              looked * experiment.plan().alpha()));
    }
    long secondary = metrics.stream().filter(metric -> metric.role() == Role.SECONDARY).count();
    if (secondary > METRICS_MANY) {
      doubts.add(
          String.format(Locale.ROOT, "%d secondary metrics: their p-values are adjusted for their number.", secondary));
    }
    if (bandit != null) {
      doubts.add(
          "A bandit's traffic follows its results: read the adaptive estimates, the plain means of the"
              + " arms are biased.");
    }
    if (!preferences.isEmpty()) {
      doubts.add(
          "Interleaving compares rankings within a slate: it does not see what a whole slate of one arm"
              + " would do to a session.");
    }
  }
}
