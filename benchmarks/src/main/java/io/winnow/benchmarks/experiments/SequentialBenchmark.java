package io.winnow.benchmarks.experiments;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.Figures.Peer;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.statistics.AlwaysValid;
import io.winnow.experiments.statistics.Contrast;
import io.winnow.experiments.statistics.Estimate;
import io.winnow.experiments.statistics.Judgement;
import io.winnow.experiments.statistics.Look;
import io.winnow.experiments.statistics.MonitoringRule;
import io.winnow.experiments.statistics.OneLook;
import io.winnow.experiments.statistics.PlannedLooks;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * Sequential tests on whole simulated experiments: how often each calls a difference that is not
 * there, and one that is. Users come back and have a skewed ratio metric ({@link VisitorWorld});
 * everything goes through the accumulators and tests that the product uses.
 *
 * <p>The plans (the information at the end, and the effect that one look finds with .79) come from
 * pilots of their own, as plans have to; single experiments end with somewhat more or less
 * information. A multiplied click rate varies more between users, too, so an experiment with an
 * effect collects less information than one without, and each has its plan.
 */
public final class SequentialBenchmark {
  private static final double ALPHA = 0.05;

  /** z_{.975} + z_{.79}: the true difference in standard errors that one look finds with .79. */
  private static final double DRIFT_OF_79 = 1.959964 + 0.806421;

  private static final int PILOT = 400;

  /** Rounds of finding an effect from the information that is collected with it. */
  private static final int PILOT_ROUNDS = 4;

  private final Config config;
  private final Figures.Builder figures = new Figures.Builder("aa");

  /**
   * What to run.
   *
   * @param experiments without an effect, and as many with one
   * @param looks in each
   * @param users in each, in two arms
   * @param threads to run on; the figures do not depend on them
   */
  public record Config(int experiments, int looks, int users, int threads, Seed seed) {
    /** 10,000 experiments of 4,000 users with 30 looks. */
    public static Config defaults(Seed seed, int threads) {
      return new Config(10_000, 30, 4_000, threads, seed);
    }

    /** Checks the sizes. */
    public Config {
      List<Problem> problems = new ArrayList<>();
      Trials.check(problems, "experiments", experiments, 1);
      Trials.check(problems, "looks", looks, 1);
      Trials.check(problems, "users", users, 100);
      Trials.check(problems, "threads", threads, 1);
      if (looks > MonitoringRule.LOOKS_MAX) {
        problems.add(
            new Problem("looks", Integer.toString(looks), "<= " + MonitoringRule.LOOKS_MAX));
      }
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }
  }

  private SequentialBenchmark(Config config) {
    this.config = config;
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    return new SequentialBenchmark(config).run();
  }

  /** What is fixed before any experiment starts. */
  private record Plan(double information, double difference) {
    double lift() {
      return difference / VisitorWorld.ratio();
    }
  }

  /** What each rule said of one experiment, and whether its intervals held the truth. */
  private record Outcome(
      boolean oneLook,
      boolean planned,
      boolean alwaysValid,
      boolean mixture,
      boolean naive,
      boolean oneLookCovers,
      boolean plannedCovers,
      boolean alwaysValidCovers) {}

  private Figures run() {
    Plan noEffect = plan(0);
    Plan effect = noEffect;
    for (int round = 0; round < PILOT_ROUNDS; round++) {
      effect = plan(DRIFT_OF_79 / Math.sqrt(effect.information()));
    }
    figures.count("aa.experiments", config.experiments(), "experiments");
    figures.count("aa.looks", config.looks(), "looks");
    figures.add("aa.lift", effect.lift(), "of clicks per slate");
    List<Outcome> same = outcomes("same", noEffect);
    List<Outcome> different = outcomes("different", effect);
    Peer naive = new Peer("1.96 at any look", rate(same, Outcome::naive));
    figures
        .add(
            "aa.planned.false_positive_rate",
            rate(same, Outcome::planned),
            "of experiments",
            Goal.between(0.04, 0.055),
            naive)
        .add("aa.one_look.false_positive_rate", rate(same, Outcome::oneLook), "of experiments")
        .add(
            "aa.always_valid.false_positive_rate",
            rate(same, Outcome::alwaysValid),
            "of experiments",
            Goal.between(0, 0.05),
            naive);
    powers(different);
    coverage("aa.same", same);
    coverage("aa.different", different);
    return figures.build();
  }

