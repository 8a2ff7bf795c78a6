package io.winnow.benchmarks.experiments;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.experiments.RankerPair.Change;
import io.winnow.benchmarks.experiments.RankerPair.User;
import io.winnow.benchmarks.experiments.RankerPair.Visits;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.interleaving.CreditTest;
import io.winnow.experiments.interleaving.Preference;
import io.winnow.experiments.statistics.Contrast;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * How many users interleaving needs to find the better of two rankers, against an A/B test of
 * clicks per slate by user, both with power .8 at a two-sided 5 %.
 *
 * <p>The users needed follow from effects that are known exactly and variances measured on many
 * users; then experiments of just that size are simulated, and the share that finds the better
 * ranker says whether they were right.
 *
 * <p>The new ranker is the old one after a training with a little more data: of its errors a share
 * is gone, and it has some of its own; the slates have most items in common. {@code unlike} is
 * about two rankers whose errors have nothing to do with each other: interleaving then gains less.
 * {@code adjusted} is against an A/B test that knows each user's clicks in as long a time before.
 */
public final class InterleavingBenchmark {
  private static final Change RETRAINED = new Change(0.15, 0.3);
  private static final Change UNLIKE = new Change(1, 0.9);
  private static final double ALPHA = 0.05;
  private static final double POWER = 0.8;

  /** Squared sum of the normal quantiles of 1 - α/2 and of the power. */
  private static final double QUANTILES =
      Math.pow(Contrast.critical(ALPHA) + Contrast.critical(2 * (1 - POWER)), 2);

  private final Config config;
  private final Figures.Builder figures = new Figures.Builder("interleaving");

  /**
   * What to run.
   *
   * @param situations in which users may be, at least 1; {@value RankerPair#KIND_SITUATIONS} a kind
   *     of user
   * @param users on which variances are measured, at least 100
   * @param experiments simulated with interleaving, at least 1
   * @param abTests simulated, at least 1; each of tens of thousands of users
   * @param pairs of rankers whose sign is compared, at least 1
   */
  public record Config(
      int situations, int users, int experiments, int abTests, int pairs, int threads, Seed seed) {
    /** 400 situations, 300,000 users, 4,000 experiments, 300 A/B tests, 200 pairs. */
    public static Config defaults(Seed seed, int threads) {
      return new Config(400, 300_000, 4_000, 300, 200, threads, seed);
    }

    /** Checks the sizes. */
    public Config {
      List<Problem> problems = new ArrayList<>();
      Trials.check(problems, "situations", situations, 1);
      Trials.check(problems, "users", users, 100);
      Trials.check(problems, "experiments", experiments, 1);
      Trials.check(problems, "abTests", abTests, 1);
      Trials.check(problems, "pairs", pairs, 1);
      Trials.check(problems, "threads", threads, 1);
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }
  }

  private InterleavingBenchmark(Config config) {
    this.config = config;
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    return new InterleavingBenchmark(config).run();
  }

  private Figures run() {
    RankerPair pair = pair("pair", RETRAINED);
    Needed needed = needed(pair, "retrained");
    figures
        .add("interleaving.common_items", pair.common(), "share")
        .add(
            "interleaving.lift",
            pair.clicksPerSlate(0) / pair.clicksPerSlate(1) - 1,
            "of clicks per slate")
        .count("interleaving.users", needed.interleaving(), "users")
        .count("interleaving.ab_users", needed.abTest(), "users")
        .add(
            "interleaving.users_ratio",
            (double) needed.interleaving() / needed.abTest(),
            "ratio",
            Goal.between(0, 0.02))
        .add(
            "interleaving.users_ratio_adjusted",
            (double) needed.interleaving() / needed.adjusted(),
            "ratio");
    power(pair, needed);
    figures
        .add("interleaving.bias", needed.bias(), "clicks a user")
        .add(
            "interleaving.bias_in_deviations",
            needed.biasInDeviations(),
            "standard errors",
            Goal.between(-3, 3));
    indifferent(pair.withoutTaste(), needed.interleaving());
    signs();
    RankerPair unlike = pair("unlike", UNLIKE);
    Needed unlikeNeeded = needed(unlike, "unlike");
    figures
        .add("interleaving.unlike.common_items", unlike.common(), "share")
        .add(
            "interleaving.unlike.users_ratio",
            (double) unlikeNeeded.interleaving() / unlikeNeeded.abTest(),
            "ratio");
    return figures.build();
  }

