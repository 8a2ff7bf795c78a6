package io.winnow.models.network;

import java.util.stream.IntStream;

/**
 * Between which items each position of a batch chooses: its target, and candidates that all
 * positions share. A candidate that is the position's own target does not count twice. Owns its
 * arrays.
 *
 * @param targets the row of each position's target in the table of items, shape (P); −1 at a
 *     position that does not count
 * @param candidates C: the first C rows of the table
 * @param corrections what is added to a candidate's logit unless it is the target, shape (C)
 * @param scale what the sum of the positions' losses is multiplied by
 */
public record SoftmaxTargets(int[] targets, int candidates, float[] corrections, float scale) {
  /** Checks the shape. */
  public SoftmaxTargets {
    if (candidates < 1 || corrections.length != candidates) {
      throw new IllegalArgumentException(
          "corrections: " + corrections.length + " (expected: " + candidates + ", at least 1)");
    }
  }

  /** The positions that count, ascending. */
  int[] counted() {
    return IntStream.range(0, targets.length).filter(p -> targets[p] >= 0).toArray();
  }
}
