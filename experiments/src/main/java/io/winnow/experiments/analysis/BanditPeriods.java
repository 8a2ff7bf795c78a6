package io.winnow.experiments.analysis;

import io.winnow.core.application.Experiment;
import io.winnow.experiments.analysis.ExperimentReport.BanditResult;
import io.winnow.experiments.bandit.Adaptive;
import io.winnow.experiments.bandit.AdaptiveEstimates;
import io.winnow.experiments.bandit.AdaptiveEstimates.Values;
import io.winnow.experiments.bandit.AdaptiveEstimates.Weighting;
import io.winnow.experiments.bandit.ArmSums;
import io.winnow.experiments.bandit.Period;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.UnitTotals;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * A bandit's periods: the shares with which units were drawn, as logged, and what came of it.
 *
 * <p>A unit is a user in a period in which the user was exposed. What a user does belongs to the
 * newest period with an exposure before it, also when it comes after that period's end.
 *
 * <p>A unit's value of a ratio is linearised, R + (y − R·z)/z̄ with R and z̄ of all units of all
 * arms, so that an arm's mean is its ratio to first order (Deng, Knoblich, Lu, KDD 2018).
 */
final class BanditPeriods {
  /** Fewest units of each arm in the first period that counts. */
  private static final int FIRST_UNITS_MIN = 2;

  /** Fewest units of an arm, over all periods, whose mean is taken to be normally distributed. */
  private static final int UNITS_MIN = 30;

  private BanditPeriods() {}

  /** Sums of one period by arm. */
  private static final class Sums {
    private final double[] probabilities;
    private final long[] units;
    private final double[] sum;
    private final double[] squares;

    Sums(int arms) {
      probabilities = new double[arms];
      units = new long[arms];
      sum = new double[arms];
      squares = new double[arms];
    }

    /** The shares that were logged; what no unit was drawn to has the rest, at least a little. */
    List<Double> shares() {
      double known = 0;
      int missing = 0;
      double[] shares = new double[units.length];
      for (int arm = 0; arm < shares.length; arm++) {
        if (units[arm] > 0) {
          shares[arm] = probabilities[arm] / units[arm];
          known += shares[arm];
        } else {
          missing++;
        }
      }
      for (int arm = 0; arm < shares.length; arm++) {
        if (units[arm] == 0) {
          shares[arm] = Math.max(1e-6, (1 - known) / missing);
        }
      }
      double total = Arrays.stream(shares).sum();
      return Arrays.stream(shares).map(share -> share / total).boxed().toList();
    }
  }

  private static Map<Integer, Sums> sums(
      Experiment experiment, UnitTally tally, ExposurePass exposed, long nowMs) {
    Units units = exposed.units();
    double y = 0;
    double z = 0;
    long counted = 0;
    for (int unit = 0; unit < units.size(); unit++) {
      if (counts(tally, units, unit, nowMs)) {
        UnitTotals totals = tally.totals(unit);
        y += totals.numerator();
        z += totals.denominator();
        counted++;
      }
    }
    double ratio = z > 0 ? y / z : 0;
    double mean = z > 0 ? z / counted : 1;
    Map<Integer, Sums> periods = new TreeMap<>();
    for (int unit = 0; unit < units.size(); unit++) {
      if (!counts(tally, units, unit, nowMs)) {
        continue;
      }
      Sums sums =
          periods.computeIfAbsent(units.period(unit), _ -> new Sums(experiment.arms().size()));
      UnitTotals totals = tally.totals(unit);
      double value = ratio + (totals.numerator() - ratio * totals.denominator()) / mean;
      int arm = units.arm(unit);
      sums.units[arm]++;
      sums.probabilities[arm] += units.probability(unit);
      sums.sum[arm] += value;
      sums.squares[arm] += value * value;
    }
    return periods;
  }

  private static boolean counts(UnitTally tally, Units units, int unit, long nowMs) {
    return !units.isMixed(unit) && tally.counts(unit, nowMs - units.firstMs(unit));
  }

