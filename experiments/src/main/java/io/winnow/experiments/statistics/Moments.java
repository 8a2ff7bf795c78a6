package io.winnow.experiments.statistics;

/**
 * Means and covariances over the units of one arm, for one metric: what {@link UnitMoments}
 * collected up to a moment. Immutable.
 *
 * <p>Without units every mean is 0; with fewer than two every covariance is.
 */
public final class Moments {
  private final long units;
  private final double[] means;
  private final double[] covariances;

  /** The totals of a unit that moments are of. */
  public enum Column {
    /** {@link UnitTotals#numerator()}. */
    NUMERATOR(0),
    /** {@link UnitTotals#denominator()}. */
    DENOMINATOR(1),
    /** {@link UnitTotals#preNumerator()}. */
    PRE_NUMERATOR(2),
    /** {@link UnitTotals#preDenominator()}. */
    PRE_DENOMINATOR(3);

    private final int index;

    Column(int index) {
      this.index = index;
    }
  }

  /** Takes the arrays over: means by column, covariances of the upper triangle by rows. */
  Moments(long units, double[] means, double[] covariances) {
    this.units = units;
    this.means = means;
    this.covariances = covariances;
  }

  /** How many units. */
  public long units() {
    return units;
  }

  /** The mean over units. */
  public double mean(Column column) {
    return means[column.index];
  }

  /** The sum over units. */
  public double sum(Column column) {
    return means[column.index] * units;
  }

  /** The unbiased variance over units (divided by units − 1). */
  public double variance(Column column) {
    return covariance(column, column);
  }

  /** The unbiased covariance over units (divided by units − 1). */
  public double covariance(Column one, Column other) {
    int a = Math.min(one.index, other.index);
    int b = Math.max(one.index, other.index);
    // Rows before a hold 4, 3, … pairs.
    return covariances[a * (9 - a) / 2 + (b - a)];
  }

  /**
   * The covariance over units of two linear combinations of (numerator, denominator), of the time
   * before where {@code pre}: cov(y − r·z, y' − r'·z').
   */
  double covarianceOfResiduals(boolean preOne, double one, boolean preOther, double other) {
    Column y = preOne ? Column.PRE_NUMERATOR : Column.NUMERATOR;
    Column z = preOne ? Column.PRE_DENOMINATOR : Column.DENOMINATOR;
    Column y2 = preOther ? Column.PRE_NUMERATOR : Column.NUMERATOR;
    Column z2 = preOther ? Column.PRE_DENOMINATOR : Column.DENOMINATOR;
    return covariance(y, y2)
        - other * covariance(y, z2)
        - one * covariance(z, y2)
        + one * other * covariance(z, z2);
  }
}
