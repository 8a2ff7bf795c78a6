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
}
