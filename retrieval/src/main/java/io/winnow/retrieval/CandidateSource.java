package io.winnow.retrieval;

import io.winnow.features.UserHistory;
import org.jspecify.annotations.Nullable;

/**
 * Proposes items for a request. Implementations are thread-safe and release-bound, or live over the
 * feature store.
 */
public interface CandidateSource {
  /** The name used in quotas, reasons and tables, such as {@code two_tower}. */
  String name();

  /**
   * Opens a request, so that what {@link Prepared#retrieve} and {@link Prepared#score} share is
   * computed once. Cheap: the work is done at the first use.
   */
  Prepared prepare(Query query);

  /** {@link Prepared#retrieve} of a query that is used only once. */
  default Candidates retrieve(Query query, int k) {
    return prepare(query).retrieve(k);
  }

  /** {@link Prepared#score} of a query that is used only once. */
  default float[] score(Query query, int[] items) {
    return prepare(query).score(items);
  }

  /** One request at one source. Not thread-safe: one thread at a time. */
  interface Prepared {
    /**
     * The best allowed items, best first; fewer than {@code k} only if there are not as many that
     * this source has evidence for.
     *
     * @param k at most how many, >= 1
     */
    Candidates retrieve(int k);

    /**
     * This source's score for given items, whoever proposed them; NaN where it has none. On the
     * same scale as {@link #retrieve}'s scores; the filter plays no part.
     *
     * @param items catalogue indices, shape (C)
     * @return shape (C)
     */
    float[] score(int[] items);
  }

  /**
   * What retrieval knows of a request.
   *
   * @param history what the user did, newest last
   * @param userVector the query encoder's output, shape (E), or null if there is none
   * @param filter which items may come
   * @param timeMs the request's time
   */
  record Query(
      UserHistory history, float @Nullable [] userVector, ItemFilter filter, long timeMs) {}

  /**
   * Decides which items may be recommended in a request; asked inside the search, so it must be
   * fast.
   */
  @FunctionalInterface
  interface ItemFilter {
    /** Whether the item may come. */
    boolean allows(int item);
  }

  /**
   * Items and scores, best first. Owns its arrays.
   *
   * @param items catalogue indices, shape (C)
   * @param scores descending, shape (C)
   */
  record Candidates(int[] items, float[] scores) {
    /** No candidates. */
    public static final Candidates NONE = new Candidates(new int[0], new float[0]);

    /** How many. */
    public int size() {
      return items.length;
    }
  }
}
