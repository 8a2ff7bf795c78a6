package io.winnow.events;

/** Waits for what is sure to come, and hands an interruption on to whoever waits next. */
final class Uninterruptibly {
  private Uninterruptibly() {}

  /** Something that waits. */
  interface Waiting<T, X extends Exception> {
    T await() throws InterruptedException, X;
  }

  /** Something that waits and gives nothing. */
  interface Pausing {
    void await() throws InterruptedException;
  }

  /** What the waiting gives, however often it is interrupted. */
  static <T, X extends Exception> T get(Waiting<T, X> waiting) throws X {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return waiting.await();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Waits, however often it is interrupted. */
  static void run(Pausing pausing) {
    Uninterruptibly.<Boolean, RuntimeException>get(() -> {
      pausing.await();
      return true;
    });
  }
}
