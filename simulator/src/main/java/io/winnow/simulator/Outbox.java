package io.winnow.simulator;

import io.winnow.core.LogRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** Records that wait for their time. Equal times keep their order. */
final class Outbox {
  private final PriorityQueue<Waiting> queue =
      new PriorityQueue<>(
          Comparator.comparingLong((Waiting w) -> w.message().timeMs())
              .thenComparingLong(Waiting::order));
  private long entries;

  void add(LogRecord message) {
    queue.add(new Waiting(message, entries++));
  }

  /** Takes everything up to and including a time, in order. */
  List<LogRecord> upTo(long timeMs) {
    List<LogRecord> due = new ArrayList<>();
    for (Waiting head = queue.peek();
        head != null && head.message().timeMs() <= timeMs;
        head = queue.peek()) {
      due.add(head.message());
      queue.remove();
    }
    return due;
  }

  private record Waiting(LogRecord message, long order) {}
}
