package io.winnow.retrieval;

import io.winnow.models.TopK;
import io.winnow.retrieval.CandidateSource.ItemFilter;

/**
 * Looks at every vector: the oracle of {@link PartitionedIndex}, and the better choice for a few
 * thousand items. O(N · E) a search. Thread-safe as {@link VectorIndex} says.
 */
public final class ExactIndex implements VectorIndex {
  private final IndexedLists lists;

  /** An empty index over vectors of {@code dimension} floats. */
  public ExactIndex(int dimension) {
    this.lists = new IndexedLists(dimension, 1, 0);
  }

  @Override
  public int dimension() {
    return lists.dimension();
  }

  @Override
  public int size() {
    return lists.size();
  }

  @Override
  public SearchResult search(float[] query, int k, ItemFilter filter) {
    lists.checkVector("query", query);
    TopK best = new TopK(k);
    int scanned = lists.list(0).scan(query, filter, best, VectorList.scratch());
    return new SearchResult(IndexedLists.candidates(best), scanned, 1);
  }

  @Override
  public float[] score(float[] query, int[] items) {
    return lists.score(query, items);
  }

  @Override
  public void put(int item, float[] vector) {
    lists.checkVector("vector", vector);
    lists.put(item, 0, vector, 0);
  }

  @Override
  public void remove(int item) {
    lists.remove(item);
  }
}
