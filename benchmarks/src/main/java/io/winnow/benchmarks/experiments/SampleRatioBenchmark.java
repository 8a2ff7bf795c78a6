package io.winnow.benchmarks.experiments;

import io.winnow.benchmarks.Figures;
import io.winnow.benchmarks.Figures.Goal;
import io.winnow.benchmarks.Figures.Peer;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.statistics.SampleRatio;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * The sample ratio mismatch test on users that are really assigned by a hash: alarms where nothing
 * is amiss, and where half a per cent of the users is lost from one arm.
 */
public final class SampleRatioBenchmark {
  private static final double[] HALVES = {1, 1};
  private static final double[] UNEVEN = {8, 1, 1};
  private static final int DAYS = 14;

  private final Config config;
  private final Figures.Builder figures = new Figures.Builder("srm");

  /** A uniform draw from [0, 1) for a unit, the same whenever it is asked for. */
  @FunctionalInterface
  public interface Draw {
    /** The draw of this unit. */
    double of(long unit);
  }

  /**
   * What to run.
   *
   * @param experiments without a mismatch
   * @param users in each of them
   * @param mismatches experiments with 50.5 to 49.5
   * @param mismatchUsers in each of those
   * @param draws the assignment's draw by experiment number
   * @param threads to run on; the figures do not depend on them
   */
  public record Config(
      int experiments,
      int users,
      int mismatches,
      int mismatchUsers,
      LongFunction<Draw> draws,
      int threads,
      Seed seed) {
    /**
     * 200,000 experiments of 10,000 users (the error of a rate of .001 is .00007) and 1,000 of
     * 500,000, by a hash that is as uniform as can be.
     */
    public static Config defaults(Seed seed, int threads) {
      return new Config(200_000, 10_000, 1_000, 500_000, hash(seed), threads, seed);
    }

    /** The same with another assignment. */
    public Config withDraws(LongFunction<Draw> others) {
      return new Config(experiments, users, mismatches, mismatchUsers, others, threads, seed);
    }

    /** Checks the sizes. */
    public Config {
      List<Problem> problems = new ArrayList<>();
      Trials.check(problems, "experiments", experiments, 1);
      Trials.check(problems, "users", users, DAYS);
      Trials.check(problems, "mismatches", mismatches, 1);
      Trials.check(problems, "mismatchUsers", mismatchUsers, DAYS);
      Trials.check(problems, "threads", threads, 1);
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }

    private static LongFunction<Draw> hash(Seed seed) {
      return experiment -> {
        long salt = Seed.mix(seed.value() ^ Seed.mix(experiment));
        return unit -> (Seed.mix(salt + unit) >>> 11) * 0x1p-53;
      };
    }
  }

  private SampleRatioBenchmark(Config config) {
    this.config = config;
  }

  /** Runs it to the end. */
  public static Figures run(Config config) {
    return new SampleRatioBenchmark(config).run();
  }

  /** Whether the test at the end alarmed, and the two ways of testing each day. */
  private record Alarms(boolean atEnd, boolean anyDay, boolean anyDayAlwaysValid) {}

  private Figures run() {
    figures.count("srm.experiments", config.experiments(), "experiments");
    List<Alarms> same = alarms("same", config.experiments(), config.users(), HALVES, 0.5);
    figures.add(
        "srm.null_rate", rate(same, Alarms::atEnd), "of experiments", Goal.between(0.0005, 0.0015));
    figures.add(
        "srm.daily_null_rate",
        rate(same, Alarms::anyDayAlwaysValid),
        "of experiments",
        Goal.between(0, SampleRatio.ALARM_BELOW),
        new Peer("chi-square each day", rate(same, Alarms::anyDay)));
    List<Alarms> uneven =
        alarms("uneven", config.experiments() / 2 + 1, config.users(), UNEVEN, 0.8);
    figures.add("srm.null_rate_uneven", rate(uneven, Alarms::atEnd), "of experiments");
    List<Alarms> lost =
        alarms("mismatch", config.mismatches(), config.mismatchUsers(), HALVES, 0.505);
    figures.add("srm.detection", rate(lost, Alarms::atEnd), "of experiments", Goal.atLeast(0.99));
    figures.add("srm.daily_detection", rate(lost, Alarms::anyDayAlwaysValid), "of experiments");
    return figures.build();
  }

  /** Each experiment has users of its own numbers and another salt. */
  private List<Alarms> alarms(
      String name, int count, int users, double[] weights, double firstShare) {
    return Trials.run(
        config.threads(),
        count,
        config.seed().derive(name),
        random -> alarms(users, weights, firstShare, random));
  }

  private Alarms alarms(int users, double[] weights, double firstShare, RandomGenerator random) {
    Draw draw = config.draws().apply(random.nextLong());
    long firstUser = random.nextLong() >>> 1;
    long[] units = new long[weights.length];
    boolean anyDay = false;
    boolean anyDayAlwaysValid = false;
    int user = 0;
    for (int day = 1; day <= DAYS; day++) {
      for (int until = (int) ((long) users * day / DAYS); user < until; user++) {
        double position = draw.of(firstUser + user);
        int arm = 0;
        if (position >= firstShare) {
          arm = 1 + (int) ((position - firstShare) / (1 - firstShare) * (weights.length - 1));
        }
        units[Math.min(arm, weights.length - 1)]++;
      }
      anyDay |= SampleRatio.test(units, weights).alarm();
      anyDayAlwaysValid |= SampleRatio.alwaysValidPValue(units, weights) < SampleRatio.ALARM_BELOW;
    }
    return new Alarms(SampleRatio.test(units, weights).alarm(), anyDay, anyDayAlwaysValid);
  }

  private static double rate(List<Alarms> alarms, Predicate<Alarms> what) {
    return (double) alarms.stream().filter(what).count() / alarms.size();
  }
}