  /** The units that each arm should have by the logged shares. */
  static double[] expected(Experiment experiment, Units units) {
    Map<Integer, Sums> periods = new TreeMap<>();
    for (int unit = 0; unit < units.size(); unit++) {
      if (!units.isMixed(unit)) {
        Sums sums =
            periods.computeIfAbsent(units.period(unit), _ -> new Sums(experiment.arms().size()));
        sums.units[units.arm(unit)]++;
        sums.probabilities[units.arm(unit)] += units.probability(unit);
      }
    }
    double[] expected = new double[experiment.arms().size()];
    Arrays.fill(expected, Double.MIN_NORMAL);
    for (Sums sums : periods.values()) {
      List<Double> shares = sums.shares();
      long all = Arrays.stream(sums.units).sum();
      for (int arm = 0; arm < expected.length; arm++) {
        expected[arm] += shares.get(arm) * all;
      }
    }
    return expected;
  }

  /**
   * The periods from the first on in which every arm has units; what is in those before it would
   * have no mean to begin with.
   */
  private static List<Integer> judged(Map<Integer, Sums> sums) {
    return sums.entrySet().stream()
        .dropWhile(
            of -> Arrays.stream(of.getValue().units).anyMatch(units -> units < FIRST_UNITS_MIN))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static List<Period> periods(Map<Integer, Sums> sums, List<Integer> numbers) {
    List<Period> periods = new ArrayList<>();
    for (int number : numbers) {
      Sums of = Objects.requireNonNull(sums.get(number));
      List<ArmSums> arms = new ArrayList<>();
      for (int arm = 0; arm < of.units.length; arm++) {
        arms.add(new ArmSums(of.units[arm], of.sum[arm], of.squares[arm]));
      }
      periods.add(new Period(of.shares(), arms));
    }
    return periods;
  }

  /**
   * Unbiased means of a metric by arm; undefined before there is a period. Their errors are taken
   * as independent, as they are to first order: no unit is in two arms of one period.
   */
  static List<Estimate> estimates(
      Experiment experiment, UnitTally tally, ExposurePass exposed, long nowMs) {
    Map<Integer, Sums> sums = sums(experiment, tally, exposed, nowMs);
    List<Period> periods = periods(sums, judged(sums));
    List<Estimate> estimates = new ArrayList<>();
    for (int arm = 0; arm < experiment.arms().size(); arm++) {
      long units = units(periods, arm);
      if (units < UNITS_MIN) {
        estimates.add(Estimate.undefined());
        continue;
      }
      Adaptive mean =
          AdaptiveEstimates.mean(
              periods, arm, Weighting.UNIFORM, values(tally), 1 - experiment.plan().alpha());
      estimates.add(new Estimate(mean.estimate(), mean.standardError(), units));
    }
    return estimates;
  }

  /** The periods and the unbiased estimates; empty ones before there is a period. */
  static BanditResult result(
      Experiment experiment,
      Experiment.Design.Bandit design,
      OutcomePass outcomes,
      ExposurePass exposed,
      long nowMs) {
    Map<Integer, Sums> sums = sums(experiment, outcomes.tally(design.metric()), exposed, nowMs);
    Instant from = experiment.population().from();
    long originMs = from == null ? 0 : from.toEpochMilli();
    List<Integer> numbers = judged(sums);
    List<Period> periods = periods(sums, numbers);
    List<Long> firstMs =
        numbers.stream().map(number -> originMs + number * design.period().toMillis()).toList();
    List<Adaptive> means = new ArrayList<>();
    List<Adaptive> differences = new ArrayList<>();
    double confidence = 1 - experiment.plan().alpha() / (experiment.arms().size() - 1);
    Values values = values(outcomes.tally(design.metric()));
    boolean controlIsKnown = units(periods, 0) >= UNITS_MIN;
    for (int arm = 0; arm < experiment.arms().size() && !periods.isEmpty(); arm++) {
      boolean known = units(periods, arm) >= UNITS_MIN;
      Adaptive mean = AdaptiveEstimates.mean(periods, arm, Weighting.UNIFORM, values, confidence);
      means.add(known ? mean : unsure(mean));
      if (arm > 0) {
        Adaptive difference =
            AdaptiveEstimates.difference(periods, arm, 0, Weighting.UNIFORM, values, confidence);
        differences.add(known && controlIsKnown ? difference : unsure(difference));
      }
    }
    return new BanditResult(periods, firstMs, means, differences);
  }

  private static Values values(UnitTally tally) {
    return tally.isConversion() ? Values.CONVERSIONS : Values.NUMBERS;
  }

  private static long units(List<Period> periods, int arm) {
    return periods.stream().mapToLong(period -> period.arms().get(arm).n()).sum();
  }

  private static Adaptive unsure(Adaptive of) {
    return new Adaptive(
        of.estimate(),
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        Double.POSITIVE_INFINITY,
        1);
  }
}
