package io.winnow.benchmarks.experiments;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.Figures.Peer;
import io.winnow.benchmarks.Samples;
import io.winnow.benchmarks.experiments.OffPolicyWorld.Person;
import io.winnow.benchmarks.experiments.OffPolicyWorld.Ranking;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.offpolicy.Estimate;
import io.winnow.experiments.offpolicy.Estimator;
import io.winnow.experiments.offpolicy.LoggedRequest;
import io.winnow.experiments.offpolicy.LoggedSlot;
import io.winnow.experiments.offpolicy.OffPolicyEstimator;
import io.winnow.experiments.offpolicy.OffPolicyResult;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.lifecycle.Shards;
import io.winnow.ranking.reranking.Slate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;

/**
 * Off-policy estimates of simulated releases against their exact worth: how often the truth lies in
 * the 95 % interval, and whether the estimates order the releases as the truth does.
 *
 * <p>Each release has a log of its own, made by another ranking with the product's exploration, so
 * the intervals are independent and their coverage can be counted. Releases know more or less of
 * the truth, resemble the ranking that made the log more or less, and explore in a fifth to a half
 * of the slots.
 *
 * <p>{@code model_alone} is what the model of rewards says without any weight, from the same log.
 * The model's mistakes are small and mostly the same for all releases, so it orders releases better
 * than the estimates with weights do, whose noise differs from log to log; a good order therefore
 * shows little of what weights are worth. But its intervals know nothing of these mistakes and hold
 * the truth too rarely: what the weights add is that the coverage is as promised.
 *
 * <p>{@code scarce} repeats it with a log that explored in a tenth of the slots: what the doubts
 * are for.
 */
public final class OffPolicyBenchmark {
  private static final double LOGGED_QUALITY = 0.5;
  private static final double SCARCE = 0.1;

  private final Config config;
  private final Figures.Builder figures = new Figures.Builder("off_policy");
  private final OffPolicyWorld world;

  /**
   * What to run.
   *
   * @param releases how many, at least 2
   * @param users in each log, at least 2; each asks some three times
   * @param scarceReleases how many with logs that explored little, at least 2
   * @param slates drawn to compare propensities with frequencies
   */
  public record Config(
      int releases, int users, int scarceReleases, int slates, int threads, Seed seed) {
    /** 1,000 releases on logs of 8,000 users, 300 on scarce ones, a million slates. */
    public static Config defaults(Seed seed, int threads) {
      return new Config(1_000, 8_000, 300, 1_000_000, threads, seed);
    }

    /** Checks the sizes. */
    public Config {
      List<Problem> problems = new ArrayList<>();
      Trials.check(problems, "releases", releases, 2);
      Trials.check(problems, "users", users, 2);
      Trials.check(problems, "scarceReleases", scarceReleases, 2);
      Trials.check(problems, "slates", slates, 1);
      Trials.check(problems, "threads", threads, 1);
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }
  }

  private OffPolicyBenchmark(Config config) {
    this.config = config;
    this.world = new OffPolicyWorld(config.seed());
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    return new OffPolicyBenchmark(config).run();
  }

  private Figures run() {
    propensities();
    List<Trial> trials = trials("releases", config.releases(), 0.5, 0.2);
    coverage(trials);
    ranking(trials);
    scarce(trials("scarce", config.scarceReleases(), SCARCE, SCARCE));
    return figures.build();
  }

  /**
   * A release: its worth, that of the ranking in the log, and what was made of the log.
   *
   * @param model what the model alone makes of it
   */
  private record Trial(double truth, double loggedTruth, OffPolicyResult result, Estimate model) {
    boolean covers(Estimator estimator) {
      return estimate(estimator).contains(truth);
    }

    Estimate estimate(Estimator estimator) {
      Estimate estimate = result.estimates().get(estimator);
      if (estimate == null) {
        throw new IllegalStateException("no estimate by " + estimator);
      }
      return estimate;
    }
  }

