package io.winnow.experiments.statistics;

import io.winnow.core.WinnowException;
import java.util.List;

/**
 * How many units and days an experiment needs, or what it can find with those it has.
 *
 * <p>A difference δ between control and the smallest treatment is found with the asked power if
 *
 * <pre>δ² = (z_{1−a/2} + z_power)²·inflation·variance·(1 − preCorrelation²)·(1/n_c + 1/n_t)</pre>
 *
 * with a = alpha shared among the treatments (Bonferroni) and n the units of each arm (Kohavi,
 * Tang, Xu, Trustworthy Online Controlled Experiments, 2020, ch. 15, where two arms at alpha .05
 * and power .8 give the rule 16·σ²/δ² units for each; Cohen, Statistical Power Analysis, 2nd
 * edition, ch. 2 and 6).
 *
 * @param variance of the metric over units; for a ratio that of its linearised unit values: {@link
 *     #varianceOfUnits}; > 0
 * @param preCorrelation of the metric with the same units' time before, if {@link Cuped} is used; 0
 *     otherwise; above −1 and below 1
 * @param weights of the arms' traffic, the control first, each > 0, of any sum; at least two
 * @param alpha two-sided, over all treatments
 * @param power the probability of finding δ
 * @param inflation by repeated looks, >= 1: {@link PlannedLooks#inflation}; 1 for one look
 */
public record Planner(
    double variance,
    double preCorrelation,
    List<Double> weights,
    double alpha,
    double power,
    double inflation) {
  /** Checks the numbers and copies the list. */
  public Planner {
    if (!(variance > 0 && variance < Double.POSITIVE_INFINITY)) {
      throw WinnowException.invalid("variance", variance, "a finite number > 0");
    }
    if (!(Math.abs(preCorrelation) < 1)) {
      throw WinnowException.invalid("preCorrelation", preCorrelation, "above -1 and below 1");
    }
    weights = List.copyOf(weights);
    if (weights.size() < 2) {
      throw WinnowException.invalid("weights", weights, "at least two");
    }
    for (double weight : weights) {
      if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
        throw WinnowException.invalid("weights", weight, "finite numbers > 0");
      }
    }
    Rules.requireAlpha(alpha);
    if (!(power > alpha && power < 1)) {
      throw WinnowException.invalid("power", power, "above alpha " + alpha + " and below 1");
    }
    if (!(inflation >= 1 && inflation < Double.POSITIVE_INFINITY)) {
      throw WinnowException.invalid("inflation", inflation, "a finite number >= 1");
    }
  }

  /** Control and one treatment with half of the traffic each, one look, alpha .05, power .8. */
  public static Planner halves(double variance) {
    return new Planner(variance, 0, List.of(1.0, 1.0), 0.05, 0.8, 1);
  }

  /** The variance over units that an arm's estimate tells: its squared error times its units. */
  public static double varianceOfUnits(Estimate arm) {
    if (Double.isInfinite(arm.standardError())) {
      throw WinnowException.invalid("standardError", arm.standardError(), "at least two units");
    }
    return arm.variance() * arm.units();
  }

  /** The smallest true difference that is found with the power by this many units in all arms. */
  public double minimumDetectableEffect(long units) {
    if (units < 2) {
      throw WinnowException.invalid("units", units, ">= 2");
    }
    return Math.sqrt(squaredEffectTimesUnits() / units);
  }

  /** The units in all arms together that find a true difference with the power. */
  public long units(double effect) {
    requireEffect(effect);
    return (long) Math.ceil(squaredEffectTimesUnits() / (effect * effect));
  }

  /** The units of each arm, in the order of the weights, that find a true difference. */
  public List<Long> unitsByArm(double effect) {
    requireEffect(effect);
    double total = squaredEffectTimesUnits() / (effect * effect);
    double sum = weightSum();
    return weights.stream().map(weight -> (long) Math.ceil(total * weight / sum)).toList();
  }

  /**
   * The days until enough units have come.
   *
   * @param unitsPerDay units that meet the experiment for the first time on a day, > 0; fewer come
   *     as days go by, so take the mean over a time as long as the answer
   */
  public long days(double effect, double unitsPerDay) {
    if (!(unitsPerDay > 0)) {
      throw WinnowException.invalid("unitsPerDay", unitsPerDay, "> 0");
    }
    return (long) Math.ceil(units(effect) / unitsPerDay);
  }

  /**
   * The information (1 / squared standard error of the difference) at which the experiment ends; of
   * a relative effect, that of the relative difference: see {@link SequentialPlan}.
   */
  public double plannedInformation(double effect) {
    requireEffect(effect);
    double drift = drift() / effect;
    return inflation * drift * drift;
  }

  private double drift() {
    return Normal.twoSidedCritical(alpha / (weights.size() - 1))
        + Normal.inverseSurvival(1 - power);
  }

  private double squaredEffectTimesUnits() {
    double sum = weightSum();
    double smallest = weights.stream().skip(1).min(Double::compare).orElseThrow();
    double drift = drift();
    return drift
        * drift
        * inflation
        * variance
        * (1 - preCorrelation * preCorrelation)
        * (sum / weights.getFirst() + sum / smallest);
  }

  private double weightSum() {
    return weights.stream().mapToDouble(Double::doubleValue).sum();
  }

  private static void requireEffect(double effect) {
    if (!(Math.abs(effect) > 0 && Math.abs(effect) < Double.POSITIVE_INFINITY)) {
      throw WinnowException.invalid("effect", effect, "a finite number that is not 0");
    }
  }
}
