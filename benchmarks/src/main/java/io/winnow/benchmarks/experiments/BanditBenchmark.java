package io.winnow.benchmarks.experiments;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.Figures.Peer;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.bandit.Adaptive;
import io.winnow.experiments.bandit.AdaptiveEstimates;
import io.winnow.experiments.bandit.AdaptiveEstimates.Weighting;
import io.winnow.experiments.bandit.ArmSums;
import io.winnow.experiments.bandit.Likelihood;
import io.winnow.experiments.bandit.Period;
import io.winnow.experiments.bandit.ThompsonSampling;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;

/**
 * Thompson sampling in periods: what it costs while it learns, against equal shares, and whether
 * the adaptively weighted estimates of its arms are unbiased and their 95 % intervals right, where
 * the plain means are not.
 */
public final class BanditBenchmark {
  /** Of the arms, in standard deviations of a unit's value; the last is the best. */
  private static final double[] MEANS = {1, 1, 1.05, 1.15};

  private static final int BEST = MEANS.length - 1;
  private static final double FLOOR = 0.05;
  private static final double CONFIDENCE = 0.95;

  /**
   * What to run.
   *
   * @param experiments simulated, at least 2
   * @param periods of each, at least 1
   * @param units in each period, at least 100, so that every arm has some
   */
  public record Config(int experiments, int periods, int units, int threads, Seed seed) {
    /** 3,000 experiments of 20 periods with 300 units each. */
    public static Config defaults(Seed seed, int threads) {
      return new Config(3_000, 20, 300, threads, seed);
    }

    /** Checks the sizes. */
    public Config {
      List<Problem> problems = new ArrayList<>();
      Trials.check(problems, "experiments", experiments, 2);
      Trials.check(problems, "periods", periods, 1);
      Trials.check(problems, "units", units, 100);
      Trials.check(problems, "threads", threads, 1);
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }
  }

  private BanditBenchmark() {}

  /**
   * One experiment.
   *
   * @param judged by each weighting
   * @param naiveErrors of the plain mean, by arm
   * @param regret how much less it earned than the best arm would have
   * @param equalRegret what equal shares would have earned less
   */
  private record Outcome(
      Map<Weighting, Judged> judged, double[] naiveErrors, double regret, double equalRegret) {
    Judged by(Weighting weighting) {
      return Objects.requireNonNull(judged.get(weighting));
    }
  }

  /**
   * The estimates of one experiment.
   *
   * @param errors of the means, by arm
   * @param covered share of the arms whose interval holds the truth
   * @param differencesCovered share of the other arms for which the interval of the best arm's
   *     advantage does
   * @param width of the arms' intervals, on average
   */
  private record Judged(double[] errors, double covered, double differencesCovered, double width) {
    static Judged of(List<Period> periods, Weighting weighting) {
      double[] errors = new double[MEANS.length];
      double covered = 0;
      double differences = 0;
      double width = 0;
      for (int arm = 0; arm < MEANS.length; arm++) {
        Adaptive mean = AdaptiveEstimates.mean(periods, arm, weighting, CONFIDENCE);
        errors[arm] = mean.estimate() - MEANS[arm];
        covered += contains(mean, MEANS[arm]) ? 1 : 0;
        width += mean.high() - mean.low();
        if (arm != BEST) {
          Adaptive advantage =
              AdaptiveEstimates.difference(periods, BEST, arm, weighting, CONFIDENCE);
          differences += contains(advantage, MEANS[BEST] - MEANS[arm]) ? 1 : 0;
        }
      }
      return new Judged(
          errors, covered / MEANS.length, differences / (MEANS.length - 1), width / MEANS.length);
    }
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    Seed seed = config.seed().derive("bandit");
    List<Outcome> outcomes =
        Trials.run(
            config.experiments(),
            config.threads(),
            experiment -> experiment(config, seed.generator(Integer.toString(experiment))));
    Bias naive = bias(outcomes.stream().map(Outcome::naiveErrors).toList());
    double regret = outcomes.stream().mapToDouble(Outcome::regret).sum();
    double equalRegret = outcomes.stream().mapToDouble(Outcome::equalRegret).sum();
    Figures.Builder figures = new Figures.Builder("bandit");
    for (Weighting weighting : Weighting.values()) {
      String name = weighting == Weighting.UNIFORM ? "bandit." : "bandit.stabilised.";
      List<Judged> judged = outcomes.stream().map(outcome -> outcome.by(weighting)).toList();
      Bias bias = bias(judged.stream().map(Judged::errors).toList());
      figures
          .add(name + "coverage", mean(judged, Judged::covered), "share", Goal.between(0.93, 0.97))
          .add(
              name + "difference_coverage",
              mean(judged, Judged::differencesCovered),
              "share",
              Goal.between(0.93, 0.97))
          .add(
              name + "bias",
              bias.largest(),
              "standard deviations of a unit",
              new Peer("plain mean", naive.largest()))
          .add(name + "width", mean(judged, Judged::width), "standard deviations of a unit");
      Peer peer = new Peer("plain mean", naive.inDeviations());
      if (weighting == Weighting.UNIFORM) {
        figures.add(
            name + "bias_in_deviations",
            bias.inDeviations(),
            "standard errors",
            Goal.between(-4, 4),
            peer);
      } else {
        figures.add(name + "bias_in_deviations", bias.inDeviations(), "standard errors", peer);
      }
    }
    return figures
        .add(
            "bandit.regret_ratio",
            regret / equalRegret,
            "ratio",
            Goal.below(1),
            new Peer("equal shares", 1))
        .build();
  }

