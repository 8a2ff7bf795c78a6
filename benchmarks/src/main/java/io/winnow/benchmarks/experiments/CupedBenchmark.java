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
 *
 * <p>{@code new_users} is about experiments in which a share of the users was not there before:
 * they behave as the others do, but count with 0. 1 − ρ² holds as before, with ρ that of all users
 * as they are counted. {@code ratio} is about minutes per visit, where the visits of a user before
 * and now are alike too. There 1 − ρ² of the linearised metric is what the ratio of variances comes
 * to with many users, so it has no goal.
 */
public final class CupedBenchmark {
  private static final double[] CORRELATIONS = {0.3, 0.5, 0.8};
  private static final double EFFECT = 0.2;

  /** Of the values now and before, if all users had been there. */
  private static final double LATENT_CORRELATION = 0.8;

  private static final double NEW_USERS = 0.3;

  /** Mean visits of a user, of whom each is as likely. */
  private static final double[] VISITS = {2, 6};

  private final Config config;
  private final Figures.Builder figures = new Figures.Builder("cuped");

  /**
   * What to run.
   *
   * @param experiments for each correlation, and a third as many, but at least 2, for each of the
   *     other two metrics
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

  /** Draws a user. */
  private interface Users {
    UnitTotals draw(boolean treated, RandomGenerator random);
  }

  private Figures run() {
    figures.count("cuped.experiments", config.experiments(), "experiments a correlation");
    double worst = 0;
    for (double correlation : CORRELATIONS) {
      worst =
          Math.max(
              worst,
              measure(
                  "cuped.rho_" + Math.round(correlation * 100),
                  config.experiments(),
                  correlation,
                  (treated, random) -> mean(correlation, treated, random)));
    }
    int fewer = Math.max(2, config.experiments() / 3);
    // Before, as it is counted: mean 1 - q, mean square 2 (1 - q), covariance with now (1 - q) ρ.
    double newUsers =
        measure(
            "cuped.new_users",
            fewer,
            LATENT_CORRELATION * Math.sqrt((1 - NEW_USERS) / (1 + NEW_USERS)),
            CupedBenchmark::meanWithNewUsers);
    double ratio =
        measure("cuped.ratio", fewer, correlationOfMinutes(), CupedBenchmark::minutesPerVisit);
    figures
        .add("cuped.variance_ratio_error", worst, "of 1 - rho^2, the worst", Goal.between(0, 0.02))
        .add(
            "cuped.new_users.variance_ratio_error", newUsers, "of 1 - rho^2", Goal.between(0, 0.02))
        .add("cuped.ratio.variance_ratio_error", ratio, "of 1 - rho^2");
    return figures.build();
  }

  /**
   * Measures one kind of metric.
   *
   * @param correlation of the metric now and before
   * @return by what share of 1 − ρ² the ratio of variances is off
   */
  private double measure(String name, int experiments, double correlation, Users users) {
    List<Outcome> outcomes =
        Trials.run(
            config.threads(),
            experiments,
            config.seed().derive(name),
            random -> outcome(users, random));
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

  private Outcome outcome(Users users, RandomGenerator random) {
    UnitMoments control = new UnitMoments();
    UnitMoments treatment = new UnitMoments();
    for (int user = 0; user < config.users(); user++) {
      boolean treated = user % 2 == 1;
      (treated ? treatment : control).add(users.draw(treated, random));
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

  private static UnitTotals mean(double correlation, boolean treated, RandomGenerator random) {
    double before = random.nextExponential();
    double rest = Math.sqrt(1 - correlation * correlation);
    double value = correlation * before + rest * random.nextExponential() + (treated ? EFFECT : 0);
    return new UnitTotals(value, 1, before, 1);
  }

  private static UnitTotals meanWithNewUsers(boolean treated, RandomGenerator random) {
    UnitTotals user = mean(LATENT_CORRELATION, treated, random);
    return random.nextDouble() < NEW_USERS ? UnitTotals.mean(user.numerator()) : user;
  }

  /**
   * Minutes and visits: a visit lasts for an exponential time that is the user's and one of its
   * own, of mean 1 each; how often he comes has nothing to do with how long he stays.
   */
  private static UnitTotals minutesPerVisit(boolean treated, RandomGenerator random) {
    double stay = random.nextExponential();
    double again = 1 - 1 / VISITS[random.nextInt(VISITS.length)];
    int visits = visits(again, random);
    int visitsBefore = visits(again, random);
    return new UnitTotals(
        minutes(stay, visits, random) + (treated ? EFFECT * visits : 0),
        visits,
        minutes(stay, visitsBefore, random),
        visitsBefore);
  }

  /** At least 1, geometric. */
  private static int visits(double again, RandomGenerator random) {
    int visits = 1;
    while (random.nextDouble() < again) {
      visits++;
    }
    return visits;
  }

  private static double minutes(double stay, int visits, RandomGenerator random) {
    double minutes = visits * stay;
    for (int visit = 0; visit < visits; visit++) {
      minutes += random.nextExponential();
    }
    return minutes;
  }

  /**
   * The correlation of a user's minutes less the mean minutes of as many visits, now and before. In
   * both times that is visits · (stay − 1) and an independent part of variance 1 a visit.
   */
  private static double correlationOfMinutes() {
    double mean = 0;
    double squares = 0;
    double products = 0;
    for (double visits : VISITS) {
      mean += visits / VISITS.length;
      squares += (2 * visits * visits - visits) / VISITS.length;
      products += visits * visits / VISITS.length;
    }
    return products / (squares + mean);
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
