package io.winnow.lifecycle.offpolicy;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.Objectives.Objective;
import io.winnow.events.RecordSource;
import io.winnow.experiments.offpolicy.LoggedRequest;
import io.winnow.experiments.offpolicy.LoggedSlot;
import io.winnow.experiments.offpolicy.OffPolicyEstimator;
import io.winnow.experiments.offpolicy.OffPolicyResult;
import io.winnow.features.PointInTimeReplay;
import io.winnow.lifecycle.CallerRunsExecutor;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.ServingRelease.Counterfactual;
import io.winnow.lifecycle.Shards;
import io.winnow.lifecycle.offpolicy.LoggedSlates.Shown;
import io.winnow.lifecycle.offpolicy.LoggedSlates.Slate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Estimates what a release would have earned from the slates that others showed.
 *
 * <p>The log is played to each request's offset; there the release does what it would have done:
 * reads the moment, retrieves, ranks. Its re-ranker says how likely it would have shown the logged
 * slate, its exploration as the application file in its bundle has it. Outcomes are joined as for
 * training. What its ranker expects of shown items and of the slates that it would have shown
 * itself is the model of the doubly robust estimate; since the ranker does not know places, its
 * probabilities are scaled place by place to the log's own rates.
 *
 * <p>What a request asked beyond its user (filters, excluded items, context) is not in the log, so
 * it is replayed without; a release then spreads its probability over items that the request ruled
 * out, and {@code MISSING_SUPPORT} among the doubts says so.
 */
public final class ReleaseReplay {
  /** So many outcomes, as expected, weigh as much as those of a place itself. */
  private static final double PRIOR_OUTCOMES = 5;

  private final ApplicationDefinition application;
  private final Release release;
  private final Settings settings;

  /**
   * How to go about it.
   *
   * @param fromOffset requests before it are left out; not below the end of what the release was
   *     trained on, which would let it know the outcomes
   * @param maxRequests how many requests at most, 1 to 1,000,000; a sample if the log holds more
   * @param draws how many slates of the release's own to draw for each request, 1 to 100
   * @param threads each replays the log
   * @param seed of sample and draws
   */
  public record Settings(
      long fromOffset,
      int maxRequests,
      int draws,
      int threads,
      Seed seed,
      OffPolicyEstimator.Settings statistics) {
    /** Everything behind what the release was trained on: 20,000 requests, 4 draws, 95 %. */
    public static Settings defaults(Release release, Seed seed, int threads) {
      return new Settings(
          release.manifest().provenance().toOffset(),
          20_000,
          4,
          threads,
          seed,
          OffPolicyEstimator.Settings.DEFAULT);
    }

    /** Checks the ranges. */
    public Settings {
      List<Problem> problems = new ArrayList<>();
      check(problems, "fromOffset", fromOffset, 0, Long.MAX_VALUE);
      check(problems, "maxRequests", maxRequests, 1, 1_000_000);
      check(problems, "draws", draws, 1, 100);
      check(problems, "threads", threads, 1, 1_024);
      if (!problems.isEmpty()) {
        throw WinnowException.invalid(problems);
      }
    }

    private static void check(
        List<Problem> problems, String field, long value, long low, long high) {
      if (value < low || value > high) {
        problems.add(new Problem(field, Long.toString(value), low + " to " + high));
      }
    }
  }

  private ReleaseReplay(ApplicationDefinition application, Release release, Settings settings) {
    this.application = application;
    this.release = release;
    this.settings = settings;
  }

  /**
   * Estimates a release's worth.
   *
   * @param application says what outcomes are worth and how long they may take
   * @throws WinnowException if the release was trained on requests that it is to be judged by, or
   *     the log holds settled slates of fewer than two users
   */
  public static ReleaseValue run(
      ApplicationDefinition application, Release release, RecordSource records, Settings settings) {
    long trainedTo = release.manifest().provenance().toOffset();
    if (settings.fromOffset() < trainedTo) {
      throw WinnowException.invalid(
          "fromOffset",
          settings.fromOffset(),
          "at least " + trainedTo + ", where the release's training ends");
    }
    return new ReleaseReplay(application, release, settings).run(records);
  }

  private ReleaseValue run(RecordSource records) {
    LoggedSlates log =
        new LoggedSlates(
            application.objectives(),
            settings.fromOffset(),
            settings.maxRequests(),
            settings.seed());
    records.replay(log);
    List<Slate> slates = log.usable();
    if (slates.stream().map(Slate::user).distinct().count() < 2) {
      throw WinnowException.invalid(
          "slates", slates.size(), "settled slates of at least two users behind the offset");
    }
    List<Counterfactual> replayed = replay(records, slates);
    List<Objective> objectives = application.objectives().list();
    Predictions predictions = Predictions.of(release, objectives, slates, replayed);
    double[] weights = objectives.stream().mapToDouble(Objective::weight).toArray();
    Map<String, OffPolicyResult> byObjective = new LinkedHashMap<>();
    for (int t = 0; t < weights.length; t++) {
      double[] one = new double[weights.length];
      one[t] = 1;
      byObjective.put(objectives.get(t).name(), estimate(slates, replayed, predictions, one));
    }
    return new ReleaseValue(
        release.version(),
        settings.fromOffset(),
        log.size(),
        log.size() - slates.size(),
        estimate(slates, replayed, predictions, weights),
        byObjective);
  }

