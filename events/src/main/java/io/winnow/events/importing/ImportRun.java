package io.winnow.events.importing;

import io.winnow.core.AttributeValue;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Schema;
import io.winnow.events.importing.EventDraft.ContentKey;
import io.winnow.events.importing.ImportReport.Tally;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One import: its open files, what it has collected, its counts. One thread. */
final class ImportRun implements Closeable {
  /** An entry's sequence holds the table above so many bits of line number. */
  private static final int LINE_BITS = 48;

  private static final int PROGRESS_ROWS = 1 << 15;

  private final Schema schema;
  private final Progress progress;
  private final Path temporaryFolder;
  private final long sortBytes;
  private final SortedRuns byTime;
  private final List<Table> tables = new ArrayList<>();
  private final Map<ItemId, Map<String, AttributeValue>> items = new LinkedHashMap<>();
  private final Map<UserId, Map<String, AttributeValue>> users = new LinkedHashMap<>();
  private final Map<String, ContentKey> givenIds = new HashMap<>();
  private final MessageDigest digest;
  private long earliestMs = Long.MAX_VALUE;
  private long events;

  /** An open table. */
  private record Table(
      TableFile file, Tally tally, List<Columns.Filter> filters, Taker taker, int index) {}

  /** Does with a row what its table is for. */
  private interface Taker {
    void take(Row row) throws BadRowException, IOException;
  }

