package io.winnow.events;

import java.util.List;

/** Lets go of what was opened before something failed. */
final class Closing {
  private Closing() {}

  /** Closes the parts, the last first; what fails on the way is added to the failure. */
  static void afterFailure(List<? extends AutoCloseable> opened, Exception failure) {
    for (AutoCloseable part : opened.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        failure.addSuppressed(e);
      }
    }
  }

  /** Closes a part even if the thread was interrupted: Kafka's clients would break off. */
  static void uninterrupted(Runnable close) {
    boolean interrupted = Thread.interrupted();
    try {
      close.run();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
