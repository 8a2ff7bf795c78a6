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
import io.winnow.experiments.statistics.SequentialPlan;
import io.winnow.experiments.statistics.UnitMoments;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * Sequential tests on whole simulated experiments: how often each calls a difference that is not
 * there, and one that is. Users come back and have a skewed ratio metric ({@link VisitorWorld});
 * everything goes through the accumulators and tests that the product uses.
 *
 * <p>The plans (the effect that one look at the end finds with .79, which is the minimum effect)
 * come from pilots of their own, as plans have to; single experiments end with somewhat more or
 * less information. A multiplied click rate varies more between users, too, so an experiment with
 * an effect collects less information than one without, and each has its plan. The same experiments
 * are judged at any time by plans that are wrong, too: with half and with twice the information
 * that was planned for the end.
 *
 * <p>Two metrics: clicks per slate, and, in a quarter as many experiments, clicks by user ({@code
 * aa.mean}), whose level and error grow for as long as users come back.
 */
public final class SequentialBenchmark {
  private static final double ALPHA = 0.05;

  /** z_{.975} + z_{.79}: the true difference in standard errors that one look finds with .79. */
  private static final double DRIFT_OF_79 = 1.959964 + 0.806421;

  private static final double POWER = 0.79;

  private static final int PILOT = 400;

  /** Of the experiments, one in so many is done for the mean by user as well. */
  private static final int MEANS = 4;

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

  /** The metrics that are judged. */
  private enum Judged {
    CLICKS_PER_SLATE,
    CLICKS_BY_USER
  }

  /**
   * What is fixed before any experiment starts.
   *
   * @param minimumEffect the difference that one look at the end finds with .79, relative to the
   *     level of both arms together, as the clock has it
   * @param lift what is true, relative to the control
   */
  private record Plan(double minimumEffect, double lift) {}

  /** A look, before any rule. */
  private record Seen(Contrast contrast, double level) {}

  /** What each rule said of one experiment, and whether its intervals held the truth. */
  private record Outcome(
      boolean oneLook,
      boolean planned,
      boolean alwaysValid,
      boolean half,
      boolean twice,
      boolean mixture,
      boolean naive,
      boolean oneLookCovers,
      boolean plannedCovers,
      boolean alwaysValidCovers) {}

  private Figures run() {
    figures.count("aa.experiments", config.experiments(), "experiments");
    figures.count("aa.looks", config.looks(), "looks");
    ratio();
    mean();
    return figures.build();
  }

  private void ratio() {
    Judged metric = Judged.CLICKS_PER_SLATE;
    Plan noEffect = noEffect(metric);
    Plan effect = effect(metric, noEffect);
    figures.add("aa.lift", effect.lift(), "of clicks per slate");
    List<Outcome> same = outcomes("same", metric, noEffect, config.experiments());
    List<Outcome> different = outcomes("different", metric, effect, config.experiments());
    falseAlarms("aa", same);
    powers("aa", different);
    figures
        .add("aa.one_look.false_positive_rate", rate(same, Outcome::oneLook), "of experiments")
        .add("aa.one_look.power", rate(different, Outcome::oneLook), "of experiments");
    offPlan("aa.always_valid.half_information", same, different, Outcome::half);
    offPlan("aa.always_valid.twice_information", same, different, Outcome::twice);
    coverage("aa.same", same);
    coverage("aa.different", different);
  }

  private void mean() {
    Judged metric = Judged.CLICKS_BY_USER;
    int experiments = Math.max(1, config.experiments() / MEANS);
    Plan noEffect = noEffect(metric);
    Plan effect = effect(metric, noEffect);
    figures.count("aa.mean.experiments", experiments, "experiments");
    figures.add("aa.mean.lift", effect.lift(), "of clicks by user");
    falseAlarms("aa.mean", outcomes("same mean", metric, noEffect, experiments));
    powers("aa.mean", outcomes("different mean", metric, effect, experiments));
  }

  private void falseAlarms(String name, List<Outcome> same) {
    Peer naive = new Peer("1.96 at any look", rate(same, Outcome::naive));
    // Means by user are judged with care: their looks have more in common than their clock says.
    double least = name.equals("aa") ? 0.04 : 0;
    figures
        .add(
            name + ".planned.false_positive_rate",
            rate(same, Outcome::planned),
            "of experiments",
            Goal.between(least, 0.055),
            naive)
        .add(
            name + ".always_valid.false_positive_rate",
            rate(same, Outcome::alwaysValid),
            "of experiments",
            Goal.between(0, 0.05),
            naive);
  }

  private void offPlan(
      String name, List<Outcome> same, List<Outcome> different, Predicate<Outcome> crossed) {
    figures
        .add(
            name + ".false_positive_rate",
            rate(same, crossed),
            "of experiments",
            Goal.between(0, 0.05))
        .add(name + ".power", rate(different, crossed), "of experiments");
  }

