package io.winnow.events;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** What waits for the disk, bounded in records and bytes. Many producers, one consumer. */
final class SubmissionQueue {
  private final Budget budget;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition filled = lock.newCondition();
  private final ArrayDeque<Submission> waiting = new ArrayDeque<>();
  private boolean closed;

  SubmissionQueue(int recordsMax, long bytesMax) {
    budget = new Budget(recordsMax, bytesMax, "the disk");
  }

  /**
   * Adds a submission at the end.
   *
   * @throws io.winnow.core.WinnowException {@code OVERLOADED} if it does not fit, {@code
   *     UNAVAILABLE} if closed
   */
  void put(Submission submission) {
    lock.lock();
    try {
      budget.reserve(submission.candidates(), submission.bytes());
      waiting.add(submission);
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
        budget.release(next.candidates(), next.bytes());
      }
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
      budget.close();
      filled.signal();
    } finally {
      lock.unlock();
    }
  }
}
