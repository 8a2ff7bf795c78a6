package io.winnow.ranking.reranking;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Policy;
import io.winnow.features.Catalog;
import io.winnow.features.UserHistory;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/**
 * Turns a ranked list into a slate: duplicates and unavailable items out, exclusion rules, caps,
 * diversity, exploration.
 *
 * <p>The slate is filled position by position. At each, the pool is what remains and what the caps
 * allow; the greedy choice is the pool's best by {@linkplain MarginalRelevance marginal relevance};
 * and with probability {@code explore} a uniform draw from the pool takes its place. So the
 * probability of any item at a position, given the items before it, is known exactly (see {@link
 * Exploration}) and is returned with it.
 *
 * <p>A slate holds {@code min(n, candidates left by the exclusion rules)} items. Caps that would
 * make it shorter are given up, the one declared last first, for the rest of the slate, and {@link
 * Slate#relaxedCaps()} says so. Excluded items never come back.
 *
 * <p>Thread-safe: holds only the policy. Cost O(C · n · (E + attributes)): about a million
 * multiplications for 500 candidates, 64 dimensions and ten places.
 */
public final class Reranker {
  /** C at most. */
  public static final int MAX_CANDIDATES = 10_000;

  /** n at most. */
  public static final int MAX_SLATE = 500;

  private final Policy.Reranking policy;

  /**
   * A re-ranker for a policy.
   *
   * @throws WinnowException naming every field outside its range
   */
  public Reranker(Policy.Reranking policy) {
    List<Problem> problems = new ArrayList<>();
    check(problems, "reranking.explore", policy.explore(), 0.5);
    if (policy.diversity() != null) {
      check(problems, "reranking.diversity.strength", policy.diversity().strength(), 1);
    }
    for (Map.Entry<String, Integer> cap : policy.caps().entrySet()) {
      if (cap.getValue() < 1) {
        problems.add(
            new Problem("reranking.cap." + cap.getKey(), cap.getValue().toString(), ">= 1"));
      }
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    this.policy = policy;
  }

  /**
   * Builds the slate.
   *
   * @param catalog attributes and availability; knows every item of the request
   * @param vectors the embeddings that diversity compares, or {@link ItemVectors#NONE}
   */
  public Slate rerank(Request request, Catalog catalog, ItemVectors vectors) {
    Exploration exploration = new Exploration(policy.explore(), request.seed());
    List<Slate.Placed> placed = new ArrayList<>();
    List<String> relaxedCaps =
        fill(
            request,
            catalog,
            vectors,
            (position, candidates, greedy, pool) -> {
              Exploration.Choice choice = exploration.choose(greedy, pool);
              int chosen = choice.candidate();
              placed.add(
                  new Slate.Placed(
                      candidates.item(chosen),
                      position,
                      candidates.score(chosen),
                      choice.propensity(),
                      reason(choice, pool)));
              return chosen;
            });
    return new Slate(placed, relaxedCaps);
  }

  /**
   * How likely this policy is to show a given slate, place by place: for each item the probability
   * that it stands at its place, given the items before it. Their product is the probability of the
   * slate; the seed plays no part.
   *
   * @param request as for {@link #rerank}
   * @param slate catalogue indices, from the first place on
   * @return shape (slate), each in [0, 1]; from the first place on that the policy cannot fill so,
   *     because the item is no candidate, excluded, capped, there already or behind the slate's
   *     end, all are 0
   */
  public double[] propensities(Request request, int[] slate, Catalog catalog, ItemVectors vectors) {
    double[] propensities = new double[slate.length];
    fill(
        request,
        catalog,
        vectors,
        (position, candidates, greedy, pool) -> {
          if (position == slate.length) {
            return END;
          }
          int candidate = candidates.indexOf(slate[position]);
          if (candidate < 0 || !pool.get(candidate)) {
            return END;
          }
          propensities[position] =
              Exploration.propensity(policy.explore(), candidate, greedy, pool.cardinality());
          return candidate;
        });
    return propensities;
  }

  /** Decides what stands at a place. */
  private interface Chooser {
    /**
     * A candidate of the pool, or {@link #END}.
     *
     * @param greedy the pool's best
     */
    int choose(int position, Candidates candidates, int greedy, BitSet pool);
  }

  /** Nothing more is placed. */
  private static final int END = -1;

  /**
   * Fills a slate place by place with what the chooser takes from the pool.
   *
   * @return attributes whose caps were given up
   */
  private List<String> fill(
      Request request, Catalog catalog, ItemVectors vectors, Chooser chooser) {
    BitSet excluded = Exclusions.of(policy.exclude(), request.history(), request.timeMs());
    Candidates candidates =
        Candidates.bestFirst(request.items(), request.scores())
            .withoutDuplicates()
            .keep(catalog::available)
            .keep(item -> !excluded.get(item));
    Caps caps = Caps.of(policy.caps(), candidates, catalog);
    MarginalRelevance relevance =
        MarginalRelevance.of(policy.diversity(), candidates, catalog, vectors);
    BitSet remaining = candidates.all();
    int length = Math.min(request.n(), candidates.size());
    for (int position = 0; position < length; position++) {
      BitSet pool = caps.pool(remaining);
      int chosen = chooser.choose(position, candidates, relevance.best(pool), pool);
      if (chosen == END) {
        break;
      }
      remaining.clear(chosen);
      caps.place(chosen);
      relevance.place(chosen);
    }
    return caps.relaxed();
  }

  /** Candidates stand best score first, so the pool's first bit is its best score. */
  private static Slate.Reason reason(Exploration.Choice choice, BitSet pool) {
    if (choice.explored()) {
      return Slate.Reason.EXPLORATION;
    }
    return choice.candidate() == pool.nextSetBit(0) ? Slate.Reason.RANKED : Slate.Reason.DIVERSITY;
  }

  private static void check(List<Problem> problems, String field, double value, double max) {
    if (!(value >= 0 && value <= max)) {
      problems.add(new Problem(field, String.valueOf(value), "0 to " + max));
    }
  }

  /**
   * What to turn into a slate. Owns its arrays; they are read only.
   *
   * @param items catalogue indices, shape (C), best first; a repeated item counts once, with its
   *     best score
   * @param scores finite, shape (C); where they disagree with the order of the items, they decide
   * @param n how many to show, 1 to {@value #MAX_SLATE}
   * @param history what the exclusion rules look at
   * @param timeMs the request's time, where the rules' windows end
   * @param seed decides the exploration; independent from request to request, or the propensities
   *     mean nothing
   */
  public record Request(
      int[] items, float[] scores, int n, UserHistory history, long timeMs, long seed) {
    /** Checks shapes, bounds and scores. */
    public Request {
      if (items.length > MAX_CANDIDATES) {
        throw WinnowException.invalid("items", items.length, "at most " + MAX_CANDIDATES);
      }
      if (scores.length != items.length) {
        throw WinnowException.invalid("scores", scores.length, items.length + ", one an item");
      }
      if (n < 1 || n > MAX_SLATE) {
        throw WinnowException.invalid("n", n, "1 to " + MAX_SLATE);
      }
      for (int c = 0; c < scores.length; c++) {
        if (!Float.isFinite(scores[c])) {
          throw WinnowException.invalid("scores[" + c + "]", scores[c], "a finite number");
        }
        if (items[c] < 0) {
          throw WinnowException.invalid("items[" + c + "]", items[c], "a catalogue index, >= 0");
        }
      }
    }
  }
}