  private RankerPair pair(String name, Change change) {
    return RankerPair.draw(config.situations(), change, config.seed().generator(name));
  }

  /**
   * Users needed.
   *
   * @param abTest of both arms together
   * @param adjusted the same, with each user's clicks before as a covariate
   * @param bias mean credit less its exact expectation
   */
  private record Needed(
      long interleaving, long abTest, long adjusted, double bias, double biasInDeviations) {}

  /** Sums over users, each moment about 0. */
  private record Sums(double n, double sum, double squares, double before, double product) {
    static final Sums NONE = new Sums(0, 0, 0, 0, 0);

    Sums add(double value, double valueBefore) {
      return new Sums(
          n + 1,
          sum + value,
          squares + value * value,
          before + valueBefore * valueBefore,
          product + value * valueBefore);
    }

    Sums plus(Sums other) {
      return new Sums(
          n + other.n,
          sum + other.sum,
          squares + other.squares,
          before + other.before,
          product + other.product);
    }

    double mean() {
      return sum / n;
    }

    double variance() {
      return squares / n - mean() * mean();
    }

    /** Share of the variance that the value before explains; both have mean 0. */
    double explained() {
      return product * product / (squares * before);
    }
  }

  private static final int BLOCK = 1_000;

  /** Sums over many users, drawn in blocks so that they do not depend on the threads. */
  private Sums users(String purpose, UserSums user) {
    Seed seed = config.seed().derive(purpose);
    int blocks = (config.users() + BLOCK - 1) / BLOCK;
    return Trials.run(
            blocks,
            config.threads(),
            block -> {
              RandomGenerator random = seed.generator(Integer.toString(block));
              Sums sums = Sums.NONE;
              for (int u = block * BLOCK; u < Math.min(config.users(), (block + 1) * BLOCK); u++) {
                sums = user.add(sums, random);
              }
              return sums;
            })
        .stream()
        .reduce(Sums.NONE, Sums::plus);
  }

  private interface UserSums {
    Sums add(Sums sums, RandomGenerator random);
  }

  private Needed needed(RankerPair pair, String purpose) {
    double effect = pair.clicksPerSlate(0) - pair.clicksPerSlate(1);
    double variance = 0;
    double explained = 0;
    for (int ranker = 0; ranker < 2; ranker++) {
      Sums sums = linearised(pair, ranker, purpose + ranker);
      variance += sums.squares() / sums.n();
      explained += sums.explained() / 2;
    }
    double credit = pair.creditPerUser();
    Sums credits =
        users(
            purpose + "-credits",
            (sums, random) -> {
              Visits visits = pair.interleaved(random);
              return sums.add(visits.first() - visits.second(), 0);
            });
    double bias = credits.mean() - credit;
    double abTest = 2 * QUANTILES * variance / (effect * effect);
    return new Needed(
        (long) Math.ceil(QUANTILES * credits.variance() / (credit * credit)),
        (long) Math.ceil(abTest),
        (long) Math.ceil(abTest * (1 - explained)),
        bias,
        bias / Math.sqrt(credits.variance() / credits.n()));
  }

  /** What each user moves clicks per slate by, now and in the time before. */
  private Sums linearised(RankerPair pair, int ranker, String purpose) {
    double rate = pair.clicksPerSlate(ranker);
    double oldRate = pair.clicksPerSlate(1);
    double mean = RankerPair.meanVisits();
    return users(
        purpose,
        (sums, random) -> {
          User user = pair.drawUser(random);
          Visits before = pair.alone(1, user, random);
          Visits now = pair.alone(ranker, user, random);
          return sums.add(
              (now.first() - rate * now.visits()) / mean,
              (before.first() - oldRate * before.visits()) / mean);
        });
  }

