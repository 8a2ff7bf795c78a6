package io.winnow.retrieval;

/**
 * Proposes the items whose embeddings are nearest to the query encoder's output. A new item joins
 * with {@link #put}, without a new release. A query without a vector gets nothing. Thread-safe.
 */
public final class EmbeddingSource implements CandidateSource {
  private final String name;
  private final VectorIndex index;

  /** A source over an index of catalogue indices. */
  public EmbeddingSource(String name, VectorIndex index) {
    this.name = name;
    this.index = index;
  }

  @Override
  public String name() {
    return name;
  }

  /** The index that is searched. */
  public VectorIndex index() {
    return index;
  }

  /**
   * Gives an item an embedding, so that the next request can find it.
   *
   * @param item catalogue index
   * @param vector shape (E), finite; copied
   */
  public void put(int item, float[] vector) {
    index.put(item, vector);
  }

  @Override
  public Prepared prepare(Query query) {
    float[] vector = query.userVector();
    if (vector == null) {
      return Unscored.INSTANCE;
    }
    return new Prepared() {
      @Override
      public Candidates retrieve(int k) {
        return index.search(vector, k, query.filter()).candidates();
      }

      @Override
      public float[] score(int[] items) {
        return index.score(vector, items);
      }
    };
  }
}