  private List<Trial> trials(String name, int releases, double explore, double leastExplore) {
    Seed seed = config.seed().derive(name);
    return Trials.run(
        releases,
        config.threads(),
        release -> trial(seed.generator(Integer.toString(release)), explore, leastExplore));
  }

  private Trial trial(RandomGenerator random, double explore, double leastExplore) {
    Ranking logging = new Ranking(world.scores(LOGGED_QUALITY, random), explore);
    float[][] scores = world.scores(random.nextDouble(-0.8, 1), random);
    double alike = random.nextDouble(0, 0.7);
    for (int s = 0; s < scores.length; s++) {
      for (int i = 0; i < scores[s].length; i++) {
        scores[s][i] =
            (float) (alike * logging.scores()[s][i] + Math.sqrt(1 - alike * alike) * scores[s][i]);
      }
    }
    double candidateExplore = leastExplore + (explore - leastExplore) * random.nextDouble();
    Ranking candidate = new Ranking(scores, candidateExplore);
    List<Shown> log = log(logging, random);
    return new Trial(
        world.worth(candidate),
        world.worth(logging),
        OffPolicyEstimator.estimate(requests(log, candidate), OffPolicyEstimator.Settings.DEFAULT),
        modelAlone(log, candidate));
  }

  /**
   * The mean over requests of what the model expects of the candidate, with the shares of the
   * places from the log, and an interval by user that knows that these are estimated too. What it
   * does not know is how far the model is off.
   */
  private Estimate modelAlone(List<Shown> log, Ranking candidate) {
    double[] shares = shares(log);
    double[][] byPlace = new double[shares.length][world.situations()];
    for (int k = 0; k < shares.length; k++) {
      double[] only = new double[shares.length];
      only[k] = 1;
      Arrays.setAll(byPlace[k], s -> world.believedWorth(candidate, s, only));
    }
    double value = 0;
    double[] leverage = new double[shares.length];
    for (int k = 0; k < shares.length; k++) {
      double expected = 0;
      double believed = 0;
      for (Shown shown : log) {
        expected += byPlace[k][shown.situation()];
        believed += world.believed(shown.situation(), shown.slate()[k]);
      }
      leverage[k] = expected / believed;
      value += shares[k] * expected / log.size();
    }
    double[] influence = new double[config.users()];
    for (Shown shown : log) {
      double sum = -value;
      for (int k = 0; k < shares.length; k++) {
        double believed = world.believed(shown.situation(), shown.slate()[k]);
        sum +=
            shares[k] * byPlace[k][shown.situation()]
                + leverage[k] * (shown.clicks()[k] - shares[k] * believed);
      }
      influence[shown.user()] += sum;
    }
    double squares = Arrays.stream(influence).map(sum -> sum * sum).sum();
    double error = Math.sqrt(squares) / log.size();
    double half = Contrast.critical(0.05) * error;
    return new Estimate(value, error, value - half, value + half);
  }

  /** A slate of the log. */
  private record Shown(
      int user, int situation, int[] slate, double[] propensities, double[] clicks) {}

  private List<Shown> log(Ranking logging, RandomGenerator random) {
    List<Shown> log = new ArrayList<>();
    for (int user = 0; user < config.users(); user++) {
      Person person = Person.draw(random);
      do {
        int situation = person.situation(random);
        List<Slate.Placed> placed = logging.slate(situation, random.nextLong());
        int[] slate = placed.stream().mapToInt(Slate.Placed::item).toArray();
        log.add(
            new Shown(
                user,
                situation,
                slate,
                placed.stream().mapToDouble(Slate.Placed::propensity).toArray(),
                world.clicks(person, situation, slate, random)));
      } while (person.returns(random));
    }
    return log;
  }

