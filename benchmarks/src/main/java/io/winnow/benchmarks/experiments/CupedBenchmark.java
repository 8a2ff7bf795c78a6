package io.winnow.benchmarks.experiments;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Cuped;
import io.winnow.experiments.statistics.UnitMoments;
import io.winnow.experiments.statistics.UnitTotals;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * CUPED on simulated experiments: by how much the variance of the difference really becomes less,
 * against 1 − ρ², and whether the difference stays unbiased and its interval honest.
 *
 * <p>A user's value before is exponential, and his value in the experiment is ρ times that plus an
 * independent exponential part, so both are skewed and their correlation is ρ. The treatment adds a
 * constant. The variances are those of the differences over all experiments: nothing that the
 * adjustment says of itself.
 */
public final class CupedBenchmark {
  private static final double[] CORRELATIONS = {0.3, 0.5, 0.8};
  private static final double EFFECT = 0.2;

  private final Config config;
  private final Figures.Builder figures = new Figures.Builder("cuped");

  /**
   * What to run.
   *
   * @param experiments for each correlation
   * @param users in each, in two arms
   * @param threads to run on; the figures do not depend on them
   */
  public record Config(int experiments, int users, int threads, Seed seed) {
    /** 150,000 experiments of 400 users: the variance ratios' errors are then below .5 %. */
    public static Config defaults(Seed seed, int threads) {
      return new Config(150_000, 400, threads, seed);
    }

    /** Checks the sizes. */
    public Config {
      List<Problem> problems = new ArrayList<>();
      Trials.check(problems, "experiments", experiments, 2);
      Trials.check(problems, "users", users, 20);
      Trials.check(problems, "threads", threads, 1);
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }
  }

  private CupedBenchmark(Config config) {
    this.config = config;
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    return new CupedBenchmark(config).run();
  }

  /** One experiment's differences, and what the adjusted one says of itself. */
  private record Outcome(double raw, double adjusted, double variance, boolean covers) {}

  private Figures run() {
    figures.count("cuped.experiments", config.experiments(), "experiments a correlation");
    double worst = 0;
    for (double correlation : CORRELATIONS) {
      worst = Math.max(worst, measure(correlation));
    }
    figures.add(
        "cuped.variance_ratio_error", worst, "of 1 - rho^2, the worst", Goal.between(0, 0.02));
    return figures.build();
  }

  private double measure(double correlation) {
    String name = "cuped.rho_" + Math.round(correlation * 100);
    List<Outcome> outcomes =
        Trials.run(
            config.threads(),
            config.experiments(),
            config.seed().derive(name),
            random -> outcome(correlation, random));
    double[] raw = outcomes.stream().mapToDouble(Outcome::raw).toArray();
    double[] adjusted = outcomes.stream().mapToDouble(Outcome::adjusted).toArray();
    double variance = variance(adjusted);
    double ratio = variance / variance(raw);
    double claimed = mean(outcomes.stream().mapToDouble(Outcome::variance).toArray());
    long covered = outcomes.stream().filter(Outcome::covers).count();
    figures
        .add(name + ".variance_ratio", ratio, "of the plain difference's")
        .add(
            name + ".bias",
            (mean(adjusted) - EFFECT) / Math.sqrt(variance / adjusted.length),
            "standard errors of the mean")
        .add(name + ".claimed_variance", claimed / variance, "of the true one")
        .add(name + ".coverage", (double) covered / outcomes.size(), "of 95 % intervals");
    return Math.abs(ratio / (1 - correlation * correlation) - 1);
  }

  private Outcome outcome(double correlation, RandomGenerator random) {
    UnitMoments control = new UnitMoments();
    UnitMoments treatment = new UnitMoments();
    double rest = Math.sqrt(1 - correlation * correlation);
    for (int user = 0; user < config.users(); user++) {
      boolean treated = user % 2 == 1;
      double before = random.nextExponential();
      double value =
          correlation * before + rest * random.nextExponential() + (treated ? EFFECT : 0);
      (treated ? treatment : control).add(new UnitTotals(value, 1, before, 1));
    }
    Cuped cuped = Cuped.of(List.of(control.snapshot(), treatment.snapshot()));
    Contrast raw = new Contrast(cuped.raw().get(0), cuped.raw().get(1));
    Contrast adjusted = new Contrast(cuped.adjusted().get(0), cuped.adjusted().get(1));
    double error = adjusted.standardError();
    return new Outcome(
        raw.difference(),
        adjusted.difference(),
        error * error,
        adjusted.differenceInterval(Contrast.critical(0.05)).contains(EFFECT));
  }

  private static double mean(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  private static double variance(double[] values) {
    double mean = mean(values);
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    return squares / (values.length - 1);
  }
}
