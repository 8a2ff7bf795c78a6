package io.winnow.events;

import io.winnow.core.ErrorCode;
import io.winnow.core.WinnowException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** What waits for the disk, bounded in records and bytes. Many producers, one consumer. */
final class SubmissionQueue {
  private final int recordsMax;
  private final long bytesMax;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition filled = lock.newCondition();
  private final ArrayDeque<Submission> waiting = new ArrayDeque<>();
  private long records;
  private long bytes;
  private boolean closed;

  SubmissionQueue(int recordsMax, long bytesMax) {
    this.recordsMax = recordsMax;
    this.bytesMax = bytesMax;
  }

  /**
   * Adds a submission at the end.
   *
   * @throws WinnowException {@code OVERLOADED} if it does not fit, {@code UNAVAILABLE} if closed
   */
  void put(Submission submission) {
    lock.lock();
    try {
      if (closed) {
        throw new WinnowException(ErrorCode.UNAVAILABLE, "event log: closed");
      }
      if (records + submission.candidates() > recordsMax || bytes + submission.bytes() > bytesMax) {
        throw new WinnowException(
            ErrorCode.OVERLOADED,
            "event log: %d records (%d bytes) wait for the disk (expected: at most %d and %d)"
                .formatted(records, bytes, recordsMax, bytesMax));
      }
      waiting.add(submission);
      records += submission.candidates();
      bytes += submission.bytes();
      filled.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for submissions and takes all that wait, up to a size; empty when closed and drained.
   *
   * @param groupBytes stop behind the submission that reaches it
   */
  List<Submission> take(long groupBytes) {
    lock.lock();
    try {
      while (waiting.isEmpty() && !closed) {
        filled.awaitUninterruptibly();
      }
      List<Submission> group = new ArrayList<>();
      long taken = 0;
      while (!waiting.isEmpty() && taken < groupBytes) {
        Submission next = waiting.remove();
        group.add(next);
        taken += next.bytes();
        records -= next.candidates();
      }
      bytes -= taken;
      return group;
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more; what waits is still handed out. */
  void close() {
    lock.lock();
    try {
      closed = true;
      filled.signal();
    } finally {
      lock.unlock();
    }
  }
}
