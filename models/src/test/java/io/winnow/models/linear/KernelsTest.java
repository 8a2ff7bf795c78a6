package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.winnow.core.Seed;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class KernelsTest {
  private final RandomGenerator random = new Seed(7).generator("kernels");

  @Test
  void dot_anyLengthAndOffset_agreesWithScalar() {
    for (int n = 0; n < 150; n++) {
      float[] a = Generated.floats(random, n + 3);
      float[] b = Generated.floats(random, n + 5);
      assertEquals(Kernels.Scalar.dot(a, 3, b, 5, n), Kernels.dot(a, 3, b, 5, n), 1e-4f);
    }
  }

  @Test
  void addScaled_anyLength_agreesWithScalarAndTouchesNothingElse() {
    for (int n = 0; n < 100; n++) {
      float[] x = Generated.floats(random, n + 2);
      float[] expected = Generated.floats(random, n + 9);
      float[] actual = expected.clone();
      Kernels.Scalar.addScaled(0.7f, x, 2, expected, 4, n);
      Kernels.addScaled(0.7f, x, 2, actual, 4, n);
      assertArrayEquals(expected, actual, 1e-5f);
    }
  }

  @Test
  void dots_anyShape_agreesWithScalar() {
    for (int n = 1; n < 70; n += 3) {
      for (int count = 0; count < 11; count++) {
        float[] query = Generated.floats(random, n);
        float[] rows = Generated.floats(random, n * count + 1);
        float[] expected = new float[count + 2];
        float[] actual = new float[count + 2];
        Kernels.Scalar.dots(query, rows, 1, count, expected, 2);
        Kernels.dots(query, rows, 1, count, actual, 2);
        assertArrayEquals(expected, actual, 1e-4f);
      }
    }
  }

  @Test
  void subtractProduct_anyDepth_agreesWithScalarAndTouchesOnlyItsTile() {
    for (int depth : new int[] {0, 1, 2, 17, 128}) {
      int stride = Kernels.TILE_COLUMNS + 13;
      float[] a = Generated.floats(random, 5 + depth * Kernels.TILE_ROWS);
      float[] b = Generated.floats(random, 3 + depth * Kernels.TILE_COLUMNS);
      float[] expected = Generated.floats(random, (Kernels.TILE_ROWS + 1) * stride);
      float[] actual = expected.clone();
      Kernels.Scalar.subtractProduct(a, 5, b, 3, depth, expected, 7, stride);
      Kernels.subtractProduct(a, 5, b, 3, depth, actual, 7, stride);
      assertArrayEquals(expected, actual, 1e-3f);
    }
  }

  @Test
  void addGram_anyShape_agreesWithScalarInTheUpperTriangle() {
    for (int units = 1; units <= 9; units++) {
      int width = units * Kernels.WIDTH_UNIT;
      for (int count : new int[] {0, 1, 7, 64}) {
        float[] rows = Generated.floats(random, count * width);
        float[] expected = Generated.floats(random, width * width);
        float[] actual = expected.clone();
        Kernels.Scalar.addGram(rows, count, width, expected);
        Kernels.addGram(rows, count, width, actual);
        assertUpperEquals(width, expected, actual);
      }
    }
  }

  @Test
  void addWeightedRows_anyShape_agreesWithScalar() {
    for (int units = 1; units <= 9; units++) {
      int width = units * Kernels.WIDTH_UNIT;
      for (int count : new int[] {0, 1, 7, 64}) {
        float[] weights = Generated.floats(random, count);
        float[] rows = Generated.floats(random, count * width);
        float[] expected = Generated.floats(random, width);
        float[] actual = expected.clone();
        Kernels.Scalar.addWeightedRows(weights, rows, count, width, expected);
        Kernels.addWeightedRows(weights, rows, count, width, actual);
        assertArrayEquals(expected, actual, 1e-4f);
      }
    }
  }

  @Test
  void subtractPivots_everyPivot_agreesWithScalarInTheUpperTriangle() {
    int width = 3 * Kernels.WIDTH_UNIT;
    for (int pivot = 0; pivot < width; pivot += 4) {
      float[] expected = Generated.floats(random, width * width);
      float[] actual = expected.clone();
      Kernels.Scalar.subtractPivots(expected, width, pivot);
      Kernels.subtractPivots(actual, width, pivot);
      assertUpperEquals(width, expected, actual);
    }
  }

  private static void assertUpperEquals(int width, float[] expected, float[] actual) {
    for (int i = 0; i < width; i++) {
      for (int j = i; j < width; j++) {
        assertEquals(expected[i * width + j], actual[i * width + j], 1e-4f, i + ", " + j);
      }
    }
  }

  @Test
  void paddedWidth_anyWidth_isTheNextMultiple() {
    assertEquals(Kernels.WIDTH_UNIT, Kernels.paddedWidth(1));
    assertEquals(Kernels.WIDTH_UNIT, Kernels.paddedWidth(Kernels.WIDTH_UNIT));
    assertEquals(2 * Kernels.WIDTH_UNIT, Kernels.paddedWidth(Kernels.WIDTH_UNIT + 1));
  }

  @Test
  void dots_anyRowAtAnyTime_isBitForBitWhatDotGives() {
    RandomGenerator random = new Seed(5).generator("bits");
    int n = 64;
    int count = 11; // whole blocks of rows and a rest
    float[] query = new float[n];
    float[] rows = new float[count * n];
    for (int i = 0; i < n; i++) {
      query[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    float[] cold = new float[count];
    Kernels.dots(query, rows, 0, count, cold, 0);
    float[] warm = new float[count];
    for (int round = 0; round < 20_000; round++) { // past every compiler's threshold
      Kernels.dots(query, rows, 0, count, warm, 0);
    }
    for (int row = 0; row < count; row++) {
      int bits = Float.floatToRawIntBits(cold[row]);
      assertEquals(bits, Float.floatToRawIntBits(warm[row]), "row " + row);
      assertEquals(
          bits, Float.floatToRawIntBits(Kernels.dot(query, 0, rows, row * n, n)), "row " + row);
    }
  }
}
