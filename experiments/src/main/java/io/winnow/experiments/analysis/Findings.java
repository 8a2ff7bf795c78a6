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
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Interval;
import io.winnow.experiments.statistics.Novelty;
import io.winnow.experiments.statistics.SampleRatio;
import io.winnow.experiments.statistics.SequentialPlan;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * From figures to a decision, and to what could be wrong with it.
 *
 * <p>In this order: data that contradict the design end everything; harm stops an arm; a treatment
 * that is called better and breaks no guardrail is shipped; at the plan's end what was not called
 * better is not shipped. A decision falls at a look that was due, or, where the plan says so, at
 * any time. Harm by a guardrail is acted on from the first look on.
 */
final class Findings {
  /** More units in several arms than this share contradict the design. */
  static final double MIXED_MAX = 0.01;

  private static final int SEGMENTS_MANY = 5;
  private static final int METRICS_MANY = 5;
  private static final long SILENCE_MS = TimeUnit.DAYS.toMillis(1);
  private static final double PERIODS_NEEDED = 2;

  private final Experiment experiment;
  private final Needs needs;
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
      Needs needs,
      Course course,
      Health health,
      List<MetricResult> metrics,
      @Nullable Monitoring monitoring,
      List<NoveltyResult> novelty,
      List<SegmentResult> segments,
      List<CreditResult> preferences,
      @Nullable BanditResult bandit) {
    this.experiment = experiment;
    this.needs = needs;
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
      case Experiment.Design.Bandit design -> bandit(design);
    };
  }

  /**
   * The p-value of the arms' shares: while one looks every day, the one that holds however often
   * one does; at the plan's end that of one look.
   */
  private double mismatchP() {
    SampleRatio ratio = health.ratio();
    return ratio == null ? 1 : isOver() ? ratio.pValue() : health.alwaysValidP();
  }

  private boolean isMismatched() {
    return mismatchP() < SampleRatio.ALARM_BELOW;
  }

  private Optional<Verdict> distrust() {
    if (isMismatched()) {
      return Optional.of(
          new Verdict.DoNotTrust(
              String.format(
                  Locale.ROOT,
                  "The arms do not have the shares of units that they were given (sample ratio mismatch,"
                      + " p = %.2g): units were lost or added in one of them, and no difference means"
                      + " anything until it is known why.",
                  mismatchP())));
    }
    if (health.mixed() > MIXED_MAX * units()) {
      return Optional.of(
          new Verdict.DoNotTrust(
              String.format(
                  Locale.ROOT,
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
    Optional<Verdict> contradiction = contradiction(primary);
    if (contradiction.isPresent()) {
      return contradiction.get();
    }
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
          String.format(
              Locale.ROOT,
              "%s is better by %s (%s) and no guardrail is worse by more than its margin.",
              primary.metric().name(),
              lift(best.get()),
              boundary()));
    }
    boolean ended =
        (monitoring != null && experiment.plan().looks() instanceof Experiment.Looks.Planned)
            ? course.looksDue() == course.looks()
            : isOver();
    if (!better.isEmpty()) {
      String open = unproven(better.getFirst().arm());
      return ended
          ? new Verdict.Keep(
              String.format(
                  Locale.ROOT,
                  "%s is better, but %s is not shown to be safe and the plan is over.",
                  better.getFirst().arm(),
                  open))
          : new Verdict.GoOn(
              String.format(
                  Locale.ROOT,
                  "%s is better, but %s is not yet shown to be safe.",
                  better.getFirst().arm(),
                  open));
    }
    if (ended) {
      return new Verdict.Keep(
          String.format(
              Locale.ROOT,
              "The plan is over and no treatment was shown to be better in %s.",
              primary.metric().name()));
    }
    return new Verdict.GoOn(progress(primary));
  }

  /** A difference that was called, and of which a later look called the contrary. */
  private Optional<Verdict> contradiction(MetricResult primary) {
    if (monitoring == null) {
      return Optional.empty();
    }
    double level = SequentialPlan.level(primary.arms());
    for (int arm = 0; arm < primary.comparisons().size(); arm++) {
      Comparison comparison = primary.comparisons().get(arm);
      Optional<Monitoring.Call> call = monitoring.called(arm, comparison.contrast(), level);
      Monitoring.Seen against = call.map(Monitoring.Call::against).orElse(null);
      if (call.isPresent() && against != null) {
        return Optional.of(
            new Verdict.DoNotTrust(
                String.format(
                    Locale.ROOT,
                    "The effect of %s on %s is not one: it was called %s, and the contrary later: %s."
                        + " Find out what changed, and test once more.",
                    comparison.arm(),
                    primary.metric().name(),
                    seen(call.get().first()),
                    seen(against))));
      }
    }
    return Optional.empty();
  }

  private static String seen(Monitoring.Seen seen) {
    Interval interval = seen.contrast().differenceInterval(seen.judgement().critical());
    return String.format(
        Locale.ROOT,
        "%+.3g at %s%s (interval %+.3g to %+.3g)",
        seen.contrast().difference(),
        seen.look() > 0 ? "look " + seen.look() + ", " : "",
        Instant.ofEpochMilli(seen.timeMs()),
        interval.low(),
        interval.high());
  }

  private Optional<Verdict> harm(MetricResult primary) {
    List<String> reasons = new ArrayList<>();
    List<String> harmed = new ArrayList<>();
    for (Comparison comparison : primary.comparisons()) {
      if (comparison.finding() == Finding.WORSE) {
        harmed.add(comparison.arm());
        reasons.add(
            String.format(
                Locale.ROOT, "%s is worse: %s.", primary.metric().name(), lift(comparison)));
        continue;
      }
      for (MetricResult guardrail : guardrails()) {
        for (Comparison of : guardrail.comparisons()) {
          if (of.arm().equals(comparison.arm()) && of.finding() == Finding.HARMED) {
            harmed.add(comparison.arm());
            reasons.add(
                String.format(
                    Locale.ROOT,
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
    String point =
        String.format(Locale.ROOT, "%+.2f %%", 100 * comparison.contrast().lift().getAsDouble());
    return comparison.lift().isFinite()
        ? String.format(
            Locale.ROOT,
            "%s, interval %+.2f to %+.2f %%",
            point,
            100 * comparison.lift().low(),
            100 * comparison.lift().high())
        : point;
  }

  private String boundary() {
    return monitoring == null
        ? "one look at the end"
        : course.looks() > 0
            ? String.format(Locale.ROOT, "look %d of %d", course.looksDue(), course.looks())
            : "always-valid";
  }

  private String progress(MetricResult primary) {
    String where =
        monitoring == null
            ? "it has no course in time and is judged once, when the plan is over"
            : course.looks() > 0
                ? String.format(
                    Locale.ROOT,
                    "%d of %d planned looks have come",
                    course.looksDue(),
                    course.looks())
                : "the confidence sequence still holds 'no difference'";
    String widest =
        primary.comparisons().stream()
            .map(comparison -> comparison.arm() + ": " + lift(comparison))
            .reduce((a, b) -> a + "; " + b)
            .orElse("");
    return String.format(
        Locale.ROOT,
        "No difference in %s is shown yet (%s): %s.",
        primary.metric().name(),
        widest,
        where);
  }

  private Verdict interleaving() {
    if (preferences.isEmpty()) {
      return new Verdict.GoOn(
          "No two users have met it yet whose outcomes can be credited to an arm.");
    }
    CreditResult primary = preferences.getFirst();
    Preference of = primary.preference();
    boolean firstIsBetter = of.low() > 0 == (primary.metric().better() == Metric.Better.HIGHER);
    if (!isOver()) {
      return new Verdict.GoOn(
          String.format(
              Locale.ROOT,
              "An interleaving is judged once, at its end. So far %s.",
              preference(primary)));
    }
    if (of.low() > 0 || of.high() < 0) {
      return firstIsBetter
          ? new Verdict.Keep(
              String.format(Locale.ROOT, "Users prefer the control: %s.", preference(primary)))
          : !experiment.goals().guardrails().isEmpty()
              ? new Verdict.Keep(
                  String.format(
                      Locale.ROOT,
                      "Users prefer %s: %s. An interleaving cannot show that %s is safe: a split can.",
                      primary.second(),
                      preference(primary),
                      guardrailNames()))
              : new Verdict.Ship(
                  primary.second(),
                  String.format(
                      Locale.ROOT,
                      "Users prefer it: %s. How much a metric would gain, an interleaving does not say.",
                      preference(primary)));
    }
    return new Verdict.Keep(
        String.format(Locale.ROOT, "No preference is shown: %s.", preference(primary)));
  }

  private String guardrailNames() {
    return String.join(", ", experiment.goals().guardrails().keySet());
  }

  private static String preference(CreditResult result) {
    Preference of = result.preference();
    return String.format(
        Locale.ROOT,
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

  private Verdict bandit(Experiment.Design.Bandit design) {
    if (bandit == null || bandit.differences().isEmpty()) {
      return new Verdict.GoOn("No period has units in every arm yet.");
    }
    Metric metric = needs.metric(design.metric());
    int sign = metric.better() == Metric.Better.HIGHER ? 1 : -1;
    List<Adaptive> differences = bandit.differences();
    List<Integer> byGain =
        IntStream.range(0, differences.size())
            .boxed()
            .sorted(Comparator.comparingDouble(arm -> -sign * differences.get(arm).estimate()))
            .toList();
    if (!isOver() || bandit.periods().size() < PERIODS_NEEDED) {
      return new Verdict.GoOn(
          String.format(
              Locale.ROOT,
              "A bandit moves the traffic itself and is judged at its end. So far %s.",
              adaptive(metric, byGain.getFirst())));
    }
    List<Integer> better =
        byGain.stream()
            .filter(arm -> {
              Adaptive of = differences.get(arm);
              return (sign > 0 ? of.low() : -of.high()) > 0;
            })
            .toList();
    for (int arm : better) {
      String name = experiment.arms().get(arm + 1).name();
      if (guards(name, Finding.SAFE)) {
        return new Verdict.Ship(name, "Better over all periods: " + adaptive(metric, arm) + ".");
      }
    }
    return new Verdict.Keep(
        better.isEmpty()
            ? "Not shown to be better over all periods: "
                + adaptive(metric, byGain.getFirst())
                + "."
            : String.format(
                Locale.ROOT,
                "Better over all periods: %s; but %s is not shown to be safe.",
                adaptive(metric, better.getFirst()),
                unproven(experiment.arms().get(better.getFirst() + 1).name())));
  }

  private String adaptive(Metric metric, int treatment) {
    Adaptive of = Objects.requireNonNull(bandit).differences().get(treatment);
    return String.format(
        Locale.ROOT,
        "%s against the control in %s: %+.3g, interval %+.3g to %+.3g",
        experiment.arms().get(treatment + 1).name(),
        metric.name(),
        of.estimate(),
        of.low(),
        of.high());
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
    if (ratio != null && isMismatched()) {
      doubts.add(
          String.format(
              Locale.ROOT,
              "Sample ratio mismatch: p = %.2g that the arms' shares are as planned (%.2g however often"
                  + " one looks).",
              ratio.pValue(),
              health.alwaysValidP()));
    }
    if (health.mixed() > 0) {
      doubts.add(
          String.format(
              Locale.ROOT,
              "%,d units were seen in several arms and are left out.",
              health.mixed()));
    }
    if (health.strangers() > 0) {
      doubts.add(
          String.format(
              Locale.ROOT,
              "%,d exposures name an arm that the experiment does not have: it was changed without a new"
                  + " run.",
              health.strangers()));
    }
    if (course.status() == Status.RUNNING && course.nowMs() - health.lastMs() > SILENCE_MS) {
      doubts.add(
          String.format(
              Locale.ROOT,
              "Nothing was served for %.1f days: the data may be cut off.",
              (course.nowMs() - health.lastMs()) / (double) TimeUnit.DAYS.toMillis(1)));
    }
  }

  /** The units in the primary metric's estimates. */
  private long compared() {
    return metrics.isEmpty()
        ? 0
        : metrics.getFirst().arms().stream().mapToLong(Estimate::units).sum();
  }

  private void planDoubts(List<String> doubts) {
    if (experiment.design() instanceof Experiment.Design.Split && monitoring == null && !isOver()) {
      doubts.add(
          "%s is judged once, at the plan's end: it has no course in time, so looks before are not paid for."
              .formatted(metrics.getFirst().metric().name()));
    }
    if (monitoring != null && course.looks() > 0 && course.looksDue() < course.looks()) {
      doubts.add(
          String.format(
              Locale.ROOT,
              "Look %d of %d: an early look. Effects that are found early are overestimated on average.",
              course.looksDue(),
              course.looks()));
    }
    long compared = compared();
    if (health.planned() > 0 && compared < health.planned()) {
      doubts.add(
          String.format(
              Locale.ROOT,
              "%,d units are compared of the %,d that the plan needs to find a difference of %.2g %%.",
              compared,
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
              String.format(
                  Locale.ROOT,
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
          String.format(
              Locale.ROOT,
              "%d segments were looked at; at alpha %.2g some %.1f of them would show an effect by chance."
                  + " Read the adjusted p-values, and test what you find once more.",
              looked,
              experiment.plan().alpha(),
              looked * experiment.plan().alpha()));
    }
    long secondary = metrics.stream().filter(metric -> metric.role() == Role.SECONDARY).count();
    if (secondary > METRICS_MANY) {
      doubts.add(
          String.format(
              Locale.ROOT,
              "%d secondary metrics: their p-values are adjusted for their number.",
              secondary));
    }
    if (bandit != null) {
      doubts.add(
          "A bandit's traffic follows its results: read the adaptive estimates, the plain means of the"
              + " arms are biased.");
    }
    if (experiment.design() instanceof Experiment.Design.Interleaving
        && !experiment.goals().guardrails().isEmpty()) {
      doubts.add(
          "Guardrails (%s) are not looked at by an interleaving: every user sees both arms."
              .formatted(guardrailNames()));
    }
    if (!preferences.isEmpty()) {
      doubts.add(
          "Interleaving compares rankings within a slate: it does not see what a whole slate of one arm"
              + " would do to a session.");
    }
  }
}
