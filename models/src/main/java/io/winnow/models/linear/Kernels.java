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

  /** Widths that {@link #addGram} and {@link Cholesky} take are multiples of this. */
  static final int WIDTH_UNIT = Math.max(8, LANES);

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

  /** The next multiple of {@link #WIDTH_UNIT}. */
  static int paddedWidth(int width) {
    return Math.ceilDiv(width, WIDTH_UNIT) * WIDTH_UNIT;
  }

  /**
   * {@code M += RᵀR} in the upper triangle; what lies below the diagonal is scratch. Eight rows by
   * two vectors of M stay in registers while all of R passes by, so a row of R costs little more
   * than its multiply-adds: width² / 2 and a bit.
   *
   * @param rows R, row-major, shape (count, width)
   * @param width a multiple of {@link #WIDTH_UNIT}
   * @param matrix M, row-major, shape (width, width)
   */
  static void addGram(float[] rows, int count, int width, float[] matrix) {
    for (int i = 0; i < width; i += 8) {
      int j = i / LANES * LANES;
      for (; j <= width - 2 * LANES; j += 2 * LANES) {
        addGramWide(rows, count, width, i, j, matrix);
      }
      if (j < width) {
        addGramNarrow(rows, count, width, i, j, matrix);
      }
    }
  }

  private static void addGramWide(
      float[] rows, int count, int width, int i, int j, float[] matrix) {
    int at = i * width + j;
    FloatVector m00 = FloatVector.fromArray(SPECIES, matrix, at);
    FloatVector m01 = FloatVector.fromArray(SPECIES, matrix, at + LANES);
    FloatVector m10 = FloatVector.fromArray(SPECIES, matrix, at + width);
    FloatVector m11 = FloatVector.fromArray(SPECIES, matrix, at + width + LANES);
    FloatVector m20 = FloatVector.fromArray(SPECIES, matrix, at + 2 * width);
    FloatVector m21 = FloatVector.fromArray(SPECIES, matrix, at + 2 * width + LANES);
    FloatVector m30 = FloatVector.fromArray(SPECIES, matrix, at + 3 * width);
    FloatVector m31 = FloatVector.fromArray(SPECIES, matrix, at + 3 * width + LANES);
    FloatVector m40 = FloatVector.fromArray(SPECIES, matrix, at + 4 * width);
    FloatVector m41 = FloatVector.fromArray(SPECIES, matrix, at + 4 * width + LANES);
    FloatVector m50 = FloatVector.fromArray(SPECIES, matrix, at + 5 * width);
    FloatVector m51 = FloatVector.fromArray(SPECIES, matrix, at + 5 * width + LANES);
    FloatVector m60 = FloatVector.fromArray(SPECIES, matrix, at + 6 * width);
    FloatVector m61 = FloatVector.fromArray(SPECIES, matrix, at + 6 * width + LANES);
    FloatVector m70 = FloatVector.fromArray(SPECIES, matrix, at + 7 * width);
    FloatVector m71 = FloatVector.fromArray(SPECIES, matrix, at + 7 * width + LANES);
    for (int row = 0; row < count; row++) {
      int x = row * width + i;
      FloatVector y0 = FloatVector.fromArray(SPECIES, rows, row * width + j);
      FloatVector y1 = FloatVector.fromArray(SPECIES, rows, row * width + j + LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, rows[x]);
      m00 = x0.fma(y0, m00);
      m01 = x0.fma(y1, m01);
      FloatVector x1 = FloatVector.broadcast(SPECIES, rows[x + 1]);
      m10 = x1.fma(y0, m10);
      m11 = x1.fma(y1, m11);
      FloatVector x2 = FloatVector.broadcast(SPECIES, rows[x + 2]);
      m20 = x2.fma(y0, m20);
      m21 = x2.fma(y1, m21);
      FloatVector x3 = FloatVector.broadcast(SPECIES, rows[x + 3]);
      m30 = x3.fma(y0, m30);
      m31 = x3.fma(y1, m31);
      FloatVector x4 = FloatVector.broadcast(SPECIES, rows[x + 4]);
      m40 = x4.fma(y0, m40);
      m41 = x4.fma(y1, m41);
      FloatVector x5 = FloatVector.broadcast(SPECIES, rows[x + 5]);
      m50 = x5.fma(y0, m50);
      m51 = x5.fma(y1, m51);
      FloatVector x6 = FloatVector.broadcast(SPECIES, rows[x + 6]);
      m60 = x6.fma(y0, m60);
      m61 = x6.fma(y1, m61);
      FloatVector x7 = FloatVector.broadcast(SPECIES, rows[x + 7]);
      m70 = x7.fma(y0, m70);
      m71 = x7.fma(y1, m71);
    }
    put(matrix, at, m00, m01);
    put(matrix, at + width, m10, m11);
    put(matrix, at + 2 * width, m20, m21);
    put(matrix, at + 3 * width, m30, m31);
    put(matrix, at + 4 * width, m40, m41);
    put(matrix, at + 5 * width, m50, m51);
    put(matrix, at + 6 * width, m60, m61);
    put(matrix, at + 7 * width, m70, m71);
  }

  private static void put(float[] matrix, int at, FloatVector v0, FloatVector v1) {
    v0.intoArray(matrix, at);
    v1.intoArray(matrix, at + LANES);
  }

  private static void addGramNarrow(
      float[] rows, int count, int width, int i, int j, float[] matrix) {
    int at = i * width + j;
    FloatVector m0 = FloatVector.fromArray(SPECIES, matrix, at);
    FloatVector m1 = FloatVector.fromArray(SPECIES, matrix, at + width);
    FloatVector m2 = FloatVector.fromArray(SPECIES, matrix, at + 2 * width);
    FloatVector m3 = FloatVector.fromArray(SPECIES, matrix, at + 3 * width);
    FloatVector m4 = FloatVector.fromArray(SPECIES, matrix, at + 4 * width);
    FloatVector m5 = FloatVector.fromArray(SPECIES, matrix, at + 5 * width);
    FloatVector m6 = FloatVector.fromArray(SPECIES, matrix, at + 6 * width);
    FloatVector m7 = FloatVector.fromArray(SPECIES, matrix, at + 7 * width);
    for (int row = 0; row < count; row++) {
      int x = row * width + i;
      FloatVector y = FloatVector.fromArray(SPECIES, rows, row * width + j);
      m0 = FloatVector.broadcast(SPECIES, rows[x]).fma(y, m0);
      m1 = FloatVector.broadcast(SPECIES, rows[x + 1]).fma(y, m1);
      m2 = FloatVector.broadcast(SPECIES, rows[x + 2]).fma(y, m2);
      m3 = FloatVector.broadcast(SPECIES, rows[x + 3]).fma(y, m3);
      m4 = FloatVector.broadcast(SPECIES, rows[x + 4]).fma(y, m4);
      m5 = FloatVector.broadcast(SPECIES, rows[x + 5]).fma(y, m5);
      m6 = FloatVector.broadcast(SPECIES, rows[x + 6]).fma(y, m6);
      m7 = FloatVector.broadcast(SPECIES, rows[x + 7]).fma(y, m7);
    }
    m0.intoArray(matrix, at);
    m1.intoArray(matrix, at + width);
    m2.intoArray(matrix, at + 2 * width);
    m3.intoArray(matrix, at + 3 * width);
    m4.intoArray(matrix, at + 4 * width);
    m5.intoArray(matrix, at + 5 * width);
    m6.intoArray(matrix, at + 6 * width);
    m7.intoArray(matrix, at + 7 * width);
  }

  /**
   * {@code out += Σ_r weights[r] · rows[r]}.
   *
   * @param weights shape (count)
   * @param rows row-major, shape (count, width)
   * @param width a multiple of {@link #WIDTH_UNIT}
   * @param out shape (width)
   */
  static void addWeightedRows(float[] weights, float[] rows, int count, int width, float[] out) {
    int j = 0;
    for (; j <= width - 4 * LANES; j += 4 * LANES) {
      FloatVector s0 = FloatVector.fromArray(SPECIES, out, j);
      FloatVector s1 = FloatVector.fromArray(SPECIES, out, j + LANES);
      FloatVector s2 = FloatVector.fromArray(SPECIES, out, j + 2 * LANES);
      FloatVector s3 = FloatVector.fromArray(SPECIES, out, j + 3 * LANES);
      for (int row = 0; row < count; row++) {
        int at = row * width + j;
        FloatVector weight = FloatVector.broadcast(SPECIES, weights[row]);
        s0 = weight.fma(FloatVector.fromArray(SPECIES, rows, at), s0);
        s1 = weight.fma(FloatVector.fromArray(SPECIES, rows, at + LANES), s1);
        s2 = weight.fma(FloatVector.fromArray(SPECIES, rows, at + 2 * LANES), s2);
        s3 = weight.fma(FloatVector.fromArray(SPECIES, rows, at + 3 * LANES), s3);
      }
      put(out, j, s0, s1);
      put(out, j + 2 * LANES, s2, s3);
    }
    for (; j < width; j += LANES) {
      FloatVector sum = FloatVector.fromArray(SPECIES, out, j);
      for (int row = 0; row < count; row++) {
        sum =
            FloatVector.broadcast(SPECIES, weights[row])
                .fma(FloatVector.fromArray(SPECIES, rows, row * width + j), sum);
      }
      sum.intoArray(out, j);
    }
  }

  /**
   * {@code M[i][j] -= Σ_p M[p][i] · M[p][j]} for the four pivot rows p from {@code pivot} and all
   * later rows i ≤ j: one step of {@link Cholesky}. Elements below the diagonal are scratch.
   *
   * @param width a multiple of {@link #WIDTH_UNIT}
   * @param matrix row-major, shape (width, width)
   */
  static void subtractPivots(float[] matrix, int width, int pivot) {
    int r0 = pivot * width;
    int r1 = r0 + width;
    int r2 = r1 + width;
    int r3 = r2 + width;
    int first = pivot + 4;
    for (int j = first / LANES * LANES; j < width; j += LANES) {
      FloatVector p0 = FloatVector.fromArray(SPECIES, matrix, r0 + j);
      FloatVector p1 = FloatVector.fromArray(SPECIES, matrix, r1 + j);
      FloatVector p2 = FloatVector.fromArray(SPECIES, matrix, r2 + j);
      FloatVector p3 = FloatVector.fromArray(SPECIES, matrix, r3 + j);
      int end = Math.min(width, j + LANES);
      for (int i = first; i < end; i++) {
        // Two sums, each of two products, so that they do not wait for one another.
        FloatVector before = FloatVector.fromArray(SPECIES, matrix, i * width + j);
        FloatVector left = FloatVector.broadcast(SPECIES, -matrix[r0 + i]).fma(p0, before);
        left = FloatVector.broadcast(SPECIES, -matrix[r1 + i]).fma(p1, left);
        FloatVector right = FloatVector.broadcast(SPECIES, -matrix[r2 + i]).mul(p2);
        right = FloatVector.broadcast(SPECIES, -matrix[r3 + i]).fma(p3, right);
        left.add(right).intoArray(matrix, i * width + j);
      }
    }
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

    /** The twin of {@link Kernels#addGram}; leaves what lies below the diagonal alone. */
    static void addGram(float[] rows, int count, int width, float[] matrix) {
      for (int i = 0; i < width; i++) {
        for (int j = i; j < width; j++) {
          float sum = 0;
          for (int row = 0; row < count; row++) {
            sum += rows[row * width + i] * rows[row * width + j];
          }
          matrix[i * width + j] += sum;
        }
      }
    }

    /** The twin of {@link Kernels#addWeightedRows}. */
    static void addWeightedRows(float[] weights, float[] rows, int count, int width, float[] out) {
      for (int row = 0; row < count; row++) {
        addScaled(weights[row], rows, row * width, out, 0, width);
      }
    }

    /** The twin of {@link Kernels#subtractPivots}; leaves what lies below the diagonal alone. */
    static void subtractPivots(float[] matrix, int width, int pivot) {
      for (int i = pivot + 4; i < width; i++) {
        for (int j = i; j < width; j++) {
          float sum = 0;
          for (int p = pivot; p < pivot + 4; p++) {
            sum += matrix[p * width + i] * matrix[p * width + j];
          }
          matrix[i * width + j] -= sum;
        }
      }
    }
  }
}
