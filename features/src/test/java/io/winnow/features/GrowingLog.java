package io.winnow.features;

import io.winnow.core.LogRecord;
import io.winnow.events.RecordSource;
import java.util.ArrayList;
import java.util.List;

/** An event log in memory; the offset is the index. Thread-safe. */
final class GrowingLog implements RecordSource {
  private List<LogRecord> records = new ArrayList<>();

  synchronized void append(List<LogRecord> more) {
    records.addAll(more);
  }

  /** The log of another life. */
  synchronized void clear() {
    records = new ArrayList<>();
  }

  @Override
  public synchronized long endOffset() {
    return records.size();
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    List<LogRecord> part;
    synchronized (this) {
      int end = (int) Math.min(to, records.size());
      part = List.copyOf(records.subList((int) Math.min(from, end), end));
    }
    for (int i = 0; i < part.size(); i++) {
      visitor.visit(from + i, part.get(i));
    }
  }
}
