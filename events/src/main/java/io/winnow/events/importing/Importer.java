package io.winnow.events.importing;

import io.winnow.core.ErrorCode;
import io.winnow.core.LogRecord;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Imports;
import io.winnow.core.application.Schema;
import io.winnow.events.EventLog;
import io.winnow.events.EventLog.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Reads a data set's files into log records.
 *
 * <p>Items and users come first, all at the time of the earliest event: the catalogues of published
 * data sets do not tell when they learned what. Then the events in the order of their times; equal
 * times keep the order column, if one is mapped, then the order of tables and rows. An event
 * without an id column gets an id from its type, user, item, time and value and a number that tells
 * equal events apart, so that importing the same or an overlapping file again adds nothing.
 *
 * <p>Faulty rows never end an import; they are counted by reason. What the application file says
 * about the files is checked before the first row, and all that does not fit is reported at once.
 *
 * <p>Events are sorted outside memory in bounded chunks; items and users are held in memory, and so
 * are the ids of an id column, to recognise duplicates. Thread-safe: an import has no shared state.
 */
public final class Importer {
  /** What the collected rows of one sort may take. */
  private static final long SORT_BYTES = 256L << 20;

  private static final int BATCH = 1000;

  private final TimeSource clock;
  private final Path temporaryFolder;
  private final long sortBytes;

  /**
   * Makes an importer.
   *
   * @param clock gives the time of items and users of a data set without events
   * @param temporaryFolder takes the sort's files, about the size of the unpacked data set; made if
   *     it is missing
   */
  public Importer(TimeSource clock, Path temporaryFolder) {
    this(clock, temporaryFolder, SORT_BYTES);
  }

  Importer(TimeSource clock, Path temporaryFolder, long sortBytes) {
    this.clock = clock;
    this.temporaryFolder = temporaryFolder;
    this.sortBytes = sortBytes;
  }

  /**
   * Reads a folder and hands its records on in batches of at most a thousand.
   *
   * @param sink takes each batch; the list is not changed afterwards
   * @throws WinnowException {@code INVALID_ARGUMENT} with every column, condition or format that
   *     does not fit, {@code NOT_FOUND} if a file is missing, {@code UNAVAILABLE} if the temporary
   *     folder takes no files
   */
  public ImportReport importInto(
      Path folder,
      Imports imports,
      Schema schema,
      Consumer<List<LogRecord>> sink,
      Progress progress) {
    List<Source> sources = Source.resolve(folder, imports);
    try {
      Files.createDirectories(temporaryFolder);
      Batches batches = new Batches(sink);
      try (ImportRun run = new ImportRun(schema, temporaryFolder, sortBytes, progress)) {
        run.open(sources);
        run.read();
        ImportReport report = run.handOn(clock.nowMs(), batches::add);
        batches.flush();
        return report;
      }
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.UNAVAILABLE, "import of " + folder + ": " + e.getMessage(), e);
    }
  }

  /**
   * Reads a folder into a log.
   *
   * @return the report, with what the log said about the records
   */
  public LogImport importInto(
      Path folder, Imports imports, Schema schema, EventLog log, Progress progress) {
    Verdicts verdicts = new Verdicts();
    ImportReport report =
        importInto(folder, imports, schema, batch -> append(batch, log, verdicts), progress);
    return new LogImport(
        report, verdicts.accepted, verdicts.duplicates, verdicts.rejected, verdicts.examples);
  }

  /** Appends in smaller parts what is more than the log takes in one call. */
  private static void append(List<LogRecord> batch, EventLog log, Verdicts verdicts) {
    List<Verdict> all;
    try {
      all = log.append(batch);
    } catch (WinnowException e) {
      if (e.code() != ErrorCode.TOO_LARGE || batch.size() == 1) {
        throw e;
      }
      int half = batch.size() / 2;
      append(batch.subList(0, half), log, verdicts);
      append(batch.subList(half, batch.size()), log, verdicts);
      return;
    }
    verdicts.count(all);
  }

  /**
   * What an import did to a log.
   *
   * @param report what became of the rows
   * @param accepted records that are new in the log
   * @param duplicates events that the log had already
   * @param rejected records that the log did not take
   * @param examples why, the first ten
   */
  public record LogImport(
      ImportReport report, long accepted, long duplicates, long rejected, List<String> examples) {
    /** Copies the list. */
    public LogImport {
      examples = List.copyOf(examples);
    }
  }

  /** Reads a folder into memory. */
  public DataSet load(Path folder, Imports imports, Schema schema, Progress progress) {
    List<LogRecord> records = new ArrayList<>();
    ImportReport report = importInto(folder, imports, schema, records::addAll, progress);
    return new DataSet(records, report);
  }

  /** Collects records into lists of their own. */
  private static final class Batches {
    private final Consumer<List<LogRecord>> sink;
    private List<LogRecord> batch = new ArrayList<>(BATCH);

    Batches(Consumer<List<LogRecord>> sink) {
      this.sink = sink;
    }

    void add(LogRecord logRecord) {
      batch.add(logRecord);
      if (batch.size() == BATCH) {
        flush();
      }
    }

    void flush() {
      if (!batch.isEmpty()) {
        sink.accept(batch);
        batch = new ArrayList<>(BATCH);
      }
    }
  }

  /** Counts what the log says. */
  private static final class Verdicts {
    private long accepted;
    private long duplicates;
    private long rejected;
    private final List<String> examples = new ArrayList<>();

    void count(List<Verdict> verdicts) {
      for (Verdict verdict : verdicts) {
        switch (verdict.status()) {
          case ACCEPTED -> accepted++;
          case DUPLICATE -> duplicates++;
          case REJECTED -> {
            rejected++;
            if (examples.size() < 10) {
              examples.add(String.valueOf(verdict.problem()));
            }
          }
        }
      }
    }
  }
}