  private List<Counterfactual> replay(RecordSource records, List<Slate> slates) {
    int shards = Math.min(settings.threads(), slates.size());
    List<List<Counterfactual>> parts =
        Shards.run(shards, shard -> replay(records, slates, shard, shards));
    List<Counterfactual> all = new ArrayList<>();
    for (int i = 0; i < slates.size(); i++) {
      all.add(parts.get(i % shards).get(i / shards));
    }
    return all;
  }

  private List<Counterfactual> replay(
      RecordSource records, List<Slate> slates, int shard, int shards) {
    List<Slate> mine = new ArrayList<>();
    for (int i = shard; i < slates.size(); i += shards) {
      mine.add(slates.get(i));
    }
    List<ServingRelease> serving = new ArrayList<>();
    List<Counterfactual> replayed = new ArrayList<>();
    PointInTimeReplay.play(
        records,
        release.definition(),
        mine.stream().mapToLong(Slate::asOfOffset).toArray(),
        (index, reader) -> {
          if (serving.isEmpty()) {
            serving.add(new ServingRelease(release, reader, new CallerRunsExecutor()));
          }
          Slate slate = mine.get(index);
          replayed.add(
              serving
                  .getFirst()
                  .counterfactual(
                      slate.user(), slate.timeMs(), slate.items(), settings.draws(), slate.lot()));
        });
    return replayed;
  }

  private OffPolicyResult estimate(
      List<Slate> slates,
      List<Counterfactual> replayed,
      Predictions predictions,
      double[] weights) {
    Map<UserId, Long> units = new HashMap<>();
    List<LoggedRequest> requests = new ArrayList<>();
    for (int i = 0; i < slates.size(); i++) {
      Slate slate = slates.get(i);
      Counterfactual counterfactual = replayed.get(i);
      List<LoggedSlot> slots = new ArrayList<>();
      double expected = 0;
      for (Shown shown : slate.shown()) {
        int place = shown.position();
        double reward = 0;
        for (int t = 0; t < weights.length; t++) {
          reward += weights[t] * shown.labels()[t];
        }
        expected += predictions.worth(counterfactual, false, place, weights);
        // The model's mean at one place given the items before is not computed: the estimators by
        // slot are there to compare weights, and nobody goes by them.
        slots.add(
            new LoggedSlot(
                reward,
                shown.propensity(),
                counterfactual.propensities()[place],
                predictions.worth(counterfactual, true, place, weights),
                Double.NaN));
      }
      long unit = units.computeIfAbsent(slate.user(), _ -> (long) units.size());
      requests.add(new LoggedRequest(unit, expected, slots));
    }
    return OffPolicyEstimator.estimate(requests, settings.statistics());
  }

  /**
   * The ranker's probabilities, scaled to the log's rates.
   *
   * @param heads the ranker's head for each objective, -1 for none
   * @param scales by place and objective: outcomes for each that the ranker expected there, drawn
   *     towards the same for all places
   */
  private record Predictions(int[] heads, double[][] scales) {
    static Predictions of(
        Release release,
        List<Objective> objectives,
        List<Slate> slates,
        List<Counterfactual> replayed) {
      List<String> names =
          release.definition().objectives().list().stream().map(Objective::name).toList();
      int[] heads = objectives.stream().mapToInt(o -> names.indexOf(o.name())).toArray();
      int places = slates.stream().mapToInt(slate -> slate.shown().size()).max().orElse(0);
      double[][] outcomes = new double[places + 1][heads.length];
      double[][] expected = new double[places + 1][heads.length];
      for (int i = 0; i < replayed.size(); i++) {
        Counterfactual counterfactual = replayed.get(i);
        for (Shown shown : slates.get(i).shown()) {
          int place = shown.position();
          for (int t = 0; t < heads.length; t++) {
            double probability =
                probability(counterfactual.predicted(), counterfactual, place, heads[t]);
            if (probability > 0) {
              outcomes[place][t] += shown.labels()[t];
              expected[place][t] += probability;
              outcomes[places][t] += shown.labels()[t];
              expected[places][t] += probability;
            }
          }
        }
      }
      double[][] scales = new double[places][heads.length];
      for (int place = 0; place < places; place++) {
        for (int t = 0; t < heads.length; t++) {
          double all = expected[places][t] > 0 ? outcomes[places][t] / expected[places][t] : 0;
          scales[place][t] =
              (outcomes[place][t] + PRIOR_OUTCOMES * all) / (expected[place][t] + PRIOR_OUTCOMES);
        }
      }
      return new Predictions(heads, scales);
    }

    private static double probability(
        double[] probabilities, Counterfactual counterfactual, int place, int head) {
      return head < 0 || counterfactual.heads() == 0
          ? 0
          : probabilities[place * counterfactual.heads() + head];
    }

    /**
     * What the model gives a place.
     *
     * @param shown of the item that was shown, or of what the release would have shown
     */
    double worth(Counterfactual counterfactual, boolean shown, int place, double[] weights) {
      double[] probabilities = shown ? counterfactual.predicted() : counterfactual.expected();
      double worth = 0;
      for (int t = 0; t < weights.length; t++) {
        worth +=
            weights[t]
                * scales[place][t]
                * probability(probabilities, counterfactual, place, heads[t]);
      }
      return worth;
    }
  }
}
