package io.winnow.events.importing;

import io.winnow.core.LogRecord;
import io.winnow.events.RecordSource;
import java.util.List;

/**
 * An imported data set in memory.
 *
 * @param records in the order of their times; the offset is the index
 * @param report what became of the rows
 */
public record DataSet(List<LogRecord> records, ImportReport report) implements RecordSource {
  /** Copies the list. */
  public DataSet {
    records = List.copyOf(records);
  }

  @Override
  public long endOffset() {
    return records.size();
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    for (long offset = Math.max(0, from); offset < Math.min(to, records.size()); offset++) {
      visitor.visit(offset, records.get((int) offset));
    }
  }
}