  private void powers(String name, List<Outcome> different) {
    double oneLook = rate(different, Outcome::oneLook);
    double planned = rate(different, Outcome::planned);
    figures
        .add(name + ".planned.power", planned, "of experiments")
        .add(
            name + ".planned.power_ratio",
            oneLook == 0 ? 0 : planned / oneLook,
            "of one look's",
            Goal.atLeast(0.95))
        .add(
            name + ".always_valid.power",
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

  private Plan noEffect(Judged metric) {
    return new Plan(effectAtEnd(metric, 0), 0);
  }

  private Plan effect(Judged metric, Plan noEffect) {
    Plan plan = noEffect;
    for (int round = 0; round < PILOT_ROUNDS; round++) {
      // Half of the lift is in the level of both arms.
      double lift = plan.minimumEffect() / (1 - plan.minimumEffect() / 2);
      plan = new Plan(effectAtEnd(metric, lift), lift);
    }
    return plan;
  }

  /** The minimum effect of a plan from the information that a pilot ends with. */
  private double effectAtEnd(Judged metric, double lift) {
    SequentialPlan any = SequentialPlan.planned(ALPHA);
    double sum =
        Trials.run(
                config.threads(),
                PILOT,
                config.seed().derive("pilot"),
                random -> {
                  Seen end = experiment(metric, lift, random).getLast();
                  return any.look(end.contrast(), end.level(), 1, true).information();
                })
            .stream()
            .mapToDouble(Double::doubleValue)
            .sum();
    return DRIFT_OF_79 / Math.sqrt(sum / PILOT);
  }

  private List<Outcome> outcomes(String name, Judged metric, Plan plan, int experiments) {
    return Trials.run(
        config.threads(),
        experiments,
        config.seed().derive(name),
        random -> outcome(metric, plan, random));
  }

  private List<Seen> experiment(Judged metric, double lift, RandomGenerator random) {
    VisitorWorld world = new VisitorWorld(config.users(), config.looks(), lift, random);
    boolean byUser = metric == Judged.CLICKS_BY_USER;
    List<Seen> seen = new ArrayList<>();
    for (int look = 0; look < config.looks(); look++) {
      world.next();
      UnitMoments control = byUser ? world.controlClicks() : world.control();
      UnitMoments treatment = byUser ? world.treatmentClicks() : world.treatment();
      List<Estimate> arms =
          List.of(Estimate.ratio(control.snapshot()), Estimate.ratio(treatment.snapshot()));
      seen.add(new Seen(new Contrast(arms.getFirst(), arms.getLast()), SequentialPlan.level(arms)));
    }
    return seen;
  }

  private static List<Judgement> judge(SequentialPlan plan, List<Seen> seen) {
    List<Look> looks = new ArrayList<>();
    for (int k = 0; k < seen.size(); k++) {
      double share = (k + 1.0) / seen.size();
      boolean last = k == seen.size() - 1;
      looks.add(plan.look(seen.get(k).contrast(), seen.get(k).level(), share, last));
    }
    return plan.rule().judge(looks);
  }

  private Outcome outcome(Judged metric, Plan plan, RandomGenerator random) {
    List<Seen> seen = experiment(metric, plan.lift(), random);
    SequentialPlan always = SequentialPlan.always(ALPHA, POWER, plan.minimumEffect());
    double information = always.plannedInformation();
    List<Judgement> oneLook = judge(new SequentialPlan(new OneLook(ALPHA), 1), seen);
    List<Judgement> planned = judge(SequentialPlan.planned(ALPHA), seen);
    List<Judgement> alwaysValid = judge(always, seen);
    double critical = Contrast.critical(ALPHA);
    double difference = plan.lift() * VisitorWorld.ratio();
    return new Outcome(
        crossed(oneLook),
        crossed(planned),
        crossed(alwaysValid),
        crossed(judge(new SequentialPlan(always.rule(), information * 2), seen)),
        crossed(judge(new SequentialPlan(always.rule(), information / 2), seen)),
        crossed(judge(new SequentialPlan(AlwaysValid.unplanned(ALPHA), information), seen)),
        seen.stream().anyMatch(of -> Math.abs(of.contrast().z()) >= critical),
        cover(oneLook, seen, difference),
        cover(planned, seen, difference),
        cover(alwaysValid, seen, difference));
  }

  private static boolean crossed(List<Judgement> judgements) {
    return judgements.stream().anyMatch(Judgement::crossed);
  }

  /** Whether the intervals of all looks hold the truth. */
  private static boolean cover(List<Judgement> judgements, List<Seen> seen, double truth) {
    for (int k = 0; k < judgements.size(); k++) {
      double critical = judgements.get(k).critical();
      if (!seen.get(k).contrast().differenceInterval(critical).contains(truth)) {
        return false;
      }
    }
    return true;
  }

  private static double rate(List<Outcome> outcomes, Predicate<Outcome> what) {
    return (double) outcomes.stream().filter(what).count() / outcomes.size();
  }
}
