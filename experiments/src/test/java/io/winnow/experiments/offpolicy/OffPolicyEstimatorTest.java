package io.winnow.experiments.offpolicy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.experiments.offpolicy.OffPolicyEstimator.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class OffPolicyEstimatorTest {
  /** Eight requests of five units, the last with one place only; probabilities are made up. */
  private static final List<LoggedRequest> LOG =
      List.of(
          request(0, 0.8, slot(1, .5, .6, .5, .4), slot(0, .25, .5, .3, .3)),
          request(0, 0.6, slot(0, .8, .4, .2, .3), slot(1, .5, .7, .4, .4)),
          request(1, 1.0, slot(1, .4, .8, .6, .5), slot(1, .5, .1, .5, .4)),
          request(2, 0.4, slot(0, .5, .2, .3, .2), slot(0, .5, .9, .1, .2)),
          request(2, 0.7, slot(0, .25, .5, .2, .3), slot(1, .8, .4, .6, .5)),
          request(3, 0.9, slot(1, .5, .7, .7, .6), slot(0, .4, 0, .2, .3)),
          request(4, 0.3, slot(0, .8, .6, .1, .2), slot(0, .25, .5, .1, .1)),
          request(4, 0.35, slot(1, .5, .1, .4, .3)));

  private static LoggedSlot slot(
      double reward, double logged, double candidate, double predicted, double expected) {
    return new LoggedSlot(reward, logged, candidate, predicted, expected);
  }

  private static LoggedRequest request(long unit, double expected, LoggedSlot... slots) {
    return new LoggedRequest(unit, expected, List.of(slots));
  }

  /** The expected numbers are numpy's and scipy's, from the formulas over matrices. */
  @Test
  void estimate_eightRequests_agreesWithNumpy() {
    OffPolicyResult result = OffPolicyEstimator.estimate(LOG, Settings.DEFAULT);

    assertEquals(8, result.requests());
    assertEquals(5, result.units());
    check(result, Estimator.SLOT_IPS, .8625, .3609256627, -.3190738703, 2.0440738703);
    check(
        result,
        Estimator.SLOT_SELF_NORMALISED,
        .8040023935,
        .2964814697,
        -.1642700036,
        1.7722747905);
    check(result, Estimator.SLOT_DOUBLY_ROBUST, .800625, .26911015, -.0880834192, 1.6893334192);
    check(result, Estimator.SEQUENTIAL_IPS, .8625, .3287846791, -.8238039248, 2.5488039248);
    check(
        result,
        Estimator.SEQUENTIAL_SELF_NORMALISED,
        .8715155454,
        .2427857759,
        -.06967203,
        1.8127031208);
    check(
        result,
        Estimator.SEQUENTIAL_DOUBLY_ROBUST,
        .796625,
        .2535095061,
        -.2902009433,
        1.8834509433);
    check(
        result,
        Estimator.SEQUENTIAL_WEIGHTED_DOUBLY_ROBUST,
        .7898589544,
        .2245048819,
        -.1555254417,
        1.7352433505);
    check(result.observed(), .875, .2195854582, -.2318658406, 1.9818658406);
    check(result.difference(), -.0851410456, .06666154, -.4503399626, .2800578714);
    assertEquals(6.33148033765699, result.sequential().effective(), 1e-9);
    assertEquals(5.75246727, result.sequential().effectiveBySlot().get(0), 1e-8);
    assertEquals(4.6862914, result.sequential().effectiveBySlot().get(1), 1e-7);
    assertEquals(5.46652864, result.slot().effectiveBySlot().get(1), 1e-8);
    assertEquals(7.393100244400009, result.slot().effective(), 1e-9);
    assertEquals(0.219941348973607, result.sequential().heaviest(), 1e-9);
    assertEquals(0.29508797653958946, result.sequential().largestUnit(), 1e-9);
  }

  private static void check(
      OffPolicyResult result,
      Estimator estimator,
      double value,
      double error,
      double low,
      double high) {
    check(Objects.requireNonNull(result.estimates().get(estimator)), value, error, low, high);
  }

  private static void check(
      Estimate estimate, double value, double error, double low, double high) {
    assertEquals(value, estimate.value(), 1e-9);
    assertEquals(error, estimate.standardError(), 1e-9);
    assertEquals(low, estimate.low(), 1e-7);
    assertEquals(high, estimate.high(), 1e-7);
  }

  /**
   * The cascade estimator as published, over Q of the rest of the slate, is what we compute from a
   * model of single places and the worth of the whole slate.
   */
  @Test
  void estimate_cascadeDoublyRobust_isTheRecursionOfThePaper() {
    Cascade world = new Cascade(new Seed(4).generator("cascade"));
    List<LoggedRequest> log = new ArrayList<>();
    double published = 0;
    int requests = 50;
    RandomGenerator random = new Seed(5).generator("log");
    for (int i = 0; i < requests; i++) {
      int[] slate = world.draw(world.logging, random);
      List<LoggedSlot> slots = new ArrayList<>();
      double weight = 1;
      for (int k = 0; k < Cascade.PLACES; k++) {
        double reward = world.reward(slate, k, random);
        double logged = world.chance(world.logging, slate, k);
        double candidate = world.chance(world.candidate, slate, k);
        double before = weight;
        weight *= candidate / logged;
        int[] filled = Arrays.copyOf(slate, k + 1);
        int[] prefix = Arrays.copyOf(slate, k);
        double rest = world.worth(filled, true);
        published +=
            (weight * (reward - world.model(filled, k) - rest) + before * world.worth(prefix, true))
                / requests;
        slots.add(slot(reward, logged, candidate, world.model(filled, k), Double.NaN));
      }
      log.add(new LoggedRequest(i, world.worth(new int[0], true), slots));
    }
    OffPolicyResult result = OffPolicyEstimator.estimate(log, Settings.DEFAULT);
    assertEquals(
        published,
        Objects.requireNonNull(result.estimates().get(Estimator.SEQUENTIAL_DOUBLY_ROBUST)).value(),
        1e-9);
    assertFalse(result.estimates().containsKey(Estimator.SLOT_DOUBLY_ROBUST));
  }

  @Test
  void estimate_manyLogs_coversTheTruthAndIsUnbiased() {
    Cascade world = new Cascade(new Seed(6).generator("cascade"));
    double truth = world.worth(new int[0], false);
    int logs = 1_000;
    int[] covered = new int[Estimator.values().length];
    double[] sums = new double[covered.length];
    double[] squares = new double[covered.length];
    int differences = 0;
    double loggedTruth = world.loggedWorth();
    for (int j = 0; j < logs; j++) {
      OffPolicyResult result =
          OffPolicyEstimator.estimate(
              world.log(300, new Seed(j).generator("log")), Settings.DEFAULT);
      for (Estimator estimator : result.estimates().keySet()) {
        Estimate estimate = Objects.requireNonNull(result.estimates().get(estimator));
        int e = List.of(Estimator.values()).indexOf(estimator);
        covered[e] += estimate.contains(truth) ? 1 : 0;
        sums[e] += estimate.value() - truth;
        squares[e] += (estimate.value() - truth) * (estimate.value() - truth);
      }
      differences += result.difference().contains(truth - loggedTruth) ? 1 : 0;
    }
    for (Estimator estimator : Estimator.values()) {
      int e = List.of(Estimator.values()).indexOf(estimator);
      if (estimator.sequential()) {
        double bias = sums[e] / logs;
        double deviation = Math.sqrt(squares[e] / logs - bias * bias);
        assertEquals(0.95, (double) covered[e] / logs, 0.02, estimator.name());
        assertEquals(0, bias, 4 * deviation / Math.sqrt(logs) + 0.002, estimator.name());
      }
    }
    int ips = List.of(Estimator.values()).indexOf(Estimator.SEQUENTIAL_IPS);
    int robust = List.of(Estimator.values()).indexOf(OffPolicyResult.DEFAULT);
    assertTrue(squares[robust] < 0.8 * squares[ips], "the model takes variance away");
    int slot = List.of(Estimator.values()).indexOf(Estimator.SLOT_SELF_NORMALISED);
    assertTrue(covered[slot] < 0.8 * logs, "by slot is biased here: " + covered[slot]);
    assertEquals(0.95, (double) differences / logs, 0.02);
  }

  @Test
  void estimate_candidateIsTheLoggingPolicy_isTheObservedMean() {
    List<LoggedRequest> same = new ArrayList<>();
    for (LoggedRequest request : LOG) {
      same.add(
          new LoggedRequest(
              request.unit(),
              0,
              request.slots().stream()
                  .map(s -> slot(s.reward(), s.logged(), s.logged(), 0, 0))
                  .toList()));
    }
    OffPolicyResult result = OffPolicyEstimator.estimate(same, new Settings(0.95, 1, 0));
    for (Estimate estimate : result.estimates().values()) {
      assertEquals(result.observed().value(), estimate.value(), 1e-12);
      assertEquals(result.observed().standardError(), estimate.standardError(), 1e-12);
    }
    assertEquals(0, result.difference().standardError(), 1e-12);
    assertEquals(8, result.sequential().effective(), 1e-9);
    assertEquals(1, result.sequential().supportBySlot().get(1).value(), 1e-12);
  }

  @Test
  void estimate_doubts_nameWhatIsWrong() {
    RandomGenerator random = new Seed(7).generator("doubts");
    List<LoggedRequest> few = uniform(200, 0.2, 0.9, random);
    assertEquals(List.of(), kinds(uniform(4_000, 0.5, 0.6, random)));
    assertTrue(kinds(few).contains(Doubt.Kind.FEW_EFFECTIVE_REQUESTS), kinds(few).toString());
    List<LoggedRequest> unsupported = new ArrayList<>();
    List<LoggedRequest> wrong = new ArrayList<>();
    List<LoggedRequest> heavy = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      unsupported.add(request(i, 0, slot(1, 1, 0.6, 0, 0)));
      wrong.add(request(i, 0, slot(1, 0.5, 0.7, 0, 0)));
      heavy.add(request(i % 1_000, 0, slot(1, i < 4 ? 0.0005 : 1, i < 4 ? 1 : 0.2, 0, 0)));
    }
    assertEquals(List.of(Doubt.Kind.MISSING_SUPPORT), kinds(unsupported));
    assertEquals(List.of(Doubt.Kind.WRONG_PROPENSITIES), kinds(wrong));
    assertTrue(kinds(heavy).contains(Doubt.Kind.CONCENTRATED_WEIGHTS), kinds(heavy).toString());
    List<LoggedRequest> impossible =
        List.of(request(1, 0, slot(1, 1, 0, 0, 0)), request(2, 0, slot(0, 1, 0, 0, 0)));
    OffPolicyResult none = OffPolicyEstimator.estimate(impossible, Settings.DEFAULT);
    assertEquals(0, none.value().value());
    assertEquals(0, none.sequential().effective());
    assertEquals(1, none.sequential().without());
    assertFalse(none.believable());
  }

  /**
   * One place, two items; the log shows the first with one probability, the candidate with another.
   */
  private static List<LoggedRequest> uniform(
      int requests, double logged, double candidate, RandomGenerator random) {
    List<LoggedRequest> log = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      boolean first = random.nextDouble() < logged;
      log.add(
          request(
              i,
              0,
              slot(
                  random.nextInt(2),
                  first ? logged : 1 - logged,
                  first ? candidate : 1 - candidate,
                  0,
                  0)));
    }
    return log;
  }

  private static List<Doubt.Kind> kinds(List<LoggedRequest> log) {
    return OffPolicyEstimator.estimate(log, Settings.DEFAULT).doubts().stream()
        .map(Doubt::kind)
        .toList();
  }

  @Test
  void estimate_maxWeight_cutsOff() {
    OffPolicyResult result = OffPolicyEstimator.estimate(LOG, new Settings(0.95, 1, 100));
    double sum = 0;
    for (LoggedRequest request : LOG) {
      double weight = 1;
      for (LoggedSlot slot : request.slots()) {
        weight *= slot.candidate() / slot.logged();
        sum += Math.min(1, weight) * slot.reward();
      }
    }
    assertEquals(
        sum / LOG.size(),
        Objects.requireNonNull(result.estimates().get(Estimator.SEQUENTIAL_IPS)).value(),
        1e-12);
  }

  @Test
  void estimate_badInput_namesField() {
    assertEquals(
        "log", field(() -> OffPolicyEstimator.estimate(LOG.subList(0, 2), Settings.DEFAULT)));
    assertEquals("logged", field(() -> slot(1, 0, 0.5, 0, 0)));
    assertEquals("candidate", field(() -> slot(1, 0.5, 1.1, 0, 0)));
    assertEquals("reward", field(() -> slot(Double.NaN, 0.5, 0.5, 0, 0)));
    assertEquals("slots", field(() -> new LoggedRequest(1, 0, List.of())));
    assertEquals("maxWeight", field(() -> new Settings(0.95, 0.5, 1)));
    assertEquals("confidence", field(() -> new Settings(1, 2, 1)));
  }

  private static String field(Runnable call) {
    return assertThrows(WinnowException.class, call::run).problems().getFirst().field();
  }

  /** Four items, three places, softmax policies; a click depends on the items down to its place. */
  private static final class Cascade {
    static final int PLACES = 3;
    static final int ITEMS = 4;

    final double[] logging = {0.2, 0.6, 0, 0.9};
    final double[] candidate = {1.1, 0, 0.7, 0.2};
    private final double[] appeal = new double[ITEMS];
    private final double[] believed = new double[ITEMS];

    Cascade(RandomGenerator random) {
      for (int i = 0; i < ITEMS; i++) {
        appeal[i] = 0.2 + 0.6 * random.nextDouble();
        believed[i] = Math.clamp(appeal[i] + 0.1 * random.nextGaussian(), 0.05, 0.95);
      }
      appeal[0] = 0.9;
      believed[0] = 0.85;
    }

    double chance(double[] scores, int[] slate, int place) {
      double all = 0;
      for (int i = 0; i < ITEMS; i++) {
        int item = i;
        if (Arrays.stream(slate, 0, place).noneMatch(before -> before == item)) {
          all += Math.exp(scores[i]);
        }
      }
      return Math.exp(scores[slate[place]]) / all;
    }

    int[] draw(double[] scores, RandomGenerator random) {
      int[] slate = new int[PLACES];
      for (int k = 0; k < PLACES; k++) {
        double left = random.nextDouble();
        int last = -1;
        for (int item = 0; item < ITEMS && left >= 0; item++) {
          int next = item;
          if (Arrays.stream(slate, 0, k).noneMatch(before -> before == next)) {
            slate[k] = item;
            last = item;
            left -= chance(scores, slate, k);
          }
        }
        slate[k] = last;
      }
      return slate;
    }

    private double truth(int[] slate, int place, double[] values) {
      double attention = 1;
      for (int k = 0; k < place; k++) {
        attention *= 1 - 0.7 * values[slate[k]];
      }
      return attention * values[slate[place]];
    }

    double reward(int[] slate, int place, RandomGenerator random) {
      return random.nextDouble() < truth(slate, place, appeal) ? 1 : 0;
    }

    double model(int[] slate, int place) {
      return truth(slate, place, believed);
    }

    /** The exact worth, under the candidate, of the places behind a prefix. */
    double worth(int[] prefix, boolean modelled) {
      return worth(candidate, prefix, modelled ? believed : appeal);
    }

    double loggedWorth() {
      return worth(logging, new int[0], appeal);
    }

    private double worth(double[] scores, int[] prefix, double[] values) {
      if (prefix.length == PLACES) {
        return 0;
      }
      double sum = 0;
      int[] longer = Arrays.copyOf(prefix, prefix.length + 1);
      for (int i = 0; i < ITEMS; i++) {
        int item = i;
        if (Arrays.stream(prefix).noneMatch(before -> before == item)) {
          longer[prefix.length] = item;
          sum +=
              chance(scores, longer, prefix.length)
                  * (truth(longer, prefix.length, values) + worth(scores, longer.clone(), values));
        }
      }
      return sum;
    }

    List<LoggedRequest> log(int requests, RandomGenerator random) {
      List<LoggedRequest> log = new ArrayList<>();
      double expected = worth(new int[0], true);
      for (int i = 0; i < requests; i++) {
        int[] slate = draw(logging, random);
        List<LoggedSlot> slots = new ArrayList<>();
        for (int k = 0; k < PLACES; k++) {
          slots.add(
              slot(
                  reward(slate, k, random),
                  chance(logging, slate, k),
                  chance(candidate, slate, k),
                  model(slate, k),
                  Double.NaN));
        }
        log.add(new LoggedRequest(i, expected, slots));
      }
      return log;
    }
  }
}
