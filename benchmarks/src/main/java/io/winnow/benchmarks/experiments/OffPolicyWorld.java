package io.winnow.benchmarks.experiments;

import io.winnow.core.AttributeValue;
import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.application.Policy;
import io.winnow.features.Catalog;
import io.winnow.features.UserHistory;
import io.winnow.ranking.reranking.ItemVectors;
import io.winnow.ranking.reranking.Reranker;
import io.winnow.ranking.reranking.Slate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A small world in which the worth of a release is known exactly: finitely many situations (a kind
 * of user in a context, with a set of candidates), a cascade of clicks, and slates by the product's
 * own {@link Reranker} with exploration.
 *
 * <p>In situation s the item at place k is clicked with probability {@code heat · appeal(s, item) ·
 * attention}, where attention falls from place to place, the faster the more appealing what stands
 * above is; heat is the user's own. So the reward of a place depends on the items down to it and on
 * the user, and is linear in heat: the worth of a slate for everybody is that for the mean heat of
 * a request. Users with more heat come more often, so requests of a user are alike, and how many
 * there are says something of their worth.
 *
 * <p>It is easier than a live log in two ways. Slates are {@value #PLACES} places long with {@value
 * #POOL} candidates, where a product fills ten from hundreds: a weight is a product over places, so
 * there far fewer requests would count; {@code off_policy.effective_requests} says how many do
 * here. And rankings explore in a fifth to a half of the slots, where a product affords a twentieth
 * to a tenth: {@code off_policy.scarce} is about that.
 *
 * <p>Immutable by agreement, thread-safe.
 */
final class OffPolicyWorld {
  /** Candidates of a situation. */
  static final int POOL = 6;

  /** Places of a slate. */
  static final int PLACES = 3;

  private static final int KINDS = 20;
  private static final int CONTEXTS = 3;
  private static final double FALL = 0.8;
  private static final double SATISFACTION = 0.5;
  private static final double APPEAL_MEAN = -1.2;
  private static final double APPEAL_DEVIATION = 1.5;

  /** How far the model's logits are off. */
  private static final double MODEL_ERROR = 0.4;

  /** Of users, each as likely. */
  private static final double[] HEATS = {0.4, 0.8, 1.2, 1.6};

  private static final UserHistory NOTHING = UserHistory.empty(List.of("click"));
  private static final Catalog CATALOG = new NumberedItems(POOL);

  /**
   * Probability of a click by a user of heat 1 on what is attended to, shape (situations, pool).
   */
  private final double[][] appeal = new double[KINDS * CONTEXTS][POOL];

  /** What a model takes {@link #appeal} for. */
  private final double[][] believed = new double[KINDS * CONTEXTS][POOL];

  OffPolicyWorld(Seed seed) {
    RandomGenerator random = seed.generator("appeal");
    double hottest = HEATS[HEATS.length - 1];
    for (int s = 0; s < situations(); s++) {
      for (int i = 0; i < POOL; i++) {
        double logit = APPEAL_MEAN + APPEAL_DEVIATION * random.nextGaussian();
        appeal[s][i] = sigmoid(logit) / hottest;
        believed[s][i] = sigmoid(logit + MODEL_ERROR * random.nextGaussian()) / hottest;
      }
    }
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  int situations() {
    return appeal.length;
  }

  double believed(int situation, int item) {
    return believed[situation][item];
  }

  /** A user: heat and kind. */
  record Person(double heat, int kind) {
    static Person draw(RandomGenerator random) {
      return new Person(HEATS[random.nextInt(HEATS.length)], random.nextInt(KINDS));
    }

    /** Whether another request follows. */
    boolean returns(RandomGenerator random) {
      return random.nextDouble() < again(heat);
    }

    /** What the next request is about. */
    int situation(RandomGenerator random) {
      return kind * CONTEXTS + random.nextInt(CONTEXTS);
    }
  }

  private static double again(double heat) {
    return 0.4 + 0.25 * heat;
  }

  /** The mean heat over requests: users weighted by their mean number of requests. */
  static double meanHeat() {
    double requests = 0;
    double heats = 0;
    for (double heat : HEATS) {
      double mean = 1 / (1 - again(heat));
      requests += mean;
      heats += mean * heat;
    }
    return heats / requests;
  }

  /**
   * What scores the candidates.
   *
   * @param scores shape (situations, pool)
   * @param explore the share of slots given to chance
   */
  record Ranking(float[][] scores, double explore, Reranker reranker) {
    Ranking(float[][] scores, double explore) {
      this(scores, explore, new Reranker(new Policy.Reranking(null, Map.of(), explore, List.of())));
    }

    private Reranker.Request request(int situation, long seed) {
      return new Reranker.Request(
          IntStream.range(0, POOL).toArray(), scores[situation], PLACES, NOTHING, 0, seed);
    }

    List<Slate.Placed> slate(int situation, long seed) {
      return reranker.rerank(request(situation, seed), CATALOG, ItemVectors.NONE).placed();
    }

    double[] propensities(int situation, int[] slate) {
      return reranker.propensities(request(situation, 0), slate, CATALOG, ItemVectors.NONE);
    }
  }

  /**
   * Scores that know something of the truth.
   *
   * @param quality share of the truth in them, -1 (the worst) to 1
   */
  float[][] scores(double quality, RandomGenerator random) {
    double noise = Math.sqrt(1 - quality * quality);
    float[][] scores = new float[situations()][POOL];
    for (int s = 0; s < situations(); s++) {
      for (int i = 0; i < POOL; i++) {
        double standard = (Math.log(appeal[s][i]) + 2) / APPEAL_DEVIATION;
        scores[s][i] = (float) (quality * standard + noise * random.nextGaussian());
      }
    }
    return scores;
  }

  /** Clicks of a slate, 0 or 1. */
  double[] clicks(Person person, int situation, int[] slate, RandomGenerator random) {
    double[] clicks = new double[slate.length];
    double attention = 1;
    for (int k = 0; k < clicks.length; k++) {
      double itemAppeal = appeal[situation][slate[k]];
      clicks[k] = random.nextDouble() < person.heat() * attention * itemAppeal ? 1 : 0;
      attention = passOn(attention, itemAppeal);
    }
    return clicks;
  }

  private static double passOn(double attention, double itemAppeal) {
    return attention * FALL * (1 - SATISFACTION * itemAppeal);
  }

  /** The exact mean worth of a request under a ranking. */
  double worth(Ranking ranking) {
    double sum = 0;
    for (int s = 0; s < situations(); s++) {
      sum += new Enumeration(ranking.scores()[s], ranking.explore(), appeal[s], null).worth();
    }
    return meanHeat() * sum / situations();
  }

  /**
   * What the model expects of a slate of a ranking in a situation, if a place has its share of what
   * is believed.
   *
   * @param shares shape (places)
   */
  double believedWorth(Ranking ranking, int situation, double[] shares) {
    return new Enumeration(
            ranking.scores()[situation], ranking.explore(), believed[situation], shares)
        .worth();
  }

  /** What the model expects of one place, given the items before. */
  double believedWorth(Ranking ranking, int situation, int[] slate, int place, double[] shares) {
    int taken = 0;
    for (int k = 0; k < place; k++) {
      taken |= 1 << slate[k];
    }
    double[] chances = Enumeration.chances(ranking.scores()[situation], ranking.explore(), taken);
    double sum = 0;
    for (int i = 0; i < POOL; i++) {
      sum += chances[i] * believed[situation][i];
    }
    return shares[place] * sum;
  }

  /**
   * All slates of one situation with their probabilities, by a recursion that shares nothing with
   * the re-ranker.
   *
   * @param values of the items
   * @param shares what a place lets through, or null for the cascade
   */
  private record Enumeration(
      float[] scores, double explore, double[] values, double @Nullable [] shares) {
    double worth() {
      return worth(0, 0, 1);
    }

    private double worth(int place, int taken, double attention) {
      if (place == PLACES) {
        return 0;
      }
      double[] chances = chances(scores, explore, taken);
      double seen = shares == null ? attention : shares[place];
      double sum = 0;
      for (int i = 0; i < POOL; i++) {
        if (chances[i] > 0) {
          double rest = worth(place + 1, taken | 1 << i, passOn(attention, values[i]));
          sum += chances[i] * (seen * values[i] + rest);
        }
      }
      return sum;
    }

    static double[] chances(float[] scores, double explore, int taken) {
      int greedy = -1;
      int left = 0;
      for (int i = 0; i < POOL; i++) {
        if ((taken & 1 << i) == 0) {
          left++;
          greedy = greedy < 0 || scores[i] > scores[greedy] ? i : greedy;
        }
      }
      double[] chances = new double[POOL];
      int of = left;
      Arrays.setAll(chances, i -> (taken & 1 << i) == 0 ? explore / of : 0);
      chances[greedy] += 1 - explore;
      return chances;
    }
  }

  /** Items that are numbers and have nothing else. */
  private record NumberedItems(int size) implements Catalog {
    @Override
    public int indexOf(ItemId item) {
      return Integer.parseInt(item.value());
    }

    @Override
    public ItemId item(int index) {
      return new ItemId(Integer.toString(index));
    }

    @Override
    public Map<String, AttributeValue> attributes(int index) {
      return Map.of();
    }

    @Override
    public boolean available(int index) {
      return true;
    }

    @Override
    public long firstSeenMs(int index) {
      return 0;
    }
  }
}
