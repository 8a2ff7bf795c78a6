package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import io.winnow.core.application.Metric;
import io.winnow.experiments.bandit.Adaptive;
import io.winnow.experiments.bandit.Period;
import io.winnow.experiments.interleaving.Preference;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Interval;
import io.winnow.experiments.statistics.Novelty;
import io.winnow.experiments.statistics.SampleRatio;
import io.winnow.experiments.statistics.Segments;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the log says about an experiment at a moment. A pure function of the log up to an
 * offset, the experiment and the time.
 *
 * @param about which experiment, and as of when
 * @param verdict what to do
 * @param doubts what could be wrong, the gravest first; sentences for people
 * @param arms in the experiment's order, the control first
 * @param health whether the data fit the design
 * @param metrics the primary first, then secondary, then guardrails
 * @param timeline the primary metric as it stood, oldest first
 * @param novelty the effect on the primary metric by day after the first exposure, by treatment
 * @param segments by field and treatment
 * @param exposure what the arms showed, by dimension
 * @param preferences what an interleaving found, by metric; empty otherwise
 * @param bandit the periods of a bandit; null otherwise
 * @param notes what was left out or sampled; sentences for people
 */
public record ExperimentReport(
    About about,
    Verdict verdict,
    List<String> doubts,
    List<ArmSummary> arms,
    Health health,
    List<MetricResult> metrics,
    List<TimePoint> timeline,
    List<NoveltyResult> novelty,
    List<SegmentResult> segments,
    List<ExposureResult> exposure,
    List<CreditResult> preferences,
    @Nullable BanditResult bandit,
    List<String> notes) {
  /** Copies the lists. */
  public ExperimentReport {
    doubts = List.copyOf(doubts);
    arms = List.copyOf(arms);
    metrics = List.copyOf(metrics);
    timeline = List.copyOf(timeline);
    novelty = List.copyOf(novelty);
    segments = List.copyOf(segments);
    exposure = List.copyOf(exposure);
    preferences = List.copyOf(preferences);
    notes = List.copyOf(notes);
  }

  /**
   * Which experiment, and as of when.
   *
   * @param status where it is
   * @param startMs when it began, epoch milliseconds: declared, or the first exposure
   * @param endMs when the plan ends
   * @param nowMs as of when
   * @param toOffset records below it are known
   * @param records how many were read
   * @param looksDue how many planned looks have come, of {@code looks}
   * @param looks planned looks; 0 for any time
   */
  public record About(
      Experiment experiment,
      Status status,
      long startMs,
      long endMs,
      long nowMs,
      long toOffset,
      long records,
      int looksDue,
      int looks) {}

  /** Where an experiment is. */
  public enum Status {
    /** Nobody has met it yet. */
    WAITING,
    /** Units come in. */
    RUNNING,
    /** Its time is over. */
    ENDED
  }

  /**
   * One arm.
   *
   * @param name of it
   * @param expected its share of the units by plan
   * @param units that met it and no other arm
   * @param changes what it changes, for people; empty for nothing
   * @param release the release that it serves, or empty for the active one
   * @param offline that release's offline figures, by name
   */
  public record ArmSummary(
      String name,
      double expected,
      long units,
      String changes,
      String release,
      Map<String, Double> offline) {}

  /**
   * Whether the data fit the design.
   *
   * @param units that count, in all arms
   * @param ratio the arms' units against the plan; null where units are not split between arms
   * @param alwaysValidP the same, however often one looks; 1 without a ratio
   * @param mixed units that were seen in several arms, left out everywhere
   * @param exposures of all units
   * @param strangers exposures to arms that the experiment does not have
   * @param planned units that the plan asks for; 0 if that is not known
   * @param lastMs the newest time that the server itself wrote to the log
   */
  public record Health(
      long units,
      @Nullable SampleRatio ratio,
      double alwaysValidP,
      long mixed,
      long exposures,
      long strangers,
      long planned,
      long lastMs) {}

  /** What a metric is for. */
  public enum Role {
    /** Decides. */
    PRIMARY,
    /** Is told beside it. */
    SECONDARY,
    /** Must not get worse. */
    GUARDRAIL
  }

  /** What is known of a treatment's metric. */
  public enum Finding {
    /** Better than the control. */
    BETTER,
    /** Worse than the control. */
    WORSE,
    /** A difference is not shown. */
    UNCLEAR,
    /** Of a guardrail: worse by less than the margin, or not worse at all. */
    SAFE,
    /** Of a guardrail: worse by more than the margin. */
    HARMED,
    /** Of a guardrail: it could still be worse by more than the margin. */
    NOT_YET
  }

  /**
   * One metric.
   *
   * @param metric its definition
   * @param role what for; a metric that is a guardrail and more has a result for each role
   * @param margin of a guardrail: the relative worsening that would not be accepted; else 0
   * @param arms each arm's value, as it is
   * @param comparisons each treatment with the control
   * @param varianceReduction what behaviour before the experiment saved, in [0, 1)
   */
  public record MetricResult(
      Metric metric,
      Role role,
      double margin,
      List<Estimate> arms,
      List<Comparison> comparisons,
      double varianceReduction) {
    /** Copies the lists. */
    public MetricResult {
      arms = List.copyOf(arms);
      comparisons = List.copyOf(comparisons);
    }
  }

  /**
   * A treatment and the control.
   *
   * @param arm the treatment
   * @param contrast of the estimates, adjusted for behaviour before where there is any
   * @param critical how many standard errors the intervals reach to each side
   * @param p of the difference, as if this were the only look at the only metric
   * @param adjustedP of the primary metric: over all looks and treatments; of a secondary one: over
   *     all of them (false discovery rate); of a guardrail the same as p
   * @param finding what it means
   */
  public record Comparison(
      String arm,
      Contrast contrast,
      double critical,
      double p,
      double adjustedP,
      Finding finding) {
    /** The interval of the difference. */
    public Interval difference() {
      return contrast.differenceInterval(critical);
    }

    /** The interval of the relative difference. */
    public Interval lift() {
      return contrast.liftInterval(critical);
    }
  }

  /**
   * The primary metric as it stood at a time, with what the log held then.
   *
   * @param timeMs epoch milliseconds
   * @param look the number of the look that was due, or 0
   * @param units by arm
   * @param comparisons each treatment with the control; empty before there were units
   */
  public record TimePoint(
      long timeMs, int look, List<Long> units, List<TimeComparison> comparisons) {
    /** Copies the lists. */
    public TimePoint {
      units = List.copyOf(units);
      comparisons = List.copyOf(comparisons);
    }
  }

  /**
   * A treatment and the control at a time.
   *
   * @param critical the boundary in standard errors; infinite where the rule says nothing
   * @param crossed whether the difference was beyond it
   */
  public record TimeComparison(String arm, Contrast contrast, double critical, boolean crossed) {}

  /**
   * The effect by day.
   *
   * @param days by day after the first exposure, the first is 1
   */
  public record NoveltyResult(String arm, Novelty novelty, List<Novelty.DailyEffect> days) {
    /** Copies the list. */
    public NoveltyResult {
      days = List.copyOf(days);
    }
  }

  /**
   * The primary metric by the values of one field.
   *
   * @param left how many values are not shown
   */
  public record SegmentResult(Experiment.Field field, String arm, Segments segments, int left) {}

  /**
   * What the arms showed of one dimension.
   *
   * @param dimension an attribute, {@code item} or {@code age}
   * @param gini by arm, over what could be shown; empty for {@code age}
   * @param coverage by arm, the share of it that was shown at an equal number of impressions; empty
   *     for {@code age}
   * @param againstCatalogue by arm, how far exposure is from the catalogue's shares; empty for items
   * @param againstMerit by arm, how far exposure is from merit's shares; empty for items
   * @param groups the largest; empty for items
   */
  public record ExposureResult(
      String dimension,
      List<Estimate> gini,
      List<Estimate> coverage,
      List<Estimate> againstCatalogue,
      List<Estimate> againstMerit,
      List<Group> groups) {
    /** Copies the lists. */
    public ExposureResult {
      gini = List.copyOf(gini);
      coverage = List.copyOf(coverage);
      againstCatalogue = List.copyOf(againstCatalogue);
      againstMerit = List.copyOf(againstMerit);
      groups = List.copyOf(groups);
    }
  }

  /**
   * A group of items; shares in [0, 1].
   *
   * @param catalogue its share of the items that may be shown
   * @param merit its share of what users make of items that are shown
   * @param exposure its share of the impressions, by arm
   */
  public record Group(String name, double catalogue, double merit, List<Double> exposure) {
    /** Copies the list. */
    public Group {
      exposure = List.copyOf(exposure);
    }
  }

  /**
   * What an interleaving found.
   *
   * @param first the control
   * @param second the treatment
   * @param preference above 0 where the first is better liked
   */
  public record CreditResult(
      Metric metric, String first, String second, Preference preference) {}

  /**
   * A bandit's course.
   *
   * @param periods in order
   * @param firstMs when each began
   * @param means by arm, unbiased though the shares followed the results
   * @param differences by treatment, from the control
   */
  public record BanditResult(
      List<Period> periods, List<Long> firstMs, List<Adaptive> means, List<Adaptive> differences) {
    /** Copies the lists. */
    public BanditResult {
      periods = List.copyOf(periods);
      firstMs = List.copyOf(firstMs);
      means = List.copyOf(means);
      differences = List.copyOf(differences);
    }
  }
}
