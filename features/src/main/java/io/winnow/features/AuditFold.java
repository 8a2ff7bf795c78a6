package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.features.AuditReport.Skipped;
import io.winnow.features.FeatureReader.FeatureQuery;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;

/**
 * Folds a log a little behind the place where it is read, so that an impression is met before the
 * state has passed the offset that it was served at. An impression lies behind what its request
 * saw, by as many records as were appended while it was answered; up to {@code lookAhead} records
 * are held back for that.
 *
 * <p>Features are read just before the record at an impression's {@code asOfOffset} is folded:
 * everything below is in, nothing at or above. Not thread-safe.
 */
final class AuditFold {
  private final FeatureState state;
  private final UserTable users;
  private final int lookAhead;
  private final Selection selection;
  private final AuditTally tally;
  private final AuditTally.Columns columns;
  private final ArrayDeque<Entry> held = new ArrayDeque<>();
  // No more than are held: an impression's offset is not below what it saw.
  private final PriorityQueue<Shown> waiting =
      new PriorityQueue<>(
          Comparator.comparingLong(Shown::asOfOffset).thenComparingLong(Shown::offset));
  private long nextOffset;

  /** Which impressions of users whose state is kept are compared. */
  @FunctionalInterface
  interface Selection {
    /** Whether to compare an impression; where not, the selection counts the reason, if any. */
    boolean wants(long offset, Impression impression);
  }

  private record Entry(long offset, LogRecord record) {}

  private record Shown(long offset, long asOfOffset, Event event, Impression impression) {
    boolean sameRequest(Shown other) {
      return asOfOffset == other.asOfOffset
          && impression.requestId().equals(other.impression.requestId())
          && event.user().equals(other.event.user())
          && event.timeMs() == other.event.timeMs();
    }
  }

  /**
   * A fold that begins at the log's start.
   *
   * @param state without records
   * @param users of that state
   * @param lookAhead most records held back
   */
  AuditFold(
      FeatureState state, UserTable users, int lookAhead, Selection selection, AuditTally tally) {
    this.state = state;
    this.users = users;
    this.lookAhead = lookAhead;
    this.selection = selection;
    this.tally = tally;
    this.columns = tally.columns(state.schema());
  }

  /** The offset of the first record that was not taken yet. */
  long nextOffset() {
    return nextOffset;
  }

  /** How far the state is. */
  long foldedOffset() {
    return state.appliedOffset();
  }

  /** Takes the next record; one that was taken already is left out. */
  void take(long offset, LogRecord record) {
    if (offset < nextOffset) {
      return;
    }
    nextOffset = offset + 1;
    if (record instanceof LogRecord.Happened(Event event)) {
      Impression impression = event.impression();
      if (impression != null && users.keeps(event.user()) && selection.wants(offset, impression)) {
        expect(offset, event, impression);
      }
    }
    held.addLast(new Entry(offset, record));
    if (held.size() > lookAhead) {
      foldFirst();
    }
  }

  private void expect(long offset, Event event, Impression impression) {
    if (impression.features().length != state.schema().size()) {
      tally.skip(Skipped.WRONG_LENGTH, 1);
    } else if (impression.asOfOffset() > offset
        || impression.asOfOffset() < state.appliedOffset()) {
      tally.skip(Skipped.OUT_OF_REACH, 1);
    } else {
      waiting.add(new Shown(offset, impression.asOfOffset(), event, impression));
    }
  }

  /** Folds what is held of the records below an offset: nothing that saw less will come. */
  void settle(long belowOffset) {
    while (!held.isEmpty() && held.getFirst().offset() < belowOffset) {
      foldFirst();
    }
  }

  private void foldFirst() {
    Entry first = held.removeFirst();
    compareUpTo(first.offset());
    state.apply(first.offset(), first.record());
  }

  /** Compares the impressions that saw all that is folded and nothing at the offset or above. */
  private void compareUpTo(long offset) {
    List<Shown> request = new ArrayList<>();
    while (!waiting.isEmpty() && waiting.peek().asOfOffset() <= offset) {
      Shown shown = waiting.remove();
      if (!request.isEmpty() && !shown.sameRequest(request.getFirst())) {
        compare(request);
        request.clear();
      }
      request.add(shown);
    }
    if (!request.isEmpty()) {
      compare(request);
    }
  }

  private void compare(List<Shown> request) {
    if (!users.keeps(request.getFirst().event().user())) {
      return; // forgotten since the impression was met
    }
    int[] rows = new int[request.size()];
    int[] items = new int[request.size()];
    int known = 0;
    for (int i = 0; i < rows.length; i++) {
      int item = state.catalog().indexOf(request.get(i).event().item());
      rows[i] = item < 0 ? -1 : known;
      if (item >= 0) {
        items[known++] = item;
      }
    }
    Event first = request.getFirst().event();
    float[] replayed =
        state
            .read(
                new FeatureQuery(
                    first.user(), Arrays.copyOf(items, known), Map.of(), first.timeMs()))
            .values();
    for (int i = 0; i < rows.length; i++) {
      Shown shown = request.get(i);
      tally.compare(columns, shown.offset(), shown.event(), replayed, rows[i]);
    }
  }
}
