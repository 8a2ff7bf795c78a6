package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Whether an effect changes from day to day: new things draw attention that wears off (novelty),
 * and people need time to learn (primacy); the effect that was measured is then not the one that
 * stays (Kohavi, Tang, Xu, Trustworthy Online Controlled Experiments, 2020, ch. 3; Hohnhold,
 * O'Brien, Tang, Focusing on the long-term, KDD 2015).
 *
 * <p>Two tests of the daily effects d_t with standard errors s_t, weights w_t = 1/s_t²:
 *
 * <ul>
 *   <li>trend: weighted regression of d_t on ln(t), since effects of habit change fast at first,
 *       <pre>slope = Σ w_t·(x_t − x̄)·d_t / Σ w_t·(x_t − x̄)²,  variance 1/Σ w_t·(x_t − x̄)²</pre>
 *       with known errors (Hedges, Olkin, Statistical Methods for Meta-Analysis, 1985, ch. 8);
 *   <li>late against early: the weighted mean of the later half of the days minus that of the
 *       earlier.
 * </ul>
 *
 * <p>The same users come on several days, so daily effects are alike more than these formulas
 * assume; what all days share cancels from both contrasts, so that the tests err towards 'steady'.
 *
 * @param trend the finding, at alpha .05 of the trend test
 * @param slopePerLogDay change of the effect as the day number grows by a factor e
 * @param slopePValue of 'no trend'; 1 where days are too few
 * @param early effect over the earlier half of the days
 * @param late effect over the later half
 * @param latePValue of 'late equals early'
 */
public record Novelty(
    Trend trend,
    double slopePerLogDay,
    double slopePValue,
    Estimate early,
    Estimate late,
    double latePValue) {
  private static final double ALPHA = 0.05;
  private static final int DAYS_MIN = 4;

  /** What the daily effects show. */
  public enum Trend {
    /** Fewer than four days with an effect that has a standard error. */
    TOO_SHORT,
    /** No trend that could not be chance. */
    STEADY,
    /** The effect falls: where more is better, a novelty that wears off. */
    FALLING,
    /** The effect rises: where more is better, users who had to learn (primacy). */
    RISING
  }

  /**
   * The effect of one day.
   *
   * @param day since the start of the experiment, the first is 1
   * @param contrast the arms on that day alone
   */
  public record DailyEffect(int day, Contrast contrast) {
    /** Checks the day. */
    public DailyEffect {
      if (day < 1) {
        throw WinnowException.invalid("day", day, ">= 1");
      }
    }

    private double weight() {
      return contrast.information();
    }
  }

  /** Tests daily effects, which need not be on consecutive days; unknown ones are left out. */
  public static Novelty check(List<DailyEffect> effects) {
    List<DailyEffect> days =
        effects.stream()
            .filter(effect -> effect.weight() > 0)
            .sorted(Comparator.comparingInt(DailyEffect::day))
            .toList();
    int half = days.size() / 2;
    Estimate early = pooled(days.subList(0, half));
    Estimate late = pooled(days.subList(half, days.size()));
    double latePValue =
        normalPValue(
            late.value() - early.value(), Math.hypot(early.standardError(), late.standardError()));
    if (days.size() < DAYS_MIN) {
      return new Novelty(Trend.TOO_SHORT, 0, 1, early, late, latePValue);
    }
    double weights = sum(days, DailyEffect::weight);
    double centre = sum(days, day -> day.weight() * Math.log(day.day())) / weights;
    double spread = sum(days, day -> day.weight() * Math.pow(Math.log(day.day()) - centre, 2));
    if (!(spread > 0)) {
      return new Novelty(Trend.TOO_SHORT, 0, 1, early, late, latePValue);
    }
    double slope =
        sum(
                days,
                day -> day.weight() * (Math.log(day.day()) - centre) * day.contrast().difference())
            / spread;
    double pValue = normalPValue(slope, 1 / Math.sqrt(spread));
    Trend trend = pValue >= ALPHA ? Trend.STEADY : slope < 0 ? Trend.FALLING : Trend.RISING;
    return new Novelty(trend, slope, pValue, early, late, latePValue);
  }

  /**
   * One sentence for a report.
   *
   * @param moreIsBetter whether a higher metric is better
   */
  public String explanation(boolean moreIsBetter) {
    return switch (trend) {
      case TOO_SHORT -> "There are too few days to say whether the effect changes.";
      case STEADY -> "The effect shows no trend over the days.";
      case FALLING ->
          moreIsBetter
              ? "The effect falls from day to day: part of it may be novelty that wears off."
              : "The effect falls from day to day: users may have had to learn (primacy).";
      case RISING ->
          moreIsBetter
              ? "The effect rises from day to day: users may have had to learn (primacy)."
              : "The effect rises from day to day: part of it may be novelty that wears off.";
    };
  }

  /** The weighted mean with its error; its units are days. */
  private static Estimate pooled(List<DailyEffect> days) {
    double weights = sum(days, DailyEffect::weight);
    return weights > 0
        ? new Estimate(
            sum(days, day -> day.weight() * day.contrast().difference()) / weights,
            1 / Math.sqrt(weights),
            days.size())
        : Estimate.undefined();
  }

  private static double normalPValue(double value, double standardError) {
    return Double.isInfinite(standardError) ? 1 : Normal.twoSided(value / standardError);
  }

  private static double sum(List<DailyEffect> days, ToDoubleFunction<DailyEffect> term) {
    return days.stream().mapToDouble(term).sum();
  }
}
