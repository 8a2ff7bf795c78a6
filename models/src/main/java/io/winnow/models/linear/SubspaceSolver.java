package io.winnow.models.linear;

import java.util.Arrays;

/**
 * One row's least-squares problem of {@link ImplicitAls}, worked on a block of dimensions at a time
 * (Rendle et al.: iALS++, section 4.2).
 *
 * <p>With the other side's factors f, the row's known neighbours S, weights w and ridge r, the
 * objective in x is {@code Σ_S w (1 - xᵀf)² + α₀ xᵀFᵀF x + r xᵀx}. It is quadratic, so that one
 * Newton step on a block of coordinates, the others held fixed, reaches the block's minimum. The
 * predictions xᵀf of the neighbours are kept up to date from block to block; with them a block of
 * width b costs b²/2 + 2b multiply-adds a neighbour, and all blocks E·b/2 + 3E where the full
 * problem costs E²/2. With one block the step starts from zero and is the exact solution.
 *
 * <p>Holds scratch memory; not thread-safe.
 */
final class SubspaceSolver {
  /** Neighbours packed at a time: with the matrix they stay in the first-level cache. */
  private static final int CHUNK = 64;

  private final int n;
  private final int blockSize;
  private final float[] gram;
  private final float[] matrix;
  private final float[] right;
  private final float[] packed;
  private final float[] residuals;
  private float[] predictions = {};

  /**
   * A solver for rows against one fixed side.
   *
   * @param n E
   * @param blockSize b; E or more solves exactly
   * @param gram α₀ FᵀF, shape (E, E), full
   */
  SubspaceSolver(int n, int blockSize, float[] gram) {
    this.n = n;
    this.blockSize = Math.min(n, blockSize);
    this.gram = gram;
    int width = Kernels.paddedWidth(this.blockSize);
    this.matrix = new float[width * width];
    this.right = new float[width];
    this.packed = new float[CHUNK * width];
    this.residuals = new float[CHUNK];
  }

  /**
   * The neighbours of a row.
   *
   * @param fixed the other side's factors
   * @param rows which rows of {@code fixed}, {@code count} of them from {@code first}
   * @param memoryPower the s-th, from 0, weighs {@code (1 + s)^-memoryPower}
   */
  record Neighbours(float[] fixed, int[] rows, int first, int count, double memoryPower) {}

  /**
   * Takes each block to its minimum once, in order.
   *
   * @param ridge r
   * @param solved holds the factor at {@code offset}, and receives the better one
   */
  void sweep(Neighbours known, float ridge, float[] solved, int offset) {
    if (predictions.length < known.count()) {
      predictions = new float[known.count()];
    }
    if (blockSize == n) {
      Arrays.fill(solved, offset, offset + n, 0f);
      Arrays.fill(predictions, 0, known.count(), 0f);
    } else {
      for (int e = 0; e < known.count(); e++) {
        int row = known.rows()[known.first() + e] * n;
        predictions[e] = Kernels.dot(solved, offset, known.fixed(), row, n);
      }
    }
    for (int from = 0; from < n; from += blockSize) {
      int width = Math.min(blockSize, n - from);
      step(known, ridge, solved, offset, from, width);
      for (int e = 0; e < known.count() && from + width < n; e++) {
        int row = known.rows()[known.first() + e] * n;
        predictions[e] += Kernels.dot(right, 0, known.fixed(), row + from, width);
      }
    }
  }

  /** The Newton step on the dimensions {@code from … from+width-1}; leaves it in {@code right}. */
  private void step(
      Neighbours known, float ridge, float[] solved, int offset, int from, int width) {
    int padded = Kernels.paddedWidth(width);
    begin(ridge, solved, offset, from, width, padded);
    for (int start = 0; start < known.count(); start += CHUNK) {
      int size = Math.min(CHUNK, known.count() - start);
      for (int c = 0; c < size; c++) {
        int row = known.rows()[known.first() + start + c] * n;
        System.arraycopy(known.fixed(), row + from, packed, c * padded, width);
        Arrays.fill(packed, c * padded + width, (c + 1) * padded, 0f);
        residuals[c] = 1 - predictions[start + c];
        float weight = History.weight(start + c, known.memoryPower());
        if (weight != 1) {
          // Both the outer product and the right side take the row once with each root.
          float root = (float) Math.sqrt(weight);
          residuals[c] *= root;
          for (int i = 0; i < width; i++) {
            packed[c * padded + i] *= root;
          }
        }
      }
      Kernels.addGram(packed, size, padded, matrix);
      Kernels.addWeightedRows(residuals, packed, size, padded, right);
    }
    Cholesky.factorise(matrix, padded);
    Cholesky.solve(matrix, padded, right);
    for (int i = 0; i < width; i++) {
      solved[offset + from + i] += right[i];
    }
  }

  /** What does not depend on the neighbours: α₀ FᵀF + r I, and minus its product with x. */
  private void begin(float ridge, float[] solved, int offset, int from, int width, int padded) {
    Arrays.fill(right, 0f);
    if (padded > width) {
      Arrays.fill(matrix, 0f);
    }
    for (int i = 0; i < padded; i++) {
      int at = i * padded;
      if (i < width) {
        System.arraycopy(gram, (from + i) * n + from, matrix, at, width);
        matrix[at + i] += ridge;
        if (width < n) {
          float slope = Kernels.dot(gram, (from + i) * n, solved, offset, n);
          right[i] = -slope - ridge * solved[offset + from + i];
        }
      } else {
        matrix[at + i] = 1;
      }
    }
  }
}
