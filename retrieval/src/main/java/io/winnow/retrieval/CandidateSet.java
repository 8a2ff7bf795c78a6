package io.winnow.retrieval;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What retrieval hands to ranking. Owns its arrays.
 *
 * @param sources the names of the S sources, in the order of their columns
 * @param items catalogue indices in the order of the merge, without duplicates, shape (C)
 * @param scores by source, row-major, NaN where a source cannot score an item, shape (C, S)
 * @param ranks at which place a source proposed an item, 0 its best; -1 where it did not;
 *     row-major, shape (C, S)
 * @param missing the sources that did not answer, or answered only in part
 */
public record CandidateSet(
    List<String> sources, int[] items, float[] scores, int[] ranks, List<Missing> missing) {
  /** Copies the lists and checks the shapes. */
  public CandidateSet {
    sources = List.copyOf(sources);
    missing = List.copyOf(missing);
    int cells = items.length * sources.size();
    if (scores.length != cells || ranks.length != cells) {
      throw new IllegalArgumentException(
          "scores: "
              + scores.length
              + ", ranks: "
              + ranks.length
              + " (expected: both "
              + cells
              + ")");
    }
  }

  /** Why a source is missing. */
  public enum Reason {
    /** It threw. */
    FAILED,
    /** Its time was up. */
    LATE,
    /** There was no thread for it. */
    REFUSED;

    /** How it is written in answers, such as {@code late}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A source that did not answer.
   *
   * @param detail the failure's text, for the log
   */
  public record Missing(String source, Reason reason, String detail) {}

  /** C, how many items. */
  public int size() {
    return items.length;
  }

  /** A source's score for the i-th item; NaN if it has none. */
  public float score(int i, int source) {
    return scores[i * sources.size() + source];
  }

  /** At which place a source proposed the i-th item; -1 if it did not. */
  public int rank(int i, int source) {
    return ranks[i * sources.size() + source];
  }

  /** The sources that proposed the i-th item. */
  public List<String> proposers(int i) {
    List<String> proposers = new ArrayList<>();
    for (int s = 0; s < sources.size(); s++) {
      if (rank(i, s) >= 0) {
        proposers.add(sources.get(s));
      }
    }
    return proposers;
  }
}
