package io.winnow.models.linear;

/**
 * Solves {@code M x = b} for a small symmetric positive definite M in place, in single precision:
 * {@code M = UᵀU} by four pivots at a time, then two triangular solves. Made for matrices that fit
 * the first-level cache; takes width³ / 6 multiply-adds. Stateless.
 */
final class Cholesky {
  /** Rounding may leave a tiny negative pivot where the ridge is far below the data. */
  private static final float LEAST_PIVOT = 1e-12f;

  private Cholesky() {}

  /**
   * Replaces the upper triangle by U, with the reciprocals of U's diagonal on the diagonal; what
   * lies below is scratch.
   *
   * @param matrix M, row-major, shape (width, width); only the upper triangle is read
   * @param width a multiple of {@link Kernels#WIDTH_UNIT}
   */
  static void factorise(float[] matrix, int width) {
    for (int pivot = 0; pivot < width; pivot += 4) {
      for (int p = pivot; p < pivot + 4; p++) {
        int row = p * width;
        float reciprocal = (float) (1 / Math.sqrt(Math.max(matrix[row + p], LEAST_PIVOT)));
        for (int j = p + 1; j < width; j++) {
          matrix[row + j] *= reciprocal;
        }
        matrix[row + p] = reciprocal;
        for (int later = p + 1; later < pivot + 4; later++) {
          float factor = -matrix[row + later];
          for (int j = later; j < width; j++) {
            matrix[later * width + j] += factor * matrix[row + j];
          }
        }
      }
      Kernels.subtractPivots(matrix, width, pivot);
    }
  }

  /**
   * Replaces b by the solution x.
   *
   * @param factor what {@link #factorise} left
   * @param b shape (width)
   */
  static void solve(float[] factor, int width, float[] b) {
    for (int k = 0; k < width; k++) {
      float y = b[k] * factor[k * width + k];
      b[k] = y;
      Kernels.addScaled(-y, factor, k * width + k + 1, b, k + 1, width - k - 1);
    }
    for (int k = width - 1; k >= 0; k--) {
      float known = Kernels.dot(factor, k * width + k + 1, b, k + 1, width - k - 1);
      b[k] = (b[k] - known) * factor[k * width + k];
    }
  }
}
