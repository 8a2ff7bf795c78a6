package io.winnow.models.network;

import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inner loops of a softmax over rows of logits, on the Vector API, tested against plain loops.
 * Every lane does the same multiplications and additions in the same order whether the interpreter
 * or a compiler runs them, so results do not change while a process warms up. Stateless.
 */
final class SoftmaxRows {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  private static final float LOG2_E = 1.442695f;
  private static final float LN2_HIGH = 0.6933594f;
  private static final float LN2_LOW = -2.1219444e-4f;
  private static final float P5 = 1.9875691e-4f;
  private static final float P4 = 1.3981999e-3f;
  private static final float P3 = 8.333452e-3f;
  private static final float P2 = 4.1665796e-2f;
  private static final float P1 = 0.16666666f;
  private static final float P0 = 0.5f;
  private static final float LOWEST = -87;
  private static final float ROUND = 12582912f;

  private static final List<VectorShuffle<Float>> FOLDS = folds();

  private SoftmaxRows() {}

  /** The greatest of n floats from an offset, each after adding its correction. */
  static float addAndMax(float[] row, int at, int n, float[] corrections) {
    FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector x =
          FloatVector.fromArray(SPECIES, row, at + i)
              .add(FloatVector.fromArray(SPECIES, corrections, i));
      x.intoArray(row, at + i);
      max = max.max(x);
    }
    float best = max.reduceLanes(VectorOperators.MAX);
    for (; i < n; i++) {
      float x = row[at + i] + corrections[i];
      row[at + i] = x;
      best = Math.max(best, x);
    }
    return best;
  }

  /** The greatest of n floats from an offset. */
  static float max(float[] row, int at, int n) {
    FloatVector max = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector max2 = max;
    int i = 0;
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      max = max.max(FloatVector.fromArray(SPECIES, row, at + i));
      max2 = max2.max(FloatVector.fromArray(SPECIES, row, at + i + LANES));
    }
    float best = max.max(max2).reduceLanes(VectorOperators.MAX);
    for (; i < n; i++) {
      best = Math.max(best, row[at + i]);
    }
    return best;
  }

  /** Replaces n floats x by exp(x − shift) and says their sum. */
  static float exponentials(float[] row, int at, int n, float shift) {
    FloatVector sum = FloatVector.zero(SPECIES);
    FloatVector sum2 = sum;
    int i = 0;
    for (; i <= n - 2 * LANES; i += 2 * LANES) {
      FloatVector e = exp(FloatVector.fromArray(SPECIES, row, at + i).sub(shift));
      FloatVector e2 = exp(FloatVector.fromArray(SPECIES, row, at + i + LANES).sub(shift));
      e.intoArray(row, at + i);
      e2.intoArray(row, at + i + LANES);
      sum = sum.add(e);
      sum2 = sum2.add(e2);
    }
    sum = sum.add(sum2);
    for (; i <= n - LANES; i += LANES) {
      FloatVector e = exp(FloatVector.fromArray(SPECIES, row, at + i).sub(shift));
      e.intoArray(row, at + i);
      sum = sum.add(e);
    }
    float total = sum(sum);
    for (; i < n; i++) {
      float e = exp(row[at + i] - shift);
      row[at + i] = e;
      total += e;
    }
    return total;
  }

  /** {@code y += alpha · x} over n floats. */
  static void addScaled(float alpha, float[] x, int xAt, float[] y, int yAt, int n) {
    FloatVector factor = broadcast(alpha);
    int i = 0;
    for (; i <= n - LANES; i += LANES) {
      FloatVector.fromArray(SPECIES, x, xAt + i)
          .fma(factor, FloatVector.fromArray(SPECIES, y, yAt + i))
          .intoArray(y, yAt + i);
    }
    for (; i < n; i++) {
      y[yAt + i] = Math.fma(alpha, x[xAt + i], y[yAt + i]);
    }
  }

  /** The sum of all lanes, halves onto halves: {@code reduceLanes} leaves the order open. */
  private static float sum(FloatVector lanes) {
    FloatVector folded = lanes;
    for (VectorShuffle<Float> shuffle : FOLDS) {
      folded = folded.add(folded.rearrange(shuffle));
    }
    return folded.lane(0);
  }

  private static List<VectorShuffle<Float>> folds() {
    List<VectorShuffle<Float>> folds = new ArrayList<>();
    for (int step = LANES / 2; step >= 1; step /= 2) {
      folds.add(VectorShuffle.iota(SPECIES, step, 1, true));
    }
    return folds;
  }

  /**
   * e to the x for x ≤ 0, with a relative error below 2e-7: x is cut into n ln 2 + r, |r| ≤ ln 2 /
   * 2, and e to the r is Cephes' polynomial of degree 7 (Moshier, expf.c). Below −87 it is e^−87.
   */
  private static FloatVector exp(FloatVector x) {
    FloatVector clipped = x.max(LOWEST);
    // Adding and taking away 1.5 · 2^23 rounds to the nearest integer.
    FloatVector n = clipped.mul(LOG2_E).add(ROUND).sub(ROUND);
    FloatVector r = n.fma(broadcast(-LN2_HIGH), clipped);
    r = n.fma(broadcast(-LN2_LOW), r);
    FloatVector p = broadcast(P5);
    p = p.fma(r, broadcast(P4));
    p = p.fma(r, broadcast(P3));
    p = p.fma(r, broadcast(P2));
    p = p.fma(r, broadcast(P1));
    p = p.fma(r, broadcast(P0));
    p = p.fma(r.mul(r), r.add(1));
    IntVector bits = (IntVector) n.convert(VectorOperators.F2I, 0);
    IntVector power = bits.add(127).lanewise(VectorOperators.LSHL, 23);
    return p.mul(power.reinterpretAsFloats());
  }

  private static FloatVector broadcast(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  /** The vector loop's exponential of one number. */
  static float exp(float x) {
    float clipped = Math.max(x, LOWEST);
    float n = clipped * LOG2_E + ROUND - ROUND;
    float r = Math.fma(n, -LN2_HIGH, clipped);
    r = Math.fma(n, -LN2_LOW, r);
    float p = P5;
    p = Math.fma(p, r, P4);
    p = Math.fma(p, r, P3);
    p = Math.fma(p, r, P2);
    p = Math.fma(p, r, P1);
    p = Math.fma(p, r, P0);
    p = Math.fma(p, r * r, r + 1);
    return p * Float.intBitsToFloat(((int) n + 127) << 23);
  }
}