  private void powers(List<Outcome> different) {
    double oneLook = rate(different, Outcome::oneLook);
    double planned = rate(different, Outcome::planned);
    figures
        .add("aa.one_look.power", oneLook, "of experiments")
        .add("aa.planned.power", planned, "of experiments")
        .add(
            "aa.planned.power_ratio",
            oneLook == 0 ? 0 : planned / oneLook,
            "of one look's",
            Goal.atLeast(0.95))
        .add(
            "aa.always_valid.power",
            rate(different, Outcome::alwaysValid),
            "of experiments",
            Goal.atLeast(0.60),
            new Peer("normal mixture alone", rate(different, Outcome::mixture)));
  }

  private void coverage(String name, List<Outcome> outcomes) {
    figures
        .add(name + ".one_look.coverage", rate(outcomes, Outcome::oneLookCovers), "of experiments")
        .add(name + ".planned.coverage", rate(outcomes, Outcome::plannedCovers), "of experiments")
        .add(
            name + ".always_valid.coverage",
            rate(outcomes, Outcome::alwaysValidCovers),
            "of experiments");
  }

  /** A plan for a difference, with the mean information at the end of a pilot's experiments. */
  private Plan plan(double difference) {
    double sum =
        Trials.run(
                config.threads(),
                PILOT,
                config.seed().derive("pilot"),
                random -> contrasts(difference, random).getLast().information())
            .stream()
            .mapToDouble(Double::doubleValue)
            .sum();
    return new Plan(sum / PILOT, difference);
  }

  private List<Outcome> outcomes(String name, Plan plan) {
    return Trials.run(
        config.threads(),
        config.experiments(),
        config.seed().derive(name),
        random -> outcome(plan, random));
  }

  private List<Contrast> contrasts(double difference, RandomGenerator random) {
    VisitorWorld world =
        new VisitorWorld(config.users(), config.looks(), difference / VisitorWorld.ratio(), random);
    List<Contrast> contrasts = new ArrayList<>();
    for (int look = 0; look < config.looks(); look++) {
      world.next();
      contrasts.add(
          new Contrast(
              Estimate.ratio(world.control().snapshot()),
              Estimate.ratio(world.treatment().snapshot())));
    }
    return contrasts;
  }

  private Outcome outcome(Plan plan, RandomGenerator random) {
    List<Contrast> contrasts = contrasts(plan.difference(), random);
    List<Look> looks = new ArrayList<>();
    List<Look> looksByShare = new ArrayList<>();
    for (int k = 0; k < contrasts.size(); k++) {
      boolean last = k == contrasts.size() - 1;
      looks.add(contrasts.get(k).look(plan.information(), last));
      looksByShare.add(
          contrasts.get(k).lookAtShare((k + 1.0) / contrasts.size(), plan.information(), last));
    }
    List<Judgement> oneLook = new OneLook(ALPHA).judge(looks);
    List<Judgement> planned = PlannedLooks.of(ALPHA).judge(looksByShare);
    List<Judgement> alwaysValid = AlwaysValid.planned(ALPHA).judge(looks);
    double critical = Contrast.critical(ALPHA);
    return new Outcome(
        crossed(oneLook),
        crossed(planned),
        crossed(alwaysValid),
        crossed(AlwaysValid.unplanned(ALPHA).judge(looks)),
        looks.stream().anyMatch(look -> Math.abs(look.z()) >= critical),
        cover(oneLook, contrasts, plan.difference()),
        cover(planned, contrasts, plan.difference()),
        cover(alwaysValid, contrasts, plan.difference()));
  }

  private static boolean crossed(List<Judgement> judgements) {
    return judgements.stream().anyMatch(Judgement::crossed);
  }

  /** Whether the intervals of all looks hold the truth. */
  private static boolean cover(List<Judgement> judgements, List<Contrast> contrasts, double truth) {
    for (int k = 0; k < judgements.size(); k++) {
      double critical = judgements.get(k).critical();
      if (!contrasts.get(k).differenceInterval(critical).contains(truth)) {
        return false;
      }
    }
    return true;
  }

  private static double rate(List<Outcome> outcomes, Predicate<Outcome> what) {
    return (double) outcomes.stream().filter(what).count() / outcomes.size();
  }
}
