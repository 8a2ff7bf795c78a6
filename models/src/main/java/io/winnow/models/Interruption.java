package io.winnow.models;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;

/**
 * How a computation ends that nobody waits for any more: whoever wants it stopped interrupts its
 * thread, and long loops look here at each turn. Stateless.
 */
public final class Interruption {
  private Interruption() {}

  /**
   * Ends the computation if its thread was interrupted. The thread stays interrupted.
   *
   * @param what is computed, such as {@code encoder}
   * @throws WinnowException with {@code UNAVAILABLE} if so
   */
  public static void check(String what) {
    if (Thread.currentThread().isInterrupted()) {
      throw of(what);
    }
  }

  /** What to throw where a wait was interrupted. */
  public static WinnowException of(String what) {
    return new WinnowException(
        ErrorCode.UNAVAILABLE, what + ": stopped, since its thread was interrupted");
  }
}
