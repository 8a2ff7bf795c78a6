package io.winnow.experiments.analysis;

import io.winnow.core.application.Metric;
import io.winnow.experiments.statistics.Cuped;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Moments;
import io.winnow.experiments.statistics.Quantile;
import java.util.ArrayList;
import java.util.List;

/**
 * A metric's values by arm.
 *
 * @param raw as they are
 * @param adjusted for behaviour before, where there is any; else the same, as for conversions that
 *     are rare
 * @param varianceReduction what the adjustment saved, in [0, 1)
 */
record Estimates(List<Estimate> raw, List<Estimate> adjusted, double varianceReduction) {
  /** Fewest units of each arm that converted, and that did not, for conversions to be adjusted. */
  private static final int CONVERSIONS_MIN = 10;

  Estimates {
    raw = List.copyOf(raw);
    adjusted = List.copyOf(adjusted);
  }

  /** Of arms that need no adjustment. */
  static Estimates of(List<Estimate> arms) {
    return new Estimates(arms, arms, 0);
  }

  /**
   * Of a metric that is a number by unit.
   *
   * @param before whether behaviour before was collected
   */
  static Estimates of(UnitTally tally, List<Moments> arms, boolean before) {
    List<Estimate> raw =
        arms.stream().map(tally.isConversion() ? Estimate::conversion : Estimate::ratio).toList();
    if (!before || (tally.isConversion() && arms.stream().anyMatch(Estimates::isRare))) {
      return of(raw);
    }
    Cuped cuped = Cuped.of(arms);
    return cuped.theta() == 0
        ? of(raw)
        : new Estimates(raw, cuped.adjusted(), Math.max(0, cuped.varianceReduction()));
  }

  /**
   * Whether conversions, or their absence, are so few that the adjusted variance, which knows
   * nothing of what might have happened, would be too small.
   */
  private static boolean isRare(Moments arm) {
    double converted = arm.sum(Moments.Column.NUMERATOR);
    return Math.min(converted, arm.units() - converted) < CONVERSIONS_MIN;
  }

  /** Of any metric, as of a time. */
  static Estimates of(
      Metric metric,
      OutcomePass outcomes,
      ExposureMeasures exposure,
      int arms,
      long asOfMs,
      boolean before) {
    return switch (metric.definition()) {
      case Metric.Definition.Ratio _,
          Metric.Definition.Mean _,
          Metric.Definition.Conversion _,
          Metric.Definition.Retention _,
          Metric.Definition.ExposureShare _ -> {
        UnitTally tally = outcomes.tally(metric.name());
        yield of(tally, outcomes.moments(tally, -1, asOfMs).getFirst(), before);
      }
      case Metric.Definition.Quantile quantile -> {
        UnitValues values = outcomes.values(metric.name());
        List<Estimate> estimates = new ArrayList<>();
        for (int arm = 0; arm < arms; arm++) {
          estimates.add(Quantile.estimate(quantile.share(), values.byUnit(arm)));
        }
        yield of(estimates);
      }
      case Metric.Definition.Gini(String attribute) ->
          of(exposure.gini(ExposureMeasures.dimension(attribute)));
      case Metric.Definition.Coverage(String attribute) ->
          of(exposure.coverage(ExposureMeasures.dimension(attribute)));
      case Metric.Definition.Disparity(String attribute, Metric.Against against) ->
          of(exposure.disparity(attribute, against));
    };
  }
}
