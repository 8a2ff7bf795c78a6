package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.core.Seed;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class SymmetricInverseTest {
  /** The lower triangle of a random XᵀX + I, and noise above it that must not matter. */
  private static float[] gram(int n, long seed) {
    RandomGenerator random = new Seed(seed).generator("gram");
    int stride = SymmetricInverse.paddedSize(n);
    float[] x = Generated.floats(random, 2 * n * n);
    float[] a = Generated.floats(random, stride * stride);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j <= i; j++) {
        a[i * stride + j] =
            Kernels.Scalar.dot(x, i * 2 * n, x, j * 2 * n, 2 * n) / n + (i == j ? 1 : 0);
      }
    }
    return a;
  }

  @Test
  void invert_severalSizes_timesTheMatrixIsTheIdentity() {
    for (int n : new int[] {1, 2, 127, 128, 129, 300}) {
      int stride = SymmetricInverse.paddedSize(n);
      float[] original = gram(n, n);
      float[] inverse = original.clone();
      SymmetricInverse.invert(n, inverse, 1);
      double worst = 0;
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          double sum = 0;
          for (int t = 0; t < n; t++) {
            sum += (double) lower(original, stride, i, t) * lower(inverse, stride, t, j);
          }
          worst = Math.max(worst, Math.abs(sum - (i == j ? 1 : 0)));
        }
      }
      assertTrue(worst < 1e-3, "n=" + n + " error " + worst);
    }
  }

  @Test
  void invert_twoThreads_givesTheSameBits() {
    float[] one = gram(200, 3);
    float[] two = one.clone();
    SymmetricInverse.invert(200, one, 1);
    SymmetricInverse.invert(200, two, 2);
    assertArrayEquals(one, two);
  }

  @Test
  void invert_notPositiveDefinite_namesThePivot() {
    float[] a = new float[128 * 128];
    a[0] = 1;
    a[128 + 1] = -2;
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> SymmetricInverse.invert(2, a, 1));
    assertEquals("matrix: pivot -2.0 at 1 (expected: positive definite)", e.getMessage());
  }

  private static float lower(float[] a, int stride, int i, int j) {
    return a[Math.max(i, j) * stride + Math.min(i, j)];
  }
}