  ImportRun(Schema schema, Path temporaryFolder, long sortBytes, Progress progress) {
    this.schema = schema;
    this.progress = progress;
    this.temporaryFolder = temporaryFolder;
    this.sortBytes = sortBytes;
    this.byTime = new SortedRuns(temporaryFolder, sortBytes);
    try {
      this.digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Opens every file and finds its columns; throws with all that does not fit. */
  void open(List<Source> sources) throws IOException {
    List<Problem> problems = new ArrayList<>();
    for (Source source : sources) {
      String name = String.valueOf(source.file().getFileName());
      TableFile file;
      try {
        file = TableFile.open(source.file(), source.table().format());
      } catch (IOException e) {
        problems.add(
            new Problem(source.path() + ".files", name, "a readable file: " + e.getMessage()));
        continue;
      }
      Tally tally = new Tally(name, source.kind().name().toLowerCase(Locale.ROOT));
      int index = tables.size();
      boolean hasNothing = !source.table().format().isNdjson() && isEmpty(file, source);
      if (hasNothing) {
        tally.note("the file is empty");
        tables.add(new Table(file, tally, List.of(), row -> {}, index));
        continue;
      }
      Columns columns = new Columns(source.path(), name, file.rows(), problems);
      List<Columns.Filter> filters = columns.filters(source.table().where());
      Taker taker = taker(source, columns, tally, index);
      tables.add(new Table(file, tally, filters, taker, index));
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  private static boolean isEmpty(TableFile file, Source source) {
    return source.table().format().header() && file.rows().names().isEmpty();
  }

  private Taker taker(Source source, Columns columns, Tally tally, int index) {
    return switch (source.kind()) {
      case ITEMS -> {
        CatalogTable<ItemId> table =
            new CatalogTable<>(
                source.table(), schema.itemAttributes(), columns, "item", ItemId::new);
        yield row -> table.take(row, items, tally);
      }
      case USERS -> {
        CatalogTable<UserId> table =
            new CatalogTable<>(
                source.table(), schema.userAttributes(), columns, "user", UserId::new);
        yield row -> table.take(row, users, tally);
      }
      case EVENTS -> new EventTaker(new EventTable(source.table(), schema, columns), tally, index);
    };
  }

  /** Sorts a table's events by time, after their gaps are filled. */
  private final class EventTaker implements Taker, Closeable {
    private final EventTable table;
    private final Tally tally;
    private final long sequenceBase;
    private final @Nullable SortedRuns byUser;

    EventTaker(EventTable table, Tally tally, int index) {
      this.table = table;
      this.tally = tally;
      this.sequenceBase = (long) index << LINE_BITS;
      this.byUser = table.hasGaps() ? new SortedRuns(temporaryFolder, sortBytes) : null;
    }

    @Override
    public void take(Row row) throws BadRowException, IOException {
      EventDraft draft = table.draft(row);
      long order = table.order(row);
      long sequence = sequenceBase | row.line();
      if (byUser == null) {
        collect(draft, order, sequence);
      } else {
        long user = new Seed(0).derive(draft.event().user().value()).value();
        byUser.add(new SortedRuns.Entry(user, order, sequence, draft.encode()));
      }
      tally.accept();
    }

    void finish() throws IOException {
      if (byUser == null) {
        return;
      }
      GapFiller filler =
          new GapFiller(
              new GapFiller.Sink() {
                @Override
                public void filled(SortedRuns.Entry entry, EventDraft draft) throws IOException {
                  collect(draft, entry.minor(), entry.sequence());
                }

                @Override
                public void borrowed(SortedRuns.Entry entry, EventDraft draft) throws IOException {
                  tally.incomplete(
                      "time: none is known of the user; taken from the rows above",
                      line(entry),
                      draft.event().user().value());
                  collect(draft, entry.minor(), entry.sequence());
                }

                @Override
                public void hopeless(SortedRuns.Entry entry, EventDraft draft) {
                  tally.acceptedIsBad(
                      "time: none is known of the user or in the rows above",
                      line(entry),
                      draft.event().user().value());
                }
              });
      byUser.forEach(filler);
      filler.finish();
      byUser.close();
    }

    @Override
    public void close() throws IOException {
      if (byUser != null) {
        byUser.close();
      }
    }
  }

  private static long line(SortedRuns.Entry entry) {
    return entry.sequence() & ((1L << LINE_BITS) - 1);
  }

  private void collect(EventDraft draft, long order, long sequence) throws IOException {
    long timeMs = draft.event().timeMs();
    earliestMs = Math.min(earliestMs, timeMs);
    byTime.add(new SortedRuns.Entry(timeMs, order, sequence, draft.encode()));
  }

  /** Reads every row of every file. */
  void read() throws IOException {
    for (Table table : tables) {
      readRows(table);
      if (table.taker() instanceof EventTaker taker) {
        taker.finish();
      }
    }
  }

  private void readRows(Table table) throws IOException {
    Row.Reader rows = table.file().rows();
    Tally tally = table.tally();
    boolean more = true;
    while (more) {
      Row row = null;
      try {
        row = rows.next();
      } catch (BadRowException e) {
        tally.row();
        tally.bad(e.reason(), rows.line(), e.value());
        continue;
      } catch (IOException e) {
        // A damaged archive: what could be read is used, and the report says what could not.
        tally.note("not readable behind line " + rows.line() + ": " + e.getMessage());
      }
      more = row != null;
      if (row != null) {
        tally.row();
        takeRow(table, row);
      }
      if (tally.rows() % PROGRESS_ROWS == 0 || !more) {
        progress.advanced(tally.file(), tally.rows());
      }
    }
  }

  private static void takeRow(Table table, Row row) throws IOException {
    try {
      for (Columns.Filter filter : table.filters()) {
        if (!filter.holds(row)) {
          table.tally().filter();
          return;
        }
      }
      table.taker().take(row);
    } catch (BadRowException e) {
      table.tally().bad(e.reason(), row.line(), e.value());
    }
  }

  /**
   * Hands on items, users and events, in this order.
   *
   * @param nowMs the time of items and users if there is no event
   */
  ImportReport handOn(long nowMs, Consumer<LogRecord> sink) throws IOException {
    long putMs = earliestMs == Long.MAX_VALUE ? nowMs : earliestMs;
    items.forEach(
        (item, attributes) -> sink.accept(new LogRecord.ItemPut(item, attributes, true, putMs)));
    users.forEach(
        (user, attributes) -> sink.accept(new LogRecord.UserPut(user, attributes, putMs)));
    // Equal events have equal times, so that only those of one time are counted together.
    Map<ContentKey, Integer> occurrences = new HashMap<>();
    long[] timeMs = {Long.MIN_VALUE};
    byTime.forEach(entry -> {
      if (entry.major() != timeMs[0]) {
        occurrences.clear();
        timeMs[0] = entry.major();
      }
      Event event = identify(entry, occurrences);
      if (event != null) {
        sink.accept(new LogRecord.Happened(event));
        events++;
        if (events % PROGRESS_ROWS == 0) {
          progress.advanced("sorted", events);
        }
      }
    });
    progress.advanced("sorted", events);
    List<ImportReport.FileReport> files =
        tables.stream().map(table -> table.tally().report()).toList();
    return new ImportReport(files, items.size(), users.size(), events);
  }

  /** The event with its id, or null if its row's id was there before. */
  private @Nullable Event identify(SortedRuns.Entry entry, Map<ContentKey, Integer> occurrences) {
    EventDraft draft = EventDraft.decode(entry.payload());
    ContentKey key = draft.contentKey(digest);
    if (draft.idDerived()) {
      int occurrence = occurrences.merge(key, 1, Integer::sum) - 1;
      return draft.identified(key, occurrence);
    }
    ContentKey earlier = givenIds.putIfAbsent(draft.event().id(), key);
    if (earlier == null) {
      return draft.event();
    }
    Tally tally = tables.get((int) (entry.sequence() >>> LINE_BITS)).tally();
    if (earlier.equals(key)) {
      tally.acceptedIsDuplicate();
    } else {
      tally.acceptedIsBad("id: used before for another event", line(entry), draft.event().id());
    }
    return null;
  }

  @Override
  public void close() throws IOException {
    for (Table table : tables) {
      table.file().close();
      if (table.taker() instanceof EventTaker taker) {
        taker.close();
      }
    }
    byTime.close();
  }
}
