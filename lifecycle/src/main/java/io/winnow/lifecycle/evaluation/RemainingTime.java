package io.winnow.lifecycle.evaluation;

/** Guesses from equal parts of a work that are done how long the others will take. */
final class RemainingTime {
  private final int parts;
  private final long beganNanos = System.nanoTime();
  private int done;

  /** Begins now. */
  RemainingTime(int parts) {
    this.parts = parts;
  }

  /** A part is done. */
  void done() {
    done++;
  }

  /** How many parts are done. */
  int parts() {
    return done;
  }

  /** Such as {@code , 20 s left}; empty before the first part is done. */
  String text() {
    double seconds = (System.nanoTime() - beganNanos) / 1e9;
    return done == 0 ? "" : ", %.0f s left".formatted(seconds / done * (parts - done));
  }
}
