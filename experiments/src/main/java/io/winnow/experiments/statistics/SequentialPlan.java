package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.List;

/**
 * How repeated looks at one difference are clocked and judged: the rule, and the information at
 * which the plan ends.
 *
 * <p>Information is that of the <em>relative</em> difference, level² / se², with the metric's level
 * over all arms as it is at the look; it is also in the scale of the minimum effect, so what is
 * planned is known before the first unit comes: (drift / minimum effect)². The absolute information
 * 1 / se² would not do. A unit's total grows for as long as the experiment runs (a mean by unit, of
 * clicks or of seconds watched, has no window), so the standard error of the difference grows with
 * it and the absolute information falls while units come in; and what is planned of it would depend
 * on a level that was seen at some day. In relative terms a growing scale cancels.
 *
 * <p>What is assumed: between looks, z has the correlation √(I_k / I_l). Where units differ in how
 * active they are and totals grow with the time since they came, it is higher than that (1.5·r −
 * 0.5·r³ instead of r, where units come evenly and each grows linearly), which makes the rules
 * careful, not too quick. The relative effect must be the same throughout for the power that was
 * planned, not for alpha. A metric whose level cannot be told from zero (sums of both signs) has a
 * poor clock: little information, so little is called before the last planned look.
 *
 * @param rule that judges
 * @param plannedInformation of the relative difference where the plan ends, > 0; only {@link
 *     AlwaysValid} has it as its clock, the others take the share of the plan
 */
public record SequentialPlan(MonitoringRule rule, double plannedInformation) {
  /**
   * The clock of planned looks is their share of the plan to this power: users come back, so
   * information comes later than days go by, and alpha that is spent on days without information is
   * lost. (Shares themselves cost 6 % of one look's power where users come evenly and come back on
   * 15 % of days: the benchmark aa.planned.)
   */
  private static final double SHARE_POWER = 1.5;

  /** Checks the information. */
  public SequentialPlan {
    if (!(plannedInformation > 0 && plannedInformation < Double.POSITIVE_INFINITY)) {
      throw WinnowException.invalid(
          "plannedInformation", plannedInformation, "a finite number > 0");
    }
  }

  /**
   * Looks whose times were planned.
   *
   * @param alpha of this difference, two-sided
   */
  public static SequentialPlan planned(double alpha) {
    return new SequentialPlan(PlannedLooks.of(alpha), 1);
  }

  /**
   * Looks at any time.
   *
   * @param alpha of this difference, two-sided
   * @param power at the plan's end of one look
   * @param minimumEffect the relative difference that is to be found with it, > 0
   */
  public static SequentialPlan always(double alpha, double power, double minimumEffect) {
    return new SequentialPlan(
        AlwaysValid.planned(alpha),
        // The variance has no part in the information that is planned.
        new Planner(1, 0, List.of(1.0, 1.0), alpha, power, 1).plannedInformation(minimumEffect));
  }

  /** The level of all arms together, weighted by units; 0 where one has no data. */
  public static double level(List<Estimate> arms) {
    if (!arms.stream().allMatch(Estimate::isDefined)) {
      return 0;
    }
    double units = arms.stream().mapToDouble(Estimate::units).sum();
    return arms.stream().mapToDouble(arm -> arm.value() * (arm.units() / units)).sum();
  }

  /**
   * What the rule sees.
   *
   * @param level see {@link #level}
   * @param share of the plan that is done, >= 0
   * @param last whether no look will follow
   */
  public Look look(Contrast contrast, double level, double share, boolean last) {
    double relative = level / contrast.standardError();
    double information = Math.min(relative * relative, Double.MAX_VALUE);
    double fraction =
        rule instanceof AlwaysValid
            ? Math.min(information / plannedInformation, Double.MAX_VALUE)
            : Math.pow(share, SHARE_POWER);
    return new Look(information, fraction, contrast.z(), last);
  }

  /**
   * How many times the units of one look at the end are needed for the same power.
   *
   * @param looks evenly spaced, where they are planned
   */
  public double inflation(double power, int looks) {
    return switch (rule) {
      case OneLook _ -> 1;
      case AlwaysValid always -> Math.max(1, always.inflation(power));
      case PlannedLooks planned -> {
        double[] fractions = new double[looks];
        for (int k = 0; k < looks; k++) {
          fractions[k] = (k + 1.0) / looks;
        }
        yield Math.max(1, planned.inflation(power, fractions));
      }
    };
  }
}
