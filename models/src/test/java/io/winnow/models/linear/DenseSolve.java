package io.winnow.models.linear;

/** Linear equations in double precision, as a naive oracle. */
final class DenseSolve {
  private DenseSolve() {}

  /** x with A x = b, by Gauss-Jordan with pivoting; A and b are left alone. */
  static double[] solve(double[][] a, double[] b) {
    int n = b.length;
    double[][] m = new double[n][n + 1];
    for (int i = 0; i < n; i++) {
      System.arraycopy(a[i], 0, m[i], 0, n);
      m[i][n] = b[i];
    }
    for (int p = 0; p < n; p++) {
      int best = p;
      for (int i = p; i < n; i++) {
        best = Math.abs(m[i][p]) > Math.abs(m[best][p]) ? i : best;
      }
      double[] swapped = m[p];
      m[p] = m[best];
      m[best] = swapped;
      for (int i = 0; i < n; i++) {
        double factor = i == p ? 0 : m[i][p] / m[p][p];
        for (int j = p; j <= n && factor != 0; j++) {
          m[i][j] -= factor * m[p][j];
        }
      }
    }
    double[] x = new double[n];
    for (int i = 0; i < n; i++) {
      x[i] = m[i][n] / m[i][i];
    }
    return x;
  }
}
