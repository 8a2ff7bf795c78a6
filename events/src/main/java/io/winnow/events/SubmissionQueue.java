package io.winnow.events;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What is on its way to the disk and the folds: bounded in records and bytes, apart from the group
 * that is furthest on its way. Many producers; groups are taken by one thread.
 */
final class SubmissionQueue {
  private final Budget budget;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition filled = lock.newCondition();
  private final ArrayDeque<Submission> waiting = new ArrayDeque<>();

  /** Groups that were taken and are not done; of all but the first, the room is still taken. */
  private final ArrayDeque<List<Submission>> underWay = new ArrayDeque<>();

  private boolean closed;

  SubmissionQueue(int recordsMax, long bytesMax) {
    budget = new Budget(recordsMax, bytesMax, "the disk and the folds");
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
   * Each group is to be reported as {@link #done}.
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
      }
      if (!group.isEmpty()) {
        underWay.add(group);
        if (underWay.size() == 1) {
          release(group);
        }
      }
      return group;
    } finally {
      lock.unlock();
    }
  }

  /** A group is about to be answered: the one behind it makes room. */
  void done(List<Submission> group) {
    lock.lock();
    try {
      boolean first = group.equals(underWay.peek());
      underWay.remove(group);
      if (!first) {
        release(group);
      } else if (!underWay.isEmpty()) {
        release(underWay.element());
      }
    } finally {
      lock.unlock();
    }
  }

  private void release(List<Submission> group) {
    for (Submission submission : group) {
      budget.release(submission.candidates(), submission.bytes());
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
