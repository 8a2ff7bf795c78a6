package io.winnow.lifecycle.jobs;

import io.winnow.core.WinnowException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The log of one attempt on its way to the database. Lines that the database does not take now wait
 * in memory, the newest of them, for the next line or the end. Thread-safe.
 */
final class RunLog {
  static final int WAITING_MAX = 500;

  private final JobQueue queue;
  private final String id;
  private final ArrayDeque<JobQueue.Line> waiting = new ArrayDeque<>();
  private long dropped;

  RunLog(JobQueue queue, String id) {
    this.queue = queue;
    this.id = id;
  }

  synchronized void add(String line) {
    if (waiting.size() == WAITING_MAX) {
      waiting.removeFirst();
      dropped++;
    }
    waiting.add(queue.line(line));
    flush();
  }

  /** Whether everything is in the database now. */
  synchronized boolean flush() {
    if (waiting.isEmpty()) {
      return true;
    }
    List<JobQueue.Line> lines = new ArrayList<>(waiting);
    if (dropped > 0) {
      lines.addFirst(
          queue.line(dropped + " lines are missing here: the database took none for a while"));
    }
    try {
      queue.append(id, lines);
      waiting.clear();
      dropped = 0;
      return true;
    } catch (WinnowException e) {
      return false;
    }
  }
}
