package io.winnow.ranking.reranking;

import org.jspecify.annotations.Nullable;

/** Gives the embeddings that diversity compares items by. Implementations are thread-safe. */
@FunctionalInterface
public interface ItemVectors {
  /** No item has a vector. */
  ItemVectors NONE = item -> null;

  /**
   * The vector of an item, shape (E), the same E for every item; read, never changed, by the
   * caller. Null if the item has none, as one that arrived after training may.
   *
   * @param item catalogue index
   */
  float @Nullable [] vector(int item);
}
