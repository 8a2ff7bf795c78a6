package io.winnow.lifecycle.rollout;

/** Hears how far the offline gate is. Called from the gate's thread. */
@FunctionalInterface
public interface GateProgress {
  /**
   * A step begins or goes on.
   *
   * @param step such as {@code loading} or {@code moments}
   * @param done how much of it is done
   * @param all of how much; 0 if that is not counted
   */
  void at(String step, int done, int all);

  /** Hears nothing. */
  static GateProgress silent() {
    return (_, _, _) -> {};
  }
}
