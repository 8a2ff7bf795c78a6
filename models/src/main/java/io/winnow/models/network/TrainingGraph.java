package io.winnow.models.network;

import java.util.Arrays;

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

  /**
   * A bias of attention logits by distance: element (h, i, j) is {@code table[i − j, h]} up to the
   * diagonal, and −10⁹ above it, where j lies in the future of i.
   *
   * @param table shape (L, H), L ≥ length
   * @return shape (1, H, length, length)
   */
  V distanceBias(V table, int length);

  /**
   * The sum over positions of the cross-entropy of a softmax between the position's target and the
   * candidates, times the scale.
   *
   * @param queries shape (P, E)
   * @param items shape (U, E)
   * @return shape (1)
   */
  default V softmaxLoss(V queries, V items, SoftmaxTargets choice) {
    int[] counted = choice.counted();
    int positions = counted.length;
    int[] targets = Arrays.stream(counted).map(p -> choice.targets()[p]).toArray();
    int candidates = choice.candidates();
    int[] rows = new int[candidates];
    Arrays.setAll(rows, i -> i);
    V some = lookup(queries, indices(counted, positions));
    V right = sum(multiply(some, lookup(items, indices(targets, positions))));
    V wrong = matMul(some, transpose(lookup(items, indices(rows, candidates)), 1, 0));
    V corrected = add(wrong, constant(choice.corrections(), 1, candidates));
    V masked = maskEqual(corrected, indices(targets, positions, 1), indices(rows, 1, candidates));
    V chosen = column(logSoftmax(concat(right, masked)), 0);
    return multiply(sumAll(chosen), constant(new float[] {-choice.scale()}, 1));
  }
}
