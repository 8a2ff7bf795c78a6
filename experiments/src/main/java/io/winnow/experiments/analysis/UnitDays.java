package io.winnow.experiments.analysis;

import io.winnow.experiments.statistics.Moments;
import io.winnow.experiments.statistics.UnitMoments;
import io.winnow.experiments.statistics.UnitTotals;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What each unit did on each day after its first exposure, for one ratio or mean: the effect by day
 * shows novelty. Only pairs of unit and day with something in them take room. At its bound it keeps
 * a sample of the units. Not thread-safe.
 */
final class UnitDays {
  /** Days that are told apart; day 0 is the first after the exposure. */
  static final int DAYS_MAX = 60;

  private static final long DAY_MS = TimeUnit.DAYS.toMillis(1);
  private static final int FIRST = 1024;

  private final Units units;
  private final MeasureReader above;
  private final MeasureReader below;
  private final boolean isMean;
  private final double cap;
  private final int max;
  private LongIntMap slots = new LongIntMap();
  private double[] numerators = new double[FIRST];
  private double[] denominators = new double[FIRST];
  private int level;

  UnitDays(Units units, UnitTally.Sums sums, int max) {
    this.units = units;
    this.above = sums.above();
    this.below = sums.below();
    this.isMean = sums.isMean();
    this.cap = sums.cap();
    this.max = max;
  }

  void event(int unit, io.winnow.core.Event event, int item, long sinceMs) {
    add(unit, sinceMs, above.of(event, item), isMean ? 0 : below.of(event, item));
  }

  void worth(int unit, double worth, long sinceMs) {
    add(
        unit,
        sinceMs,
        above.isWorth() ? worth : 0,
        !isMean && below.isWorth() ? worth : 0);
  }

  private void add(int unit, long sinceMs, double numerator, double denominator) {
    if (sinceMs < 0 || sinceMs >= DAYS_MAX * DAY_MS || (numerator == 0 && denominator == 0)) {
      return;
    }
    if (!inSample(unit)) {
      return;
    }
    long key = key(unit, (int) (sinceMs / DAY_MS));
    int slot = slots.get(key);
    if (slot == LongIntMap.ABSENT) {
      while (slots.size() >= max) {
        thin();
        if (!inSample(unit)) {
          return;
        }
      }
      slot = slots.size();
      slots.put(key, slot);
      if (slot == numerators.length) {
        numerators = Arrays.copyOf(numerators, slot * 2);
        denominators = Arrays.copyOf(denominators, slot * 2);
      }
      numerators[slot] = 0;
      denominators[slot] = 0;
    }
    numerators[slot] += numerator;
    denominators[slot] += denominator;
  }

  private void thin() {
    level++;
    LongIntMap kept = new LongIntMap();
    double[] keptNumerators = new double[numerators.length];
    double[] keptDenominators = new double[numerators.length];
    slots.forEach((key, slot) -> {
      if (inSample((int) (key / DAYS_MAX) - 1)) {
        keptNumerators[kept.size()] = numerators[slot];
        keptDenominators[kept.size()] = denominators[slot];
        kept.put(key, kept.size());
      }
    });
    slots = kept;
    numerators = keptNumerators;
    denominators = keptDenominators;
  }

  private static long key(int unit, int day) {
    return (unit + 1L) * DAYS_MAX + day;
  }

  private boolean inSample(int unit) {
    return Hashes.sampled(units.hash(unit), level);
  }

  /** 1 in 2^level units is kept. */
  int level() {
    return level;
  }

  /** The arms on one day, over the units whose day was over at a time. */
  List<Moments> day(int day, int arms, long asOfMs) {
    List<UnitMoments> moments = new ArrayList<>();
    for (int arm = 0; arm < arms; arm++) {
      moments.add(new UnitMoments());
    }
    for (int unit = 0; unit < units.size(); unit++) {
      if (units.isMixed(unit)
          || !inSample(unit)
          || units.firstMs(unit) + (day + 1) * DAY_MS > asOfMs) {
        continue;
      }
      int slot = slots.get(key(unit, day));
      double numerator = slot == LongIntMap.ABSENT ? 0 : Math.min(numerators[slot], cap);
      double denominator = isMean ? 1 : slot == LongIntMap.ABSENT ? 0 : denominators[slot];
      moments.get(units.arm(unit)).add(UnitTotals.ratio(numerator, denominator));
    }
    return moments.stream().map(UnitMoments::snapshot).toList();
  }
}
