package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How many records and bytes may be on their way at once. Thread-safe; nobody waits for room, since
 * a caller that is refused can slow down and one that waits cannot.
 */
final class Budget {
  private final int recordsMax;
  private final long bytesMax;
  private final String goal;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition emptied = lock.newCondition();
  private long records;
  private long bytes;
  private boolean closed;

  /**
   * Room for that many.
   *
   * @param goal what the records wait for, for the message of a refusal
   */
  Budget(int recordsMax, long bytesMax, String goal) {
    this.recordsMax = recordsMax;
    this.bytesMax = bytesMax;
    this.goal = goal;
  }

  /**
   * Takes room.
   *
   * @throws WinnowException {@code OVERLOADED} if there is not enough, {@code UNAVAILABLE} if
   *     closed
   */
  void reserve(int moreRecords, long moreBytes) {
    lock.lock();
    try {
      if (closed) {
        throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: closed");
      }
      if (records + moreRecords > recordsMax || bytes + moreBytes > bytesMax) {
        throw new WinnowException(
            ErrorCode.OVERLOADED,
            "event log: %d records (%d bytes) wait for %s (expected: at most %d and %d)"
                .formatted(records, bytes, goal, recordsMax, bytesMax));
      }
      records += moreRecords;
      bytes += moreBytes;
    } finally {
      lock.unlock();
    }
  }

  /** Gives room back. */
  void release(int fewerRecords, long fewerBytes) {
    lock.lock();
    try {
      records -= fewerRecords;
      bytes -= fewerBytes;
      if (records == 0) {
        emptied.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Refuses whoever comes from now on. */
  void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  /** Waits until all room was given back. */
  void awaitEmpty() {
    lock.lock();
    try {
      while (records > 0) {
        emptied.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }
}
