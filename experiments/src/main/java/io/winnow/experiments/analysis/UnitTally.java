package io.winnow.experiments.analysis;

import io.winnow.core.Event;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.Metric;
import io.winnow.experiments.statistics.UnitTotals;
import java.time.Duration;

/**
 * What one metric has counted of each unit so far: after its first exposure, and as long before it
 * as the plan says. Holds 32 bytes a unit. Not thread-safe.
 */
sealed interface UnitTally {
  /** Whether events of a type can count. */
  boolean selects(String type);

  /**
   * Takes an event in.
   *
   * @param item its index in the catalogue, or -1 where no tally needs it
   * @param sinceMs how long after the unit's first exposure; below 0 before it
   */
  void event(int unit, Event event, int item, long sinceMs);

  /** Takes the worth of an outcome in, at the time of the showing that it belongs to. */
  void worth(int unit, double worth, long sinceMs);

  /** Whether a unit counts for the metric at a time after its first exposure. */
  boolean counts(int unit, long sinceMs);

  /** What the unit did so far. */
  UnitTotals totals(int unit);

  /** Whether totals are zeros and ones by unit. */
  boolean isConversion();

  /** Whether it is about what was shown, so that only what the experiment's arms showed counts. */
  default boolean isExposure() {
    return false;
  }

  /**
   * Sums of measures: ratios, means and shares of exposure.
   *
   * <p>A unit without a denominator counts with nothing above and nothing below.
   */
  final class Sums implements UnitTally {
    private final MeasureReader above;
    private final MeasureReader below;
    private final boolean isMean;
    private final double cap;
    private final double[] y;
    private final double[] z;
    private final double[] x;
    private final double[] w;

    /** A ratio of two measures. */
    static Sums ratio(MeasureReader above, MeasureReader below, int units) {
      return new Sums(above, below, false, Double.POSITIVE_INFINITY, units);
    }

    /** A mean by unit, of at most {@code cap} each. */
    static Sums mean(MeasureReader of, double cap, int units) {
      return new Sums(of, of, true, cap, units);
    }

    private Sums(MeasureReader above, MeasureReader below, boolean isMean, double cap, int units) {
      this.above = above;
      this.below = below;
      this.isMean = isMean;
      this.cap = cap;
      y = new double[units];
      x = new double[units];
      z = new double[isMean ? 0 : units];
      w = new double[isMean ? 0 : units];
    }

    MeasureReader above() {
      return above;
    }

    MeasureReader below() {
      return below;
    }

    boolean isMean() {
      return isMean;
    }

    @Override
    public boolean isExposure() {
      return above instanceof MeasureReader.Group;
    }

    double cap() {
      return cap;
    }

    @Override
    public boolean selects(String type) {
      return above.selects(type) || below.selects(type);
    }

    @Override
    public void event(int unit, Event event, int item, long sinceMs) {
      double numerator = above.of(event, item);
      (sinceMs < 0 ? x : y)[unit] += numerator;
      if (!isMean) {
        (sinceMs < 0 ? w : z)[unit] += below.of(event, item);
      }
    }

    @Override
    public void worth(int unit, double worth, long sinceMs) {
      if (above.isWorth()) {
        (sinceMs < 0 ? x : y)[unit] += worth;
      }
      if (!isMean && below.isWorth()) {
        (sinceMs < 0 ? w : z)[unit] += worth;
      }
    }

    @Override
    public boolean counts(int unit, long sinceMs) {
      return true;
    }

    @Override
    public UnitTotals totals(int unit) {
      return isMean
          ? new UnitTotals(Math.min(y[unit], cap), 1, Math.min(x[unit], cap), 1)
          : new UnitTotals(y[unit], z[unit], x[unit], w[unit]);
    }

    @Override
    public boolean isConversion() {
      return false;
    }
  }

  /** Whether a selected event came within a window: conversions and retention. */
  final class Flags implements UnitTally {
    private final EventFilter filter;
    private final long fromMs;
    private final long toMs;
    private final byte[] flags;

    /** Of events in {@code [from, to)} after the first exposure. */
    Flags(EventFilter filter, Duration from, Duration to, int units) {
      this.filter = filter;
      this.fromMs = from.toMillis();
      this.toMs = to.toMillis();
      flags = new byte[units];
    }

    /** Whether an event is one of those that count, and comes in the window. */
    boolean counts(Event event, long sinceMs) {
      return sinceMs >= fromMs && sinceMs < toMs && filter.test(event);
    }

    @Override
    public boolean selects(String type) {
      return filter.selectsType(type);
    }

    @Override
    public void event(int unit, Event event, int item, long sinceMs) {
      if (sinceMs < 0 && filter.test(event)) {
        flags[unit] |= 2;
      } else if (counts(event, sinceMs)) {
        flags[unit] |= 1;
      }
    }

    @Override
    public void worth(int unit, double worth, long sinceMs) {}

    @Override
    public boolean counts(int unit, long sinceMs) {
      return sinceMs >= toMs;
    }

    @Override
    public UnitTotals totals(int unit) {
      return new UnitTotals(flags[unit] & 1, 1, flags[unit] >> 1 & 1, 1);
    }

    @Override
    public boolean isConversion() {
      return true;
    }
  }

  /** The tally of a metric that is a number by unit; others have none. */
  static boolean isUnitMetric(Metric metric) {
    return switch (metric.definition()) {
      case Metric.Definition.Ratio _,
          Metric.Definition.Mean _,
          Metric.Definition.Conversion _,
          Metric.Definition.Retention _,
          Metric.Definition.ExposureShare _ ->
          true;
      case Metric.Definition.Quantile _,
          Metric.Definition.Gini _,
          Metric.Definition.Coverage _,
          Metric.Definition.Disparity _ ->
          false;
    };
  }

  /** The tally of a metric for which {@link #isUnitMetric} holds. */
  static UnitTally of(Metric metric, Catalogue catalogue, int units) {
    return switch (metric.definition()) {
      case Metric.Definition.Ratio ratio ->
          Sums.ratio(
              MeasureReader.of(ratio.numerator()), MeasureReader.of(ratio.denominator()), units);
      case Metric.Definition.Mean mean -> Sums.mean(MeasureReader.of(mean.of()), mean.cap(), units);
      case Metric.Definition.ExposureShare share ->
          Sums.ratio(
              MeasureReader.ofGroup(share.group(), catalogue), MeasureReader.impressions(), units);
      case Metric.Definition.Conversion conversion ->
          new Flags(conversion.to(), Duration.ZERO, conversion.within(), units);
      case Metric.Definition.Retention retention ->
          new Flags(EventFilter.ANY_OUTCOME, retention.from(), retention.to(), units);
      case Metric.Definition.Quantile _,
          Metric.Definition.Gini _,
          Metric.Definition.Coverage _,
          Metric.Definition.Disparity _ ->
          throw new IllegalArgumentException(metric.name() + " is no number by unit");
    };
  }
}
