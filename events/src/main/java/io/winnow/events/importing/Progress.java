package io.winnow.events.importing;

/** Told from time to time how far an import has come. */
@FunctionalInterface
public interface Progress {
  /** For those who do not want to know. */
  Progress NONE = (stage, rows) -> {};

  /**
   * Called every some ten thousand rows, from the importing thread.
   *
   * @param stage a file's name while it is read, {@code sorted} while records are handed on
   * @param rows read or handed on so far in this stage
   */
  void advanced(String stage, long rows);
}
