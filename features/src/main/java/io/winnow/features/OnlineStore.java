package io.winnow.features;

import io.winnow.core.UserId;
import io.winnow.events.LogFold;

/**
 * The feature store that requests read and the log feeds.
 *
 * <p>Thread-safe: any number of threads read while one applies; a read waits for at most one slice
 * of a batch and sees one offset. State is derived: a store that was lost, or that was written for
 * other features, starts at offset 0 and the log rebuilds it.
 */
public interface OnlineStore extends FeatureReader, LogFold, AutoCloseable {
  @Override
  long appliedOffset();

  /**
   * The items of a {@code last(n, type.item)} feature of the user, as catalogue indices, newest
   * last.
   *
   * @param feature its name, such as {@code recent}
   * @throws io.winnow.core.WinnowException with {@code INVALID_ARGUMENT} if there is none
   */
  int[] lastItems(UserId user, String feature, long timeMs);

  /**
   * How often since opening a feature dropped an event because it was older than every tile that is
   * kept.
   */
  long droppedLate();

  /**
   * A digest (SHA-256, hexadecimal) of the canonical entries that make up the state. Two stores
   * that applied the same records have the same digest, whatever was evicted, flushed or reloaded
   * in between. Reads all state, and applying waits for it: for audits and tests.
   */
  String stateDigest();

  /**
   * Forgets everything, so that {@link #appliedOffset()} is 0: for a log that turns out to end
   * before the applied offset.
   */
  @Override
  void discard();

  /** Writes what is not stored yet. Reading a closed store fails with {@code UNAVAILABLE}. */
  @Override
  void close();
}