  private void power(RankerPair pair, Needed needed) {
    List<Preference> found = experiments(pair, "power", needed.interleaving());
    double credit = pair.creditPerUser();
    Seed seed = config.seed().derive("ab");
    double abTests =
        Trials.run(
                config.abTests(),
                config.threads(),
                test -> abTest(pair, needed.abTest() / 2, seed.generator(Integer.toString(test))))
            .stream()
            .mapToInt(better -> better ? 1 : 0)
            .sum();
    figures
        .add(
            "interleaving.power",
            share(found.stream().filter(p -> p.p() < ALPHA && p.difference() > 0).count()),
            "share",
            Goal.between(0.77, 0.83))
        .add("interleaving.ab_power", abTests / config.abTests(), "share")
        .add(
            "interleaving.coverage",
            share(
                found.stream()
                    .filter(p -> p.differenceLow() <= credit && credit <= p.differenceHigh())
                    .count()),
            "share",
            Goal.between(0.93, 0.97));
  }

  private double share(long count) {
    return (double) count / config.experiments();
  }

  private List<Preference> experiments(RankerPair pair, String purpose, long users) {
    Seed seed = config.seed().derive(purpose);
    int size = Math.toIntExact(Math.max(2, users));
    return Trials.run(
        config.experiments(),
        config.threads(),
        experiment -> {
          RandomGenerator random = seed.generator(Integer.toString(experiment));
          double[] first = new double[size];
          double[] second = new double[size];
          for (int u = 0; u < size; u++) {
            Visits visits = pair.interleaved(random);
            first[u] = visits.first();
            second[u] = visits.second();
          }
          return CreditTest.of(first, second, 1 - ALPHA);
        });
  }

  /** Whether an A/B test with so many users an arm finds the new ranker better. */
  private static boolean abTest(RankerPair pair, long users, RandomGenerator random) {
    double[] rates = new double[2];
    double variance = 0;
    for (int ranker = 0; ranker < 2; ranker++) {
      double clicks = 0;
      double visits = 0;
      double clickSquares = 0;
      double visitSquares = 0;
      double products = 0;
      for (long u = 0; u < users; u++) {
        Visits user = pair.alone(ranker, pair.drawUser(random), random);
        clicks += user.first();
        visits += user.visits();
        clickSquares += user.first() * user.first();
        visitSquares += (double) user.visits() * user.visits();
        products += user.first() * user.visits();
      }
      double rate = clicks / visits;
      rates[ranker] = rate;
      variance +=
          (clickSquares - 2 * rate * products + rate * rate * visitSquares) / (visits * visits);
    }
    return rates[0] - rates[1] > Contrast.critical(ALPHA) * Math.sqrt(variance);
  }

  /** Users who click places, whatever stands there: nobody may win more often than α. */
  private void indifferent(RankerPair pair, long users) {
    List<Preference> found = experiments(pair, "indifferent", users);
    figures
        .add(
            "interleaving.false_positive_rate",
            share(found.stream().filter(p -> p.p() < ALPHA).count()),
            "share",
            Goal.between(0.04, 0.06))
        .add(
            "interleaving.sign_false_positive_rate",
            share(found.stream().filter(p -> p.signP() < ALPHA).count()),
            "share");
  }

  /**
   * Whether the exact expectation of the credit prefers the ranker with the exactly better slates.
   */
  private void signs() {
    Seed seed = config.seed().derive("signs");
    double agree =
        Trials.run(
                config.pairs(),
                config.threads(),
                index -> {
                  RandomGenerator random = seed.generator(Integer.toString(index));
                  Change change = new Change(random.nextDouble(0, 0.5), random.nextDouble(0, 0.8));
                  RankerPair pair = RankerPair.draw(config.situations(), change, random);
                  return pair.creditPerUser() > 0
                      == pair.clicksPerSlate(0) > pair.clicksPerSlate(1);
                })
            .stream()
            .mapToInt(same -> same ? 1 : 0)
            .sum();

    figures.add(
        "interleaving.sign_agreement",
        agree / config.pairs(),
        "share of pairs of rankers",
        Goal.atLeast(0.95));
  }
}
