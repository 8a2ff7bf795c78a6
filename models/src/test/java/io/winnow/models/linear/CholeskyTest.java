package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CholeskyTest {
  @Test
  void solve_severalSizes_agreesWithGaussJordan() {
    RandomGenerator random = new Seed(3).generator("cholesky");
    for (int units = 1; units <= 9; units++) {
      int n = units * Kernels.WIDTH_UNIT;
      float[] rows = Generated.floats(random, 2 * n * n);
      float[] matrix = new float[n * n];
      Kernels.Scalar.addGram(rows, 2 * n, n, matrix);
      double[][] dense = new double[n][n];
      double[] right = new double[n];
      float[] b = Generated.floats(random, n);
      for (int i = 0; i < n; i++) {
        matrix[i * n + i] += 1;
        right[i] = b[i];
        for (int j = 0; j < n; j++) {
          dense[i][j] = matrix[Math.min(i, j) * n + Math.max(i, j)];
        }
        // Below the diagonal there may be anything.
        for (int j = 0; j < i; j++) {
          matrix[i * n + j] = Float.NaN;
        }
      }
      double[] expected = DenseSolve.solve(dense, right);
      Cholesky.factorise(matrix, n);
      Cholesky.solve(matrix, n, b);
      double size = 0;
      for (int i = 0; i < n; i++) {
        assertEquals(expected[i], b[i], 1e-3, "n=" + n + " i=" + i);
        size += Math.abs(b[i]);
      }
      assertTrue(size > 0);
    }
  }
}
