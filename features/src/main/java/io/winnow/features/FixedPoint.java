package io.winnow.features;

/**
 * Event values as whole multiples of 2⁻²⁰ (about one millionth), so that sums are exact: neither
 * the order of events nor the way partial sums are merged changes a bit.
 */
final class FixedPoint {
  /** How many units make one. */
  static final double ONE = 0x1p20;

  /** Values beyond are taken as this. A sum stops at 2⁴³ (8.8 · 10¹²), seven such values. */
  static final double MAX = 0x1p40;

  private FixedPoint() {}

  /** The nearest multiple, ties to even; of a number. */
  static long of(double value) {
    return (long) Math.rint(Math.clamp(value, -MAX, MAX) * ONE);
  }

  /** The number that a sum stands for, rounded to a double. */
  static double toDouble(long units) {
    return units / ONE;
  }
}
