package io.winnow.benchmarks.experiments;

import io.winnow.experiments.interleaving.Interleaved;
import io.winnow.experiments.interleaving.Place;
import io.winnow.experiments.interleaving.TeamDraft;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Two rankers and users who see their slates: finitely many situations, each with candidates whose
 * appeal is known, and each ranker's ten best.
 *
 * <p>The item at place k (from 0) is clicked with probability {@code heat · appeal / √(k + 1)}, by
 * the position-based model. Users differ in heat, and those with more come more often. Each is of a
 * kind, which he stays, and visits several times, each time in a situation that is drawn anew from
 * the {@value #KIND_SITUATIONS} of his kind. These have in common {@value #LASTING} of the variance
 * of tastes, and of what the rankers get wrong about them, so what a user credits in one visit says
 * something of the next. The expectation of any count is known by enumeration.
 *
 * <p>Immutable by agreement, thread-safe.
 */
final class RankerPair {
  static final int PLACES = 10;

  /** Situations of a kind of user. */
  static final int KIND_SITUATIONS = 8;

  /** Share of the variance of a logit, and of each error about it, that is the kind's. */
  static final double LASTING = 0.5;

  private static final int ROUNDS = PLACES / 2;

  private static final int CANDIDATES = 40;
  private static final double APPEAL_MEAN = -2.6;

  /**
   * Quantile midpoints of a lognormal distribution with mean 1 and deviation .8 of its logarithm.
   */
  private static final double[] HEATS = {0.22, 0.36, 0.5, 0.67, 0.87, 1.17, 1.66, 2.55};

  private final double[][] appeal;
  private final List<List<List<Integer>>> rankings;

  private RankerPair(double[][] appeal, List<List<List<Integer>>> rankings) {
    this.appeal = appeal;
    this.rankings = rankings;
  }

  /**
   * How the new ranker comes from the old one, whose scores are the appeal's logit and an error.
   *
   * @param mended share of the old one's errors that are gone
   * @param fresh deviation of errors of its own; the old one's is 1
   */
  record Change(double mended, double fresh) {}

  static RankerPair draw(int situations, Change change, RandomGenerator random) {
    double[][] appeal = new double[situations][CANDIDATES];
    List<List<List<Integer>>> rankings = new ArrayList<>();
    double most = 1 / HEATS[HEATS.length - 1];
    Normals lasting = Normals.draw(random);
    for (int s = 0; s < situations; s++) {
      if (s > 0 && s % KIND_SITUATIONS == 0) {
        lasting = Normals.draw(random);
      }
      Normals all = Normals.draw(random).with(lasting);
      double[] before = new double[CANDIDATES];
      double[] after = new double[CANDIDATES];
      for (int i = 0; i < CANDIDATES; i++) {
        double logit = APPEAL_MEAN + all.taste()[i];
        double error = all.error()[i];
        appeal[s][i] = Math.min(most, 1 / (1 + Math.exp(-logit)));
        before[i] = logit + error;
        after[i] = logit + (1 - change.mended()) * error + change.fresh() * all.fresh()[i];
      }
      rankings.add(List.of(best(after), best(before)));
    }
    return new RankerPair(appeal, rankings);
  }

  /**
   * Standard normal numbers of the candidates, each of shape (candidates).
   *
   * @param error of the old ranker
   * @param fresh of the new one
   */
  private record Normals(double[] taste, double[] error, double[] fresh) {
    static Normals draw(RandomGenerator random) {
      return new Normals(normals(random), normals(random), normals(random));
    }

    private static double[] normals(RandomGenerator random) {
      double[] normals = new double[CANDIDATES];
      Arrays.setAll(normals, i -> random.nextGaussian());
      return normals;
    }

    /** Standard normal again, {@link #LASTING} of it what lasts. */
    Normals with(Normals lasting) {
      return new Normals(
          mix(taste, lasting.taste), mix(error, lasting.error), mix(fresh, lasting.fresh));
    }

    private static double[] mix(double[] passing, double[] lasting) {
      double[] mixed = new double[passing.length];
      Arrays.setAll(
          mixed, i -> Math.sqrt(LASTING) * lasting[i] + Math.sqrt(1 - LASTING) * passing[i]);
      return mixed;
    }
  }

  /** The same rankings before users who do not care what stands at a place. */
  RankerPair withoutTaste() {
    double[][] flat = new double[appeal.length][CANDIDATES];
    for (double[] situation : flat) {
      Arrays.fill(situation, 0.1);
    }
    return new RankerPair(flat, rankings);
  }

  private static List<Integer> best(double[] scores) {
    return IntStream.range(0, CANDIDATES)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -scores[i]))
        .limit(PLACES)
        .toList();
  }

  /** Share of the items that both rankers show. */
  double common() {
    double common = 0;
    for (List<List<Integer>> pair : rankings) {
      Set<Integer> both = new HashSet<>(pair.get(0));
      both.retainAll(pair.get(1));
      common += (double) both.size() / PLACES;
    }
    return common / rankings.size();
  }

  private static double again(double heat) {
    return 0.7 + 0.05 * heat;
  }

  static double meanVisits() {
    double visits = 0;
    for (double heat : HEATS) {
      visits += 1 / (1 - again(heat)) / HEATS.length;
    }
    return visits;
  }

  private static double meanHeat() {
    double heats = 0;
    for (double heat : HEATS) {
      heats += heat / (1 - again(heat)) / HEATS.length;
    }
    return heats / meanVisits();
  }

  private static double seen(int place) {
    return 1 / Math.sqrt(place + 1);
  }

  /** The exact mean of clicks on a slate of one ranker: 0 the new one, 1 the old one. */
  double clicksPerSlate(int ranker) {
    double sum = 0;
    for (int s = 0; s < appeal.length; s++) {
      List<Integer> ranking = rankings.get(s).get(ranker);
      for (int k = 0; k < PLACES; k++) {
        sum += seen(k) * appeal[s][ranking.get(k)];
      }
    }
    return meanHeat() * sum / appeal.length;
  }

  /** The exact mean, over users, of clicks credited to the new ranker less those to the old one. */
  double creditPerUser() {
    double sum = 0;
    for (int s = 0; s < appeal.length; s++) {
      for (int coins = 0; coins < 1 << ROUNDS; coins++) {
        sum += credit(rankings.get(s), appeal[s], coins);
      }
    }
    return meanVisits() * meanHeat() * sum / (1 << ROUNDS) / appeal.length;
  }

  /**
   * What a click at heat 1 credits if the coins of the rounds are these bits: an item that both
   * would take belongs to nobody, unless the round's first place told whose turn it is.
   */
  private static double credit(List<List<Integer>> pair, double[] appeal, int coins) {
    Set<Integer> placed = new HashSet<>();
    double sum = 0;
    boolean told = false;
    for (int k = 0; k < PLACES; k++) {
      int first = (coins >> (k / 2)) & 1;
      int team = k % 2 == 0 ? first : 1 - first;
      int own = next(pair.get(team), placed);
      int other = next(pair.get(1 - team), placed);
      boolean known = own != other || (k % 2 == 1 && told);
      if (known) {
        sum += (team == 0 ? 1 : -1) * seen(k) * appeal[own];
      }
      told = known;
      placed.add(own);
    }
    return sum;
  }

  private static int next(List<Integer> ranking, Set<Integer> placed) {
    for (int item : ranking) {
      if (!placed.contains(item)) {
        return item;
      }
    }
    throw new IllegalStateException("a ranking of " + ranking.size() + " is used up");
  }

  /**
   * What a user did in some visits.
   *
   * @param first clicks, or those credited to the new ranker
   * @param second clicks credited to the old ranker
   */
  record Visits(int visits, double first, double second) {}

  /** A user: heat and kind, which have nothing to do with each other. */
  record User(double heat, int kind) {}

  /** Draws a user; kinds have as many as they have situations, so all situations are as likely. */
  User drawUser(RandomGenerator random) {
    return new User(
        HEATS[random.nextInt(HEATS.length)], random.nextInt(appeal.length) / KIND_SITUATIONS);
  }

  private int drawSituation(User user, RandomGenerator random) {
    int first = user.kind() * KIND_SITUATIONS;
    return random.nextInt(first, Math.min(first + KIND_SITUATIONS, appeal.length));
  }

  /** A user who sees the slates of one ranker. */
  Visits alone(int ranker, User user, RandomGenerator random) {
    double heat = user.heat();
    int visits = 0;
    int clicks = 0;
    do {
      int s = drawSituation(user, random);
      List<Integer> ranking = rankings.get(s).get(ranker);
      for (int k = 0; k < PLACES; k++) {
        clicks += random.nextDouble() < heat * seen(k) * appeal[s][ranking.get(k)] ? 1 : 0;
      }
      visits++;
    } while (random.nextDouble() < again(heat));
    return new Visits(visits, clicks, 0);
  }

  /** A user who sees interleaved slates. */
  Visits interleaved(RandomGenerator random) {
    User user = drawUser(random);
    double heat = user.heat();
    int visits = 0;
    double first = 0;
    double second = 0;
    do {
      int s = drawSituation(user, random);
      Interleaved<Integer> slate = TeamDraft.draft(rankings.get(s), PLACES, random.nextLong());
      for (Place<Integer> place : slate.places()) {
        if (random.nextDouble() < heat * seen(place.position()) * appeal[s][place.item()]) {
          first += place.credits().get(0);
          second += place.credits().get(1);
        }
      }
      visits++;
    } while (random.nextDouble() < again(heat));
    return new Visits(visits, first, second);
  }
}
