package io.winnow.experiments.analysis;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Values of events by unit. At its bound it keeps the units of a sample, chosen by hash, and forgets
 * the others: quantiles want whole units. Not thread-safe.
 */
final class UnitValues {
  private static final int FIRST = 1024;

  private final Units units;
  private final int max;
  private int[] owners = new int[FIRST];
  private float[] values = new float[FIRST];
  private int size;
  private int level;

  UnitValues(Units units, int max) {
    this.units = units;
    this.max = max;
  }

  void add(int unit, double value) {
    if (!inSample(unit)) {
      return;
    }
    while (size >= max) {
      level++;
      int kept = 0;
      for (int i = 0; i < size; i++) {
        if (inSample(owners[i])) {
          owners[kept] = owners[i];
          values[kept++] = values[i];
        }
      }
      size = kept;
      if (!inSample(unit)) {
        return;
      }
    }
    if (size == owners.length) {
      owners = Arrays.copyOf(owners, size * 2);
      values = Arrays.copyOf(values, size * 2);
    }
    owners[size] = unit;
    values[size++] = (float) value;
  }

  /** Whether a unit's values are kept. */
  boolean inSample(int unit) {
    return Hashes.sampled(units.hash(unit), level);
  }

  /** 1 in 2^level units is kept. */
  int level() {
    return level;
  }

  /** The values of an arm's units, a unit without any left out. */
  List<double[]> byUnit(int arm) {
    int[] counts = new int[units.size()];
    for (int i = 0; i < size; i++) {
      counts[owners[i]]++;
    }
    List<double[]> lists = new ArrayList<>();
    int[] place = new int[units.size()];
    for (int unit = 0; unit < counts.length; unit++) {
      if (counts[unit] > 0 && units.arm(unit) == arm && !units.isMixed(unit)) {
        place[unit] = lists.size();
        lists.add(new double[counts[unit]]);
      } else {
        place[unit] = -1;
      }
    }
    for (int i = 0; i < size; i++) {
      int unit = owners[i];
      if (place[unit] >= 0) {
        lists.get(place[unit])[--counts[unit]] = values[i];
      }
    }
    return lists;
  }
}
