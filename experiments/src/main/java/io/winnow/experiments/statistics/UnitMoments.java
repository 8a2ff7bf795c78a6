package io.winnow.experiments.statistics;

import io.winnow.experiments.statistics.Moments.Column;
import java.util.Arrays;

/**
 * Collects the moments of one arm's units for one metric: count, sums, and sums of products of the
 * four {@link UnitTotals}. All that the statistics of an arm need, in constant memory.
 *
 * <p>A unit's outcomes come late and again, so its old totals can be {@link #replace replaced}.
 * That asks more of the arithmetic than adding does: Welford's running variance loses all digits
 * when a value of 1e9 is added and taken away again. Here each sum is kept in two doubles, with the
 * error of each addition and each product computed exactly (Dekker, A floating-point technique for
 * extending the available precision, Numerische Mathematik 18, 1971; TwoSum of Knuth, The Art of
 * Computer Programming 2, 4.2.2; products by fused multiply-add). That is about 106 bits; the
 * relative error of a variance is about 1e-30 × (largest value ever held ÷ standard deviation)²,
 * whatever the order of additions, removals and merges.
 *
 * <p>Not thread-safe. An update costs some 50 ns.
 */
public final class UnitMoments {
  private static final int COLUMNS = Column.values().length;
  private static final int SUMS = COLUMNS + COLUMNS * (COLUMNS + 1) / 2;

  private long units;
  private final double[] high = new double[SUMS];
  private final double[] low = new double[SUMS];

  /** Adds a unit. */
  public void add(UnitTotals totals) {
    units++;
    accumulate(totals, 1);
  }

  /** Takes a unit away that was added with these totals. */
  public void remove(UnitTotals totals) {
    if (units == 0) {
      throw new IllegalStateException("no unit is left to remove");
    }
    units--;
    if (units == 0) {
      Arrays.fill(high, 0);
      Arrays.fill(low, 0);
    } else {
      accumulate(totals, -1);
    }
  }

  /** Gives a unit new totals in the place of those it was added with. */
  public void replace(UnitTotals before, UnitTotals after) {
    if (units == 0) {
      throw new IllegalStateException("no unit is there to replace");
    }
    accumulate(before, -1);
    accumulate(after, 1);
  }

  /** Adds the units of another collection, which stays as it is. */
  public void merge(UnitMoments other) {
    units += other.units;
    for (int i = 0; i < SUMS; i++) {
      double otherLow = other.low[i];
      add(i, other.high[i]);
      add(i, otherLow);
    }
  }

  /** How many units were added and not removed. */
  public long units() {
    return units;
  }

  /** The moments as they are now. */
  public Moments snapshot() {
    double[] means = new double[COLUMNS];
    double[] covariances = new double[COLUMNS * (COLUMNS + 1) / 2];
    if (units > 0) {
      for (int column = 0; column < COLUMNS; column++) {
        means[column] = (high[column] + low[column]) / units;
      }
    }
    if (units > 1) {
      int pair = 0;
      for (int a = 0; a < COLUMNS; a++) {
        for (int b = a; b < COLUMNS; b++) {
          covariances[pair] = centred(COLUMNS + pair, a, b) / (units - 1);
          if (a == b) {
            // Rounding may leave a tiny negative number where nothing varies.
            covariances[pair] = Math.max(0, covariances[pair]);
          }
          pair++;
        }
      }
    }
    return new Moments(units, means, covariances);
  }

  /**
   * The sum of products around the means: S_ab − S_a·S_b/n, with the cancellation in two doubles.
   */
  private double centred(int product, int a, int b) {
    // q + rest = S_a·S_b/n to 106 bits: one long division of a product in two doubles.
    double p = high[a] * high[b];
    double pError = Math.fma(high[a], high[b], -p) + (high[a] * low[b] + low[a] * high[b]);
    double q = p / units;
    double rest = (Math.fma(-q, (double) units, p) + pError) / units;
    return (high[product] - q) + (low[product] - rest);
  }

  private void accumulate(UnitTotals totals, int sign) {
    double y = totals.numerator();
    double z = totals.denominator();
    double x = totals.preNumerator();
    double w = totals.preDenominator();
    add(0, sign * y);
    add(1, sign * z);
    add(2, sign * x);
    add(3, sign * w);
    addProduct(4, sign * y, y);
    addProduct(5, sign * y, z);
    addProduct(6, sign * y, x);
    addProduct(7, sign * y, w);
    addProduct(8, sign * z, z);
    addProduct(9, sign * z, x);
    addProduct(10, sign * z, w);
    addProduct(11, sign * x, x);
    addProduct(12, sign * x, w);
    addProduct(13, sign * w, w);
  }

  private void addProduct(int i, double a, double b) {
    double product = a * b;
    double error = Math.fma(a, b, -product);
    add(i, product);
    if (error != 0) {
      add(i, error);
    }
  }

  /** Adds a double to a sum of two: TwoSum, then the pair is made non-overlapping again. */
  private void add(int i, double value) {
    double h = high[i];
    double sum = h + value;
    double part = sum - h;
    double error = (h - (sum - part)) + (value - part) + low[i];
    high[i] = sum + error;
    low[i] = error - (high[i] - sum);
  }
}
