package io.winnow.benchmarks.crash;

import io.winnow.events.LogFold;
import java.nio.file.Path;
import java.util.Map;

/** A fold over the log that keeps its state in a folder, so that a crash can find it half-way. */
public interface DerivedState extends LogFold, AutoCloseable {
  /** All that the state holds, in a form that can be compared: equal states, equal maps. */
  Map<String, String> values();

  @Override
  void close();

  /** Opens states; the harness opens one and the same folder anew after each crash. */
  @FunctionalInterface
  interface Factory {
    /** Opens the state in a folder, or an empty one if the folder is empty or missing. */
    DerivedState open(Path folder);
  }
}