  private List<LoggedRequest> requests(List<Shown> log, Ranking candidate) {
    double[] shares = shares(log);
    double[] expected = new double[world.situations()];
    Arrays.setAll(expected, s -> world.believedWorth(candidate, s, shares));
    List<LoggedRequest> requests = new ArrayList<>();
    for (Shown shown : log) {
      int situation = shown.situation();
      double[] propensities = candidate.propensities(situation, shown.slate());
      List<LoggedSlot> slots = new ArrayList<>();
      for (int k = 0; k < propensities.length; k++) {
        slots.add(
            new LoggedSlot(
                shown.clicks()[k],
                shown.propensities()[k],
                propensities[k],
                shares[k] * world.believed(situation, shown.slate()[k]),
                world.believedWorth(candidate, situation, shown.slate(), k, shares)));
      }
      requests.add(new LoggedRequest(shown.user(), expected[situation], slots));
    }
    return requests;
  }

  /** Clicks of each place as a share of what the model believes. */
  private double[] shares(List<Shown> log) {
    double[] clicks = new double[OffPolicyWorld.PLACES];
    double[] believed = new double[OffPolicyWorld.PLACES];
    for (Shown shown : log) {
      for (int k = 0; k < clicks.length; k++) {
        clicks[k] += shown.clicks()[k];
        believed[k] += world.believed(shown.situation(), shown.slate()[k]);
      }
    }
    Arrays.setAll(clicks, k -> clicks[k] / believed[k]);
    return clicks;
  }

  private void coverage(List<Trial> trials) {
    figures
        .count("off_policy.releases", trials.size(), "releases")
        .add("off_policy.requests", mean(trials, trial -> trial.result().requests()), "a release")
        .add(
            "off_policy.effective_requests",
            mean(trials, trial -> trial.result().sequential().effective()),
            "a release")
        .add(
            "off_policy.coverage",
            share(trials, trial -> trial.covers(OffPolicyResult.DEFAULT)),
            "share",
            Goal.between(0.93, 0.97))
        .add(
            "off_policy.difference_coverage",
            share(
                trials,
                trial -> trial.result().difference().contains(trial.truth() - trial.loggedTruth())),
            "share",
            Goal.between(0.93, 0.97))
        .add("off_policy.doubted", share(trials, trial -> !trial.result().believable()), "share");
    for (Estimator estimator : Estimator.values()) {
      quality(
          "off_policy." + estimator.name().toLowerCase(Locale.ROOT),
          trials,
          trial -> trial.estimate(estimator));
    }
    quality("off_policy.model_alone", trials, Trial::model);
  }

  private void quality(String name, List<Trial> trials, Function<Trial, Estimate> by) {
    figures
        .add(
            name + ".coverage",
            share(trials, trial -> by.apply(trial).contains(trial.truth())),
            "share")
        .add(
            name + ".bias",
            mean(trials, trial -> by.apply(trial).value() - trial.truth()),
            "clicks")
        .add(
            name + ".width",
            mean(trials, trial -> by.apply(trial).high() - by.apply(trial).low()),
            "clicks");
  }

  private void ranking(List<Trial> trials) {
    double[] truths = trials.stream().mapToDouble(Trial::truth).toArray();
    Samples sorted = new Samples(truths);
    figures
        .add(
            "off_policy.kendall_tau",
            tau(trials, trial -> trial.estimate(OffPolicyResult.DEFAULT)),
            "tau",
            Goal.atLeast(0.8),
            new Peer("IPS", tau(trials, trial -> trial.estimate(Estimator.SEQUENTIAL_IPS))))
        .add("off_policy.model_alone.kendall_tau", tau(trials, Trial::model), "tau")
        .add("off_policy.worth.p5", sorted.percentile(0.05), "clicks a request")
        .add("off_policy.worth.p95", sorted.percentile(0.95), "clicks a request");
  }

  private void scarce(List<Trial> trials) {
    List<Trial> believed = trials.stream().filter(trial -> trial.result().believable()).toList();
    figures
        .add(
            "off_policy.scarce.coverage",
            share(trials, trial -> trial.covers(OffPolicyResult.DEFAULT)),
            "share")
        .add(
            "off_policy.scarce.effective_requests",
            mean(trials, trial -> trial.result().sequential().effective()),
            "a release")
        .add("off_policy.scarce.doubted", 1 - (double) believed.size() / trials.size(), "share");
    if (!believed.isEmpty()) {
      figures.add(
          "off_policy.scarce.believed_coverage",
          share(believed, trial -> trial.covers(OffPolicyResult.DEFAULT)),
          "share");
    }
  }

