package io.winnow.models.linear;

/**
 * One row's least-squares problem of {@link ImplicitAls}: {@code (FᵀF + Σ (c-1) f fᵀ + λ s I) x = Σ
 * c f}, built and solved by Cholesky in place. Holds scratch memory; not thread-safe.
 */
final class NormalEquations {
  private final ImplicitAls.Config config;
  private final int n;
  private final float[] gram;
  private final int others;
  private final float[] matrix;
  private final float[] right;

  NormalEquations(ImplicitAls.Config config, float[] gram, int others) {
    this.config = config;
    this.n = config.dimension();
    this.gram = gram;
    this.others = others;
    this.matrix = new float[n * n];
    this.right = new float[n];
  }

  /**
   * Solves for one row.
   *
   * @param fixed the other side's factors
   * @param neighbours rows of {@code fixed}, {@code count} of them from {@code first}
   * @param halfLife the s-th neighbour's confidence is {@code α · 0.5^(s / halfLife)}
   * @param solved receives the factor at {@code offset}
   */
  void solve(
      float[] fixed,
      int[] neighbours,
      int first,
      int count,
      double halfLife,
      float[] solved,
      int offset) {
    System.arraycopy(gram, 0, matrix, 0, matrix.length);
    java.util.Arrays.fill(right, 0f);
    for (int e = 0; e < count; e++) {
      int at = neighbours[first + e] * n;
      float extra = (float) (config.alpha() * Math.pow(0.5, e / halfLife));
      for (int i = 0; i < n; i++) {
        // Row i of the lower triangle.
        Kernels.addScaled(extra * fixed[at + i], fixed, at, matrix, i * n, i + 1);
      }
      Kernels.addScaled(1 + extra, fixed, at, right, 0, n);
    }
    double known = count + config.unobservedWeight() * others;
    float ridge = (float) (config.lambda() * Math.pow(known, config.frequencyPower()));
    for (int i = 0; i < n; i++) {
      matrix[i * n + i] += ridge;
    }
    factorise();
    substitute();
    System.arraycopy(right, 0, solved, offset, n);
  }

  /** Row-oriented Cholesky: the lower triangle becomes L. */
  private void factorise() {
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        float sum = matrix[i * n + j] - Kernels.dot(matrix, i * n, matrix, j * n, j);
        matrix[i * n + j] = sum / matrix[j * n + j];
      }
      float pivot = matrix[i * n + i] - Kernels.dot(matrix, i * n, matrix, i * n, i);
      // Rounding may leave a tiny negative pivot where the ridge is far below the data.
      matrix[i * n + i] = (float) Math.sqrt(Math.max(pivot, 1e-12f));
    }
  }

  private void substitute() {
    for (int i = 0; i < n; i++) {
      right[i] = (right[i] - Kernels.dot(matrix, i * n, right, 0, i)) / matrix[i * n + i];
    }
    for (int i = n - 1; i >= 0; i--) {
      right[i] /= matrix[i * n + i];
      Kernels.addScaled(-right[i], matrix, i * n, right, 0, i);
    }
  }
}
