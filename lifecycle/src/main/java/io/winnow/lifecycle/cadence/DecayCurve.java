package io.winnow.lifecycle.cadence;

import java.util.Arrays;

/**
 * Loss by age that never falls: 0 at age 0, straight between the ages, fitted to measured losses by
 * weighted isotonic regression (pool adjacent violators: Barlow, Bartholomew, Bremner, Brunk:
 * Statistical inference under order restrictions, 1972). A release that knows less cannot be better
 * in the long run; what rises and falls in the measurement is noise, and is levelled out.
 * Immutable; owns its arrays.
 *
 * @param ages ascending, days, without 0
 * @param losses at those ages, at least 0, never falling
 */
record DecayCurve(double[] ages, double[] losses) {
  /**
   * Fits a curve.
   *
   * @param weights of the ages, more than 0
   */
  static DecayCurve fit(double[] ages, double[] measured, double[] weights) {
    int n = ages.length;
    double[] level = new double[n];
    double[] weight = new double[n];
    int[] size = new int[n];
    int blocks = 0;
    for (int i = 0; i < n; i++) {
      level[blocks] = measured[i];
      weight[blocks] = weights[i];
      size[blocks] = 1;
      blocks++;
      while (blocks > 1 && level[blocks - 2] > level[blocks - 1]) {
        double both = weight[blocks - 2] + weight[blocks - 1];
        level[blocks - 2] =
            (level[blocks - 2] * weight[blocks - 2] + level[blocks - 1] * weight[blocks - 1])
                / both;
        weight[blocks - 2] = both;
        size[blocks - 2] += size[blocks - 1];
        blocks--;
      }
    }
    double[] losses = new double[n];
    int at = 0;
    for (int block = 0; block < blocks; block++) {
      // Bounds of the order leave the fit within them optimal: levels below 0 become 0.
      Arrays.fill(losses, at, at + size[block], Math.max(0, level[block]));
      at += size[block];
    }
    return new DecayCurve(ages, losses);
  }

  /** The loss at an age, from 0 to the greatest. */
  double at(double age) {
    double fromAge = 0;
    double fromLoss = 0;
    for (int i = 0; i < ages.length; i++) {
      if (age <= ages[i]) {
        return fromLoss + (losses[i] - fromLoss) * (age - fromAge) / (ages[i] - fromAge);
      }
      fromAge = ages[i];
      fromLoss = losses[i];
    }
    return fromLoss;
  }

  /** The integral of the loss from age 0. */
  private double integral(double age) {
    double sum = 0;
    double fromAge = 0;
    double fromLoss = 0;
    for (int i = 0; i < ages.length; i++) {
      double to = Math.min(age, ages[i]);
      if (to > fromAge) {
        sum += (to - fromAge) * (fromLoss + at(to)) / 2;
      }
      fromAge = ages[i];
      fromLoss = losses[i];
    }
    return sum + Math.max(0, age - fromAge) * fromLoss;
  }

  /**
   * The mean loss of a release that serves from one age to another.
   *
   * @param fromAge its age when it begins to serve
   * @param cadence how long it serves, more than 0
   */
  double average(double fromAge, double cadence) {
    return (integral(fromAge + cadence) - integral(fromAge)) / cadence;
  }

  /**
   * The longest cadence whose mean loss stays within a bound.
   *
   * @param fromAge a release's age when it begins to serve
   * @return days; 0 if none does, and as far as the ages reach if all do
   */
  double cadence(double fromAge, double maxLoss) {
    double longest = ages[ages.length - 1] - fromAge;
    if (longest <= 0 || at(fromAge) > maxLoss) {
      return 0;
    }
    if (average(fromAge, longest) <= maxLoss) {
      return longest;
    }
    // The mean of a loss that never falls never falls with the cadence.
    double low = 0;
    double high = longest;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (average(fromAge, middle) <= maxLoss) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
