package io.winnow.lifecycle.jobs;

import java.time.Duration;

/**
 * Pauses between attempts that double from one to the next.
 *
 * @param first after the first attempt
 * @param max no pause is longer
 */
record Backoff(Duration first, Duration max) {
  private static final int DOUBLINGS_MAX = 30;

  /** The pause after an attempt, in milliseconds. */
  long afterMs(int attempt) {
    long factor = 1L << Math.clamp(attempt - 1L, 0, DOUBLINGS_MAX);
    return Math.min(max.toMillis(), first.toMillis() * factor);
  }
}
