package io.winnow.ranking.reranking;

import java.util.List;
import java.util.Locale;

/**
 * What is shown, from the first position on.
 *
 * @param placed the items, in the order of their positions
 * @param relaxedCaps attributes whose caps had to be given up to fill the slate, in the order in
 *     which they were; empty if every cap holds
 */
public record Slate(List<Placed> placed, List<String> relaxedCaps) {
  /** Copies the lists. */
  public Slate {
    placed = List.copyOf(placed);
    relaxedCaps = List.copyOf(relaxedCaps);
  }

  /**
   * An item at its place.
   *
   * @param item catalogue index
   * @param position from 0
   * @param score the score that it came with
   * @param propensity probability in (0, 1] that the policy puts this item here, given the items at
   *     the positions before
   * @param reason why it stands here
   */
  public record Placed(int item, int position, float score, double propensity, Reason reason) {}

  /** Why an item stands where it stands. */
  public enum Reason {
    /** The best score among the candidates that the rules allowed here. */
    RANKED,
    /** Preferred over a better score because it resembles less what stands before it. */
    DIVERSITY,
    /** Drawn at random, to learn what users think of it. */
    EXPLORATION;

    /** How it is written in logs and answers, such as {@code ranked}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
