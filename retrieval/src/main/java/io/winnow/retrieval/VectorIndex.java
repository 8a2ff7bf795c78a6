package io.winnow.retrieval;

import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.ItemFilter;

/**
 * Finds the items whose vectors have the largest inner product with a query. Items may be added,
 * replaced and removed while others search: a search sees each change wholly or not at all, and
 * every change that returned before it began; only a search that overlaps the replacement of an
 * item's vector may answer without that item.
 */
public interface VectorIndex {
  /** E. */
  int dimension();

  /** How many items have a vector. */
  int size();

  /**
   * The k allowed items with the largest inner products.
   *
   * @param query shape (E), finite
   * @param k at most how many, >= 1
   */
  SearchResult search(float[] query, int k, ItemFilter filter);

  /**
   * The inner products of given items.
   *
   * @param query shape (E), finite
   * @param items catalogue indices, shape (C)
   * @return shape (C), NaN where the item has no vector
   */
  float[] score(float[] query, int[] items);

  /**
   * Gives an item a vector, in place of the one it had.
   *
   * @param item catalogue index
   * @param vector shape (E), finite; copied
   */
  void put(int item, float[] vector);

  /** Takes an item out; nothing if it is not there. */
  void remove(int item);

  /**
   * What a search found and what it cost.
   *
   * @param candidates best first
   * @param scanned vectors whose inner product was taken
   * @param probed inverted lists that were opened
   */
  record SearchResult(Candidates candidates, int scanned, int probed) {}
}
