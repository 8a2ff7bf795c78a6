package io.winnow.features;

import java.util.Optional;

/**
 * Folds the log into the users of a store that several processes share: on a thread of its own,
 * until it is closed. Any number of workers, in any number of processes, share the users of one
 * application evenly; where one dies, the others take its users over. Thread-safe.
 */
public interface FeatureWorker extends AutoCloseable {
  /**
   * Says that the log has grown. It looks by itself from time to time; this makes it look at once.
   */
  void wake();

  /** How many of the shards of users it folds now. */
  int shards();

  /**
   * The offset up to which everything that it folds is stored; 0 before it has anything to fold.
   */
  long storedOffset();

  /** Why it does not get on, if it does not. */
  Optional<String> trouble();

  /** Writes what is not stored yet, leaves its users to the others, and ends. */
  @Override
  void close();
}