  /**
   * Kendall's tau-b of estimates and truths; no two are equal, so it is the share of pairs in the
   * same order less that in the other.
   */
  private static double tau(List<Trial> trials, Function<Trial, Estimate> by) {
    double sum = 0;
    for (int i = 0; i < trials.size(); i++) {
      for (int j = 0; j < i; j++) {
        double estimates = by.apply(trials.get(i)).value() - by.apply(trials.get(j)).value();
        sum += Math.signum(estimates * (trials.get(i).truth() - trials.get(j).truth()));
      }
    }
    return 2 * sum / trials.size() / (trials.size() - 1);
  }

  /**
   * A slate and the propensities that were logged with it. If the same slate came with others, it
   * would be another one, and its frequency too low for its probability.
   */
  private record Drawn(List<Integer> items, List<Double> logged) {
    static Drawn of(List<Slate.Placed> placed) {
      return new Drawn(
          placed.stream().map(Slate.Placed::item).toList(),
          placed.stream().map(Slate.Placed::propensity).toList());
    }
  }

  /**
   * The frequencies of all slates of a situation against the products of the propensities that are
   * logged with them, and those against what the re-ranker says of a given slate.
   */
  private void propensities() {
    Ranking ranking = new Ranking(world.scores(0, config.seed().generator("propensities")), 0.3);
    Map<Drawn, Integer> counts = draw(ranking);
    double largest = 0;
    double worst = 0;
    double loggedError = 0;
    for (Map.Entry<Drawn, Integer> entry : counts.entrySet()) {
      List<Double> logged = entry.getKey().logged();
      double[] said =
          ranking.propensities(
              0, entry.getKey().items().stream().mapToInt(Integer::intValue).toArray());
      for (int k = 0; k < said.length; k++) {
        loggedError = Math.max(loggedError, Math.abs(logged.get(k) - said[k]));
      }
      double probability = logged.stream().reduce(1.0, (a, b) -> a * b);
      double error = Math.abs((double) entry.getValue() / config.slates() - probability);
      largest = Math.max(largest, error);
      worst = Math.max(worst, error / Math.sqrt(probability * (1 - probability) / config.slates()));
    }
    figures
        .add("off_policy.propensity_error", largest, "probability of a slate")
        .add(
            "off_policy.propensity_error_in_deviations",
            worst,
            "of " + counts.size() + " slates",
            Goal.below(5))
        .add(
            "off_policy.logged_propensity_error",
            loggedError,
            "probability of a place",
            Goal.below(1e-12));
  }

  private Map<Drawn, Integer> draw(Ranking ranking) {
    int shards = Math.min(config.threads(), config.slates());
    List<Map<Drawn, Integer>> counted =
        Shards.run(
            shards,
            shard -> {
              Map<Drawn, Integer> counts = new HashMap<>();
              for (int i = shard; i < config.slates(); i += shards) {
                List<Slate.Placed> placed = ranking.slate(0, Seed.mix(config.seed().value() + i));
                counts.merge(Drawn.of(placed), 1, Integer::sum);
              }
              return counts;
            });
    Map<Drawn, Integer> counts = new HashMap<>();
    counted.forEach(part -> part.forEach((slate, n) -> counts.merge(slate, n, Integer::sum)));
    return counts;
  }

  private static double share(List<Trial> trials, Predicate<Trial> condition) {
    return mean(trials, trial -> condition.test(trial) ? 1 : 0);
  }

  private static double mean(List<Trial> trials, ToDoubleFunction<Trial> value) {
    return trials.stream().mapToDouble(value).sum() / trials.size();
  }
}
