package io.winnow.models.network;

/**
 * A {@link Graph} with what only training needs: a batch's data, lookups and losses.
 *
 * @param <V> a tensor
 */
public interface TrainingGraph<V> extends Graph<V> {
  /** A batch's numbers: the first elements of {@code values} that fill the shape. */
  V data(float[] values, int... shape);

  /** A batch's indices: the first elements of {@code values} that fill the shape. */
  V indices(int[] values, int... shape);

  /** Rows of a table (n, E) by indices of any shape (…): shape (…, E). */
  V lookup(V table, V indices);

  /** The logarithm of {@link #softmax}. */
  V logSoftmax(V x);

  /** One column of a matrix (n, m): shape (n, 1). */
  V column(V matrix, int column);

  /** e to the x. */
  V exp(V x);

  /** The sum of all elements: shape (1). */
  V sumAll(V x);

  /**
   * Logits with −10⁹ wherever the row's id equals the column's.
   *
   * @param logits shape (n, m)
   * @param rowIds indices of shape (n, 1)
   * @param columnIds indices of shape (1, m)
   */
  V maskEqual(V logits, V rowIds, V columnIds);
}
