package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** How far a log has come, and whether it goes on; for those who wait for it. Thread-safe. */
final class Progress {
  private final ReentrantLock lock = new ReentrantLock();
  private final Refusal refusal = new Refusal();
  private final Condition changed = lock.newCondition();
  private volatile long endOffset;

  /** Everything below is in the index and in the folds. */
  long endOffset() {
    return endOffset;
  }

  void advance(long newEndOffset) {
    lock.lock();
    try {
      endOffset = newEndOffset;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until the end is at an offset or behind it.
   *
   * @param deadline of {@link System#nanoTime()}
   * @return false if the time ran out
   * @throws WinnowException if the log does not go on
   */
  boolean await(long offset, long deadline) {
    lock.lock();
    try {
      while (endOffset < offset) {
        refusal.check();
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        changed.awaitNanos(left);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WinnowException(
          ErrorCode.UNAVAILABLE,
          "event log: interrupted before the records were acknowledged; send them again",
          e);
    } finally {
      lock.unlock();
    }
  }

  /** The log takes no more, and whoever waits for it learns why. Only the first reason counts. */
  WinnowException refuse(String what, @Nullable Throwable cause) {
    lock.lock();
    try {
      WinnowException first = refusal.reason();
      if (first != null) {
        return first;
      }
      WinnowException why = refusal.refuse(what, cause);
      changed.signalAll();
      return why;
    } finally {
      lock.unlock();
    }
  }

  /** Whether the log goes on. */
  Refusal refusal() {
    return refusal;
  }

  /** A deadline that lies so far ahead. */
  static long deadline(long milliseconds) {
    return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
  }
}
