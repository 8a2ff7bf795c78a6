package io.winnow.experiments.interleaving;

import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Fills one slate from several rankings as captains pick teams: in each round every ranking, in an
 * order that is drawn anew, adds its best item that is not there yet (Radlinski, Kurup, Joachims:
 * How does clickthrough data reflect retrieval quality?, CIKM 2008; with more than two rankings:
 * Schuth et al.: Multileaved comparisons for fast online evaluation, CIKM 2014).
 *
 * <p>Users see one slate and do not know the teams. Every ranking stands at every place equally
 * often, so whoever clicks places rather than items favours none of them.
 *
 * <p><b>Credit.</b> Where both rankings would pick the same item, the coin that says whose it was
 * says nothing about them, and its click is noise; worse, the items after a shared prefix decide
 * afterwards whose the prefix was, so where a later item makes users leave, the prefix's clicks are
 * not independent of the teams (the insensitivity and bias that Chapelle, Joachims, Radlinski, Yue:
 * Large-scale validation and analysis of interleaved search evaluation, TOIS 2012, section 3, and
 * Hofmann, Whiteson, de Rijke: Fidelity, soundness, and efficiency of interleaved comparison
 * methods, TOIS 2013, describe). So a place earns by what its slate tells <em>up to that
 * place</em>: each ranking the probability that it drafted the item, given the items up to it, less
 * the smallest such probability. For two rankings that is all or nothing: nothing on a common
 * prefix and wherever else both were equally likely. Where a click depends on the items up to its
 * place only (the cascade), its expectation is that of the coin's credit, with a smaller variance
 * (Rao and Blackwell); whatever clicks depend on, exchanging the rankings exchanges the credits.
 * What remains of the method's own limits: an item that both rankings propose at nearby ranks is
 * credited half the time to either, so a difference that lies only there is not seen (Radlinski,
 * Craswell: Optimized interleaving for online retrieval evaluation, WSDM 2013).
 *
 * <p>Once a ranking has no item left, the others fill the slate and nobody earns: credit for more
 * places would be credit for length.
 *
 * <p>The rankings must not explore on their own: then a place's propensity is over coins alone and
 * known exactly. Whose turn it was inside a round is hidden where items are shared; the propensity
 * is given the items before, not the coins, so the probability of each set of rankings that have
 * had their turn is carried along, 2^k numbers for k rankings.
 *
 * <p>Stateless, thread-safe. Cost O(n · 2^k · k).
 */
public final class TeamDraft {
  /** Rankings at most. */
  public static final int MAX_RANKINGS = 8;

  private static final double ROUNDING = 1e-12;

  private TeamDraft() {}

  /**
   * Drafts a slate.
   *
   * @param rankings 2 to {@value #MAX_RANKINGS}, best first, each without repeated items; {@code T}
   *     has a meaningful {@code equals}
   * @param n how many places to fill, at least 1; fewer if the rankings hold fewer items together
   * @param seed decides the coins; independent from request to request, or the propensities mean
   *     nothing
   */
  public static <T> Interleaved<T> draft(List<List<T>> rankings, int n, long seed) {
    if (rankings.size() < 2 || rankings.size() > MAX_RANKINGS) {
      throw WinnowException.invalid("rankings", rankings.size(), "2 to " + MAX_RANKINGS);
    }
    if (n < 1) {
      throw WinnowException.invalid("n", n, ">= 1");
    }
    for (int t = 0; t < rankings.size(); t++) {
      if (new HashSet<>(rankings.get(t)).size() != rankings.get(t).size()) {
        throw WinnowException.invalid(
            "rankings[" + t + "]", "an item twice", "a list of different items");
      }
    }
    return new Draft<>(rankings, seed).fill(n);
  }

  /** One slate while it is filled. A set of rankings is a bit mask. */
  private static final class Draft<T> {
    private final List<List<T>> rankings;
    private final SplittableRandom random;
    private final Set<T> placed = new HashSet<>();
    private final int[] next;

    /** Rankings that have had their turn in this round, as the coins fell. */
    private int served;

    /** The probability of each such set, given the items so far, shape (2^k). */
    private double[] belief;

    Draft(List<List<T>> rankings, long seed) {
      this.rankings = rankings;
      this.random = new SplittableRandom(seed);
      this.next = new int[rankings.size()];
      this.belief = new double[1 << rankings.size()];
      belief[0] = 1;
    }

    Interleaved<T> fill(int n) {
      List<Place<T>> places = new ArrayList<>();
      while (places.size() < n) {
        int ready = ready();
        if (ready == 0) {
          break;
        }
        beginRounds(ready);
        int drafter = draw(ready & ~served);
        T item = best(drafter);
        double[] drafted = update(ready, item);
        double propensity = Math.min(1, Arrays.stream(drafted).sum());
        boolean everyoneReady = ready == (1 << rankings.size()) - 1;
        places.add(
            new Place<>(item, places.size(), propensity, drafter, credits(drafted, everyoneReady)));
        served |= 1 << drafter;
        placed.add(item);
      }
      return new Interleaved<>(places);
    }

    /** The rankings that have an item left. */
    private int ready() {
      int ready = 0;
      for (int t = 0; t < next.length; t++) {
        List<T> ranking = rankings.get(t);
        while (next[t] < ranking.size() && placed.contains(ranking.get(next[t]))) {
          next[t]++;
        }
        ready |= next[t] < ranking.size() ? 1 << t : 0;
      }
      return ready;
    }

    private T best(int team) {
      return rankings.get(team).get(next[team]);
    }

    /** Where nobody who has an item left still waits for a turn, a round begins. */
    private void beginRounds(int ready) {
      if ((ready & ~served) == 0) {
        served = 0;
      }
      for (int set = 1; set < belief.length; set++) {
        if ((ready & ~set) == 0) {
          belief[0] += belief[set];
          belief[set] = 0;
        }
      }
    }

    private int draw(int waiting) {
      int skip = random.nextInt(Integer.bitCount(waiting));
      int rest = waiting;
      for (int i = 0; i < skip; i++) {
        rest &= rest - 1;
      }
      return Integer.numberOfTrailingZeros(rest);
    }

    /**
     * The probability that each ranking drafts this item now; the belief becomes the one given it.
     */
    private double[] update(int ready, T item) {
      double[] drafted = new double[rankings.size()];
      double[] after = new double[belief.length];
      for (int set = 0; set < belief.length; set++) {
        int waiting = ready & ~set;
        for (int t = 0; t < drafted.length && belief[set] > 0; t++) {
          if ((waiting & 1 << t) != 0 && Objects.equals(best(t), item)) {
            double probability = belief[set] / Integer.bitCount(waiting);
            drafted[t] += probability;
            after[set | 1 << t] += probability;
          }
        }
      }
      double total = Arrays.stream(after).sum();
      belief = Arrays.stream(after).map(probability -> probability / total).toArray();
      return drafted;
    }

    private static List<Double> credits(double[] drafted, boolean earns) {
      double total = Arrays.stream(drafted).sum();
      double least = Arrays.stream(drafted).min().orElse(0);
      List<Double> credits = new ArrayList<>();
      for (double probability : drafted) {
        double more = (probability - least) / total;
        credits.add(earns && more > ROUNDING ? more : 0.0);
      }
      return credits;
    }
  }
}
