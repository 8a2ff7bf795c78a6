package io.winnow.core;

/** The wall clock, injected so that tests and the simulator decide what time it is. */
@FunctionalInterface
public interface TimeSource {
  /** Now, in epoch milliseconds. */
  long nowMs();

  /** The machine's clock. */
  static TimeSource system() {
    return System::currentTimeMillis;
  }
}
