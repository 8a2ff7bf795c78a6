package io.winnow.experiments.offpolicy;

/**
 * A number and how sure it is.
 *
 * @param standardError by unit
 * @param low of the interval
 * @param high of the interval
 */
public record Estimate(double value, double standardError, double low, double high) {
  /** Whether the interval holds a number. */
  public boolean contains(double number) {
    return low <= number && number <= high;
  }
}
