package io.winnow.models.linear;

import io.winnow.models.Stripes;

/**
 * Inverts a symmetric positive definite matrix in place, in single precision.
 *
 * <p>The blocked form of the sweep operator (Goodnight: A tutorial on the SWEEP operator, The
 * American Statistician 33, 1979). Sweeping block k of A replaces, with D the inverse of the
 * diagonal block,
 *
 * <pre>
 * A[k,k] by -D,   A[i,k] by A[i,k] D,   A[i,j] by A[i,j] - A[i,k] D A[k,j]
 * </pre>
 *
 * <p>and after all blocks A holds minus its inverse. Like a Cholesky factorisation followed by the
 * inversion of its factor, this takes n³/2 multiply-adds, because symmetry lets it touch only the
 * lower triangle; but all of them sit in one matrix product, which runs at the speed of the
 * registers. A positive definite matrix needs no pivoting. The diagonal blocks are inverted in
 * double precision. The relative error grows with n times the condition number; what EASE inverts
 * has its condition bounded by the regularisation.
 */
final class SymmetricInverse {
  /** Depth of the matrix product: the packed column tile then fits the first-level cache. */
  private static final int BLOCK = 128;

  /** Hears of two numbers. */
  @FunctionalInterface
  interface IntBinaryConsumer {
    /** Takes them. */
    void accept(int first, int second);
  }

  private final int n;
  private final int padded;
  private final float[] a;
  private final int threads;
  private final float[] rows;
  private final float[] packedRows;
  private final float[] packedColumns;

  private SymmetricInverse(int n, float[] a, int threads) {
    this.n = n;
    this.padded = paddedSize(n);
    this.a = a;
    this.threads = threads;
    this.rows = new float[BLOCK * padded];
    this.packedRows = new float[BLOCK * padded];
    this.packedColumns = new float[BLOCK * padded];
  }

  /** The row length that {@link #invert} asks for: n rounded up to whole blocks. */
  static int paddedSize(int n) {
    return Math.ceilDiv(n, BLOCK) * BLOCK;
  }

  /**
   * Replaces the lower triangle by that of the inverse.
   *
   * @param n the matrix's size
   * @param a row-major with row length {@link #paddedSize}, shape (paddedSize, paddedSize); only
   *     the lower triangle of the first n rows is read; the rest is scratch
   * @param threads how many threads may help
   * @throws IllegalArgumentException if the matrix is not positive definite
   */
  static void invert(int n, float[] a, int threads) {
    invert(n, a, threads, (block, blocks) -> {});
  }

  /** The same, telling how many blocks of how many have been swept. */
  static void invert(int n, float[] a, int threads, IntBinaryConsumer progress) {
    SymmetricInverse inverse = new SymmetricInverse(n, a, threads);
    inverse.pad();
    for (int k = 0; k < inverse.padded; k += BLOCK) {
      inverse.sweep(k);
      progress.accept(k / BLOCK + 1, inverse.padded / BLOCK);
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        a[i * inverse.padded + j] = -a[i * inverse.padded + j];
      }
    }
  }

  private void pad() {
    for (int i = n; i < padded; i++) {
      java.util.Arrays.fill(a, i * padded, i * padded + i, 0f);
      a[i * padded + i] = 1f;
    }
  }

  private void sweep(int k) {
    gatherRows(k);
    double[] d = invertDiagonal(k);
    Stripes.run(threads, padded / BLOCK, 1, (from, to) -> packStripe(d, from * BLOCK, to * BLOCK));
    int tiles = padded / Kernels.TILE_COLUMNS;
    Stripes.run(threads, tiles, 1, (from, to) -> updateColumns(from));
    storePivot(k, d);
  }

  /** The rows of block k over all columns, by symmetry from the lower triangle. */
  private void gatherRows(int k) {
    for (int t = 0; t < BLOCK; t++) {
      System.arraycopy(a, (k + t) * padded, rows, t * padded, k + t + 1);
    }
    for (int j = k; j < padded; j++) {
      int length = Math.min(BLOCK, j - k);
      for (int t = 0; t < length; t++) {
        rows[t * padded + j] = a[j * padded + k + t];
      }
    }
  }

  /** Gauss-Jordan without pivoting. */
  private double[] invertDiagonal(int k) {
    double[] d = new double[BLOCK * BLOCK];
    for (int i = 0; i < BLOCK; i++) {
      for (int j = 0; j < BLOCK; j++) {
        d[i * BLOCK + j] = rows[i * padded + k + j];
      }
    }
    for (int p = 0; p < BLOCK; p++) {
      double pivot = d[p * BLOCK + p];
      if (!(pivot > 0)) {
        throw new IllegalArgumentException(
            "matrix: pivot " + pivot + " at " + (k + p) + " (expected: positive definite)");
      }
      d[p * BLOCK + p] = 1;
      for (int j = 0; j < BLOCK; j++) {
        d[p * BLOCK + j] /= pivot;
      }
      for (int i = 0; i < BLOCK; i++) {
        double factor = d[i * BLOCK + p];
        if (i != p && factor != 0) {
          d[i * BLOCK + p] = 0;
          for (int j = 0; j < BLOCK; j++) {
            d[i * BLOCK + j] -= factor * d[p * BLOCK + j];
          }
        }
      }
    }
    return d;
  }

  /** Packs D·rows by row tiles and the rows themselves by column tiles, for columns from … to-1. */
  private void packStripe(double[] d, int from, int to) {
    int width = to - from;
    float[] product = new float[width];
    for (int t = 0; t < BLOCK; t++) {
      java.util.Arrays.fill(product, 0f);
      for (int s = 0; s < BLOCK; s++) {
        Kernels.addScaled((float) d[t * BLOCK + s], rows, s * padded + from, product, 0, width);
      }
      for (int i = 0; i < width; i++) {
        int tile = (from + i) / Kernels.TILE_ROWS;
        int row = (from + i) % Kernels.TILE_ROWS;
        packedRows[(tile * BLOCK + t) * Kernels.TILE_ROWS + row] = product[i];
      }
      for (int j = from; j < to; j += Kernels.TILE_COLUMNS) {
        int tile = j / Kernels.TILE_COLUMNS;
        System.arraycopy(
            rows,
            t * padded + j,
            packedColumns,
            (tile * BLOCK + t) * Kernels.TILE_COLUMNS,
            Kernels.TILE_COLUMNS);
      }
    }
  }

  /** A[i,j] -= A[i,k] D A[k,j] for one tile of columns and all rows at or below its diagonal. */
  private void updateColumns(int columnTile) {
    int j = columnTile * Kernels.TILE_COLUMNS;
    for (int i = j; i < padded; i += Kernels.TILE_ROWS) {
      Kernels.subtractProduct(
          packedRows, i * BLOCK, packedColumns, j * BLOCK, BLOCK, a, i * padded + j, padded);
    }
  }

  private void storePivot(int k, double[] d) {
    for (int t = 0; t < BLOCK; t++) {
      for (int j = 0; j < k; j++) {
        a[(k + t) * padded + j] = packedRow(t, j);
      }
      for (int j = 0; j <= t; j++) {
        a[(k + t) * padded + k + j] = (float) -d[t * BLOCK + j];
      }
      for (int i = k + BLOCK; i < padded; i++) {
        a[i * padded + k + t] = packedRow(t, i);
      }
    }
  }

  private float packedRow(int t, int column) {
    int tile = column / Kernels.TILE_ROWS;
    return packedRows[(tile * BLOCK + t) * Kernels.TILE_ROWS + column % Kernels.TILE_ROWS];
  }
}
