package io.winnow.models.linear;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of linear algebra over {@code float[]}, on the Vector API, each with a scalar
 * twin ({@link Scalar}) that agrees up to rounding. Offsets and lengths count floats. Stateless.
 */
public final class Kernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  private static final VectorShuffle<Float> BY_8 = by(8);
  private static final VectorShuffle<Float> BY_4 = by(4);
  private static final VectorShuffle<Float> BY_2 = by(2);
  private static final VectorShuffle<Float> BY_1 = by(1);

  /** Rows and columns (in floats) of the block that {@link #subtractProduct} keeps in registers. */
  static final int TILE_ROWS = 4;

  static final int TILE_COLUMNS = 4 * LANES;

  private Kernels() {}

  /**
   * The inner product of {@code a[aOffset…+n)} and {@code b[bOffset…+n)}; bit for bit what {@link
   * #dots} gives for the same operands.
   */
  public static float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
    FloatVector lanes = FloatVector.zero(SPECIES);
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      lanes =
          FloatVector.fromArray(SPECIES, a, aOffset + i)
              .fma(FloatVector.fromArray(SPECIES, b, bOffset + i), lanes);
    }
    float sum = sum(lanes);
    for (; i < n; i++) {
      sum = Math.fma(a[aOffset + i], b[bOffset + i], sum);
    }
    return sum;
  }

  /**
   * The sum of all lanes, halves onto halves. {@code reduceLanes} leaves the order of additions
   * open, and the interpreter and the compiler choose differently: the same product would change
   * its last bit while a process warms up.
   */
  private static float sum(FloatVector lanes) {
    FloatVector folded = lanes;
    if (LANES >= 16) {
      folded = folded.add(folded.rearrange(BY_8));
    }
    if (LANES >= 8) {
      folded = folded.add(folded.rearrange(BY_4));
    }
    if (LANES >= 4) {
      folded = folded.add(folded.rearrange(BY_2));
    }
    return folded.add(folded.rearrange(BY_1)).lane(0);
  }

  /** Moves each lane down by {@code step}, round the end. */
  private static VectorShuffle<Float> by(int step) {
    return VectorShuffle.iota(SPECIES, step, 1, true);
  }

  /** {@code y += alpha · x} over n floats. */
  public static void addScaled(float alpha, float[] x, int xOffset, float[] y, int yOffset, int n) {
    FloatVector factor = FloatVector.broadcast(SPECIES, alpha);
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector.fromArray(SPECIES, x, xOffset + i)
          .fma(factor, FloatVector.fromArray(SPECIES, y, yOffset + i))
          .intoArray(y, yOffset + i);
    }
    for (; i < n; i++) {
      y[yOffset + i] = Math.fma(alpha, x[xOffset + i], y[yOffset + i]);
    }
  }

  /**
   * The inner products of one vector with consecutive rows: {@code out[r] = query · rows[r]}.
   *
   * @param query shape (E)
   * @param rows row-major, from {@code offset}, shape (count, E)
   * @param out receives {@code count} products from {@code outOffset}
   */
  public static void dots(
      float[] query, float[] rows, int offset, int count, float[] out, int outOffset) {
    int n = query.length;
    int r = 0;
    for (; r <= count - 4; r += 4) {
      int at = offset + r * n;
      FloatVector sum0 = FloatVector.zero(SPECIES);
      FloatVector sum1 = FloatVector.zero(SPECIES);
      FloatVector sum2 = FloatVector.zero(SPECIES);
      FloatVector sum3 = FloatVector.zero(SPECIES);
      int i = 0;
      for (; i <= n - LANES; i += LANES) {
        FloatVector q = FloatVector.fromArray(SPECIES, query, i);
        sum0 = q.fma(FloatVector.fromArray(SPECIES, rows, at + i), sum0);
        sum1 = q.fma(FloatVector.fromArray(SPECIES, rows, at + n + i), sum1);
        sum2 = q.fma(FloatVector.fromArray(SPECIES, rows, at + 2 * n + i), sum2);
        sum3 = q.fma(FloatVector.fromArray(SPECIES, rows, at + 3 * n + i), sum3);
      }
      float s0 = sum(sum0);
      float s1 = sum(sum1);
      float s2 = sum(sum2);
      float s3 = sum(sum3);
      for (; i < n; i++) {
        s0 = Math.fma(query[i], rows[at + i], s0);
        s1 = Math.fma(query[i], rows[at + n + i], s1);
        s2 = Math.fma(query[i], rows[at + 2 * n + i], s2);
        s3 = Math.fma(query[i], rows[at + 3 * n + i], s3);
      }
      out[outOffset + r] = s0;
      out[outOffset + r + 1] = s1;
      out[outOffset + r + 2] = s2;
      out[outOffset + r + 3] = s3;
    }
    for (; r < count; r++) {
      out[outOffset + r] = dot(query, 0, rows, offset + r * n, n);
    }
  }

  /**
   * {@code C -= Aᵀ · B} for one register tile: {@link #TILE_ROWS} × {@link #TILE_COLUMNS} of C,
   * summed over {@code depth}.
   *
   * @param a packed, shape (depth, TILE_ROWS), from {@code aOffset}
   * @param b packed, shape (depth, TILE_COLUMNS), from {@code bOffset}
   * @param c row-major with row length {@code stride}; the tile starts at {@code cOffset}
   */
  static void subtractProduct(
      float[] a,
      int aOffset,
      float[] b,
      int bOffset,
      int depth,
      float[] c,
      int cOffset,
      int stride) {
    FloatVector c00 = FloatVector.zero(SPECIES);
    FloatVector c01 = c00;
    FloatVector c02 = c00;
    FloatVector c03 = c00;
    FloatVector c10 = c00;
    FloatVector c11 = c00;
    FloatVector c12 = c00;
    FloatVector c13 = c00;
    FloatVector c20 = c00;
    FloatVector c21 = c00;
    FloatVector c22 = c00;
    FloatVector c23 = c00;
    FloatVector c30 = c00;
    FloatVector c31 = c00;
    FloatVector c32 = c00;
    FloatVector c33 = c00;
    for (int t = 0; t < depth; t++) {
      int bAt = bOffset + t * TILE_COLUMNS;
      int aAt = aOffset + t * TILE_ROWS;
      FloatVector b0 = FloatVector.fromArray(SPECIES, b, bAt);
      FloatVector b1 = FloatVector.fromArray(SPECIES, b, bAt + LANES);
      FloatVector b2 = FloatVector.fromArray(SPECIES, b, bAt + 2 * LANES);
      FloatVector b3 = FloatVector.fromArray(SPECIES, b, bAt + 3 * LANES);
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[aAt]);
      c00 = a0.fma(b0, c00);
      c01 = a0.fma(b1, c01);
      c02 = a0.fma(b2, c02);
      c03 = a0.fma(b3, c03);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[aAt + 1]);
      c10 = a1.fma(b0, c10);
      c11 = a1.fma(b1, c11);
      c12 = a1.fma(b2, c12);
      c13 = a1.fma(b3, c13);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[aAt + 2]);
      c20 = a2.fma(b0, c20);
      c21 = a2.fma(b1, c21);
      c22 = a2.fma(b2, c22);
      c23 = a2.fma(b3, c23);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[aAt + 3]);
      c30 = a3.fma(b0, c30);
      c31 = a3.fma(b1, c31);
      c32 = a3.fma(b2, c32);
      c33 = a3.fma(b3, c33);
    }
    subtractRow(c, cOffset, c00, c01, c02, c03);
    subtractRow(c, cOffset + stride, c10, c11, c12, c13);
    subtractRow(c, cOffset + 2 * stride, c20, c21, c22, c23);
    subtractRow(c, cOffset + 3 * stride, c30, c31, c32, c33);
  }

  private static void subtractRow(
      float[] c, int at, FloatVector v0, FloatVector v1, FloatVector v2, FloatVector v3) {
    FloatVector.fromArray(SPECIES, c, at).sub(v0).intoArray(c, at);
    FloatVector.fromArray(SPECIES, c, at + LANES).sub(v1).intoArray(c, at + LANES);
    FloatVector.fromArray(SPECIES, c, at + 2 * LANES).sub(v2).intoArray(c, at + 2 * LANES);
    FloatVector.fromArray(SPECIES, c, at + 3 * LANES).sub(v3).intoArray(c, at + 3 * LANES);
  }

  /** The same loops without vectors: what the vector kernels are tested against. */
  public static final class Scalar {
    private Scalar() {}

    /** The twin of {@link Kernels#dot}. */
    public static float dot(float[] a, int aOffset, float[] b, int bOffset, int n) {
      float sum = 0;
      for (int i = 0; i < n; i++) {
        sum += a[aOffset + i] * b[bOffset + i];
      }
      return sum;
    }

    /** The twin of {@link Kernels#addScaled}. */
    public static void addScaled(
        float alpha, float[] x, int xOffset, float[] y, int yOffset, int n) {
      for (int i = 0; i < n; i++) {
        y[yOffset + i] += alpha * x[xOffset + i];
      }
    }

    /** The twin of {@link Kernels#dots}. */
    public static void dots(
        float[] query, float[] rows, int offset, int count, float[] out, int outOffset) {
      for (int r = 0; r < count; r++) {
        out[outOffset + r] = dot(query, 0, rows, offset + r * query.length, query.length);
      }
    }

    /** The twin of {@link Kernels#subtractProduct}. */
    static void subtractProduct(
        float[] a,
        int aOffset,
        float[] b,
        int bOffset,
        int depth,
        float[] c,
        int cOffset,
        int stride) {
      for (int i = 0; i < TILE_ROWS; i++) {
        for (int j = 0; j < TILE_COLUMNS; j++) {
          float sum = 0;
          for (int t = 0; t < depth; t++) {
            sum += a[aOffset + t * TILE_ROWS + i] * b[bOffset + t * TILE_COLUMNS + j];
          }
          c[cOffset + i * stride + j] -= sum;
        }
      }
    }
  }
}