  private static double mean(List<Judged> judged, ToDoubleFunction<Judged> value) {
    return judged.stream().mapToDouble(value).sum() / judged.size();
  }

  private static Outcome experiment(Config config, RandomGenerator random) {
    List<Period> periods = new ArrayList<>();
    List<ArmSums> totals = new ArrayList<>(Collections.nCopies(MEANS.length, ArmSums.NONE));
    double regret = 0;
    double equalRegret = 0;
    for (int t = 0; t < config.periods(); t++) {
      List<Double> shares = ThompsonSampling.shares(totals, Likelihood.NORMAL, FLOOR);
      List<ArmSums> arms = draw(shares, config.units(), random);
      for (int arm = 0; arm < MEANS.length; arm++) {
        totals.set(arm, totals.get(arm).plus(arms.get(arm)));
        regret += arms.get(arm).n() * (MEANS[BEST] - MEANS[arm]);
        equalRegret += (double) config.units() / MEANS.length * (MEANS[BEST] - MEANS[arm]);
      }
      periods.add(new Period(shares, arms));
    }
    double[] naive = new double[MEANS.length];
    Arrays.setAll(naive, arm -> AdaptiveEstimates.pooledMean(periods, arm) - MEANS[arm]);
    Map<Weighting, Judged> judged = new EnumMap<>(Weighting.class);
    for (Weighting weighting : Weighting.values()) {
      judged.put(weighting, Judged.of(periods, weighting));
    }
    return new Outcome(judged, naive, regret, equalRegret);
  }

  private static boolean contains(Adaptive estimate, double truth) {
    return estimate.low() <= truth && truth <= estimate.high();
  }

  private static List<ArmSums> draw(List<Double> shares, int units, RandomGenerator random) {
    long[] n = new long[shares.size()];
    double[] sums = new double[shares.size()];
    double[] squares = new double[shares.size()];
    for (int u = 0; u < units; u++) {
      double left = random.nextDouble();
      int arm = 0;
      while (arm < shares.size() - 1 && left >= shares.get(arm)) {
        left -= shares.get(arm);
        arm++;
      }
      double value = MEANS[arm] + random.nextGaussian();
      n[arm]++;
      sums[arm] += value;
      squares[arm] += value * value;
    }
    List<ArmSums> arms = new ArrayList<>();
    for (int arm = 0; arm < n.length; arm++) {
      arms.add(new ArmSums(n[arm], sums[arm], squares[arm]));
    }
    return arms;
  }

  /**
   * The mean error of the arm where it is largest.
   *
   * @param inDeviations the largest mean error in its own standard errors
   */
  private record Bias(double largest, double inDeviations) {}

  private static Bias bias(List<double[]> errors) {
    double largest = 0;
    double inDeviations = 0;
    for (int arm = 0; arm < MEANS.length; arm++) {
      int of = arm;
      double[] ofArm = errors.stream().mapToDouble(error -> error[of]).toArray();
      double mean = Arrays.stream(ofArm).sum() / ofArm.length;
      double variance =
          Arrays.stream(ofArm).map(e -> (e - mean) * (e - mean)).sum() / (ofArm.length - 1);
      double deviations = mean / Math.sqrt(variance / ofArm.length);
      largest = Math.abs(mean) > Math.abs(largest) ? mean : largest;
      inDeviations = Math.abs(deviations) > Math.abs(inDeviations) ? deviations : inDeviations;
    }
    return new Bias(largest, inDeviations);
  }
}
