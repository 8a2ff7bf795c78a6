package io.winnow.events.importing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What became of every row. For each file, rows = accepted + filtered + duplicates + bad.
 *
 * @param files in the order of the application file; a file that gives both items and events is
 *     listed for each
 * @param items put, each once however many rows name it
 * @param users put, each once
 * @param events handed on
 */
public record ImportReport(List<FileReport> files, long items, long users, long events) {
  /** Copies the list. */
  public ImportReport {
    files = List.copyOf(files);
  }

  /** Rows read from all files. */
  public long rows() {
    return files.stream().mapToLong(FileReport::rows).sum();
  }

  /** Rows that became a record, or part of one. */
  public long accepted() {
    return files.stream().mapToLong(FileReport::accepted).sum();
  }

  /** Rows that did not meet a condition. */
  public long filtered() {
    return files.stream().mapToLong(FileReport::filtered).sum();
  }

  /** Rows that added nothing to earlier ones. */
  public long duplicates() {
    return files.stream().mapToLong(FileReport::duplicates).sum();
  }

  /** Rows that could not be used. */
  public long bad() {
    return files.stream().mapToLong(FileReport::badRows).sum();
  }

  /**
   * One file.
   *
   * @param file name within the folder
   * @param purpose {@code items}, {@code users} or {@code events}
   * @param rows data rows, without header and blank lines
   * @param duplicates rows that added nothing: a known item or user without a new attribute, an
   *     event whose id was there already with the same content
   * @param bad rows that could not be used, by reason
   * @param incomplete rows that were accepted without one of their attributes, by reason
   * @param notes what concerns the file as a whole, such as a gzip file that ends early
   */
  public record FileReport(
      String file,
      String purpose,
      long rows,
      long accepted,
      long filtered,
      long duplicates,
      Map<String, Reason> bad,
      Map<String, Reason> incomplete,
      List<String> notes) {
    /** Copies the collections. */
    public FileReport {
      bad = Collections.unmodifiableMap(new LinkedHashMap<>(bad));
      incomplete = Collections.unmodifiableMap(new LinkedHashMap<>(incomplete));
      notes = List.copyOf(notes);
    }

    /** Rows that could not be used. */
    public long badRows() {
      return bad.values().stream().mapToLong(Reason::count).sum();
    }
  }

  /**
   * How often something was wrong, and where first.
   *
   * @param examples the first ten
   */
  public record Reason(long count, List<Example> examples) {
    /** Copies the list. */
    public Reason {
      examples = List.copyOf(examples);
    }
  }

  /**
   * One row.
   *
   * @param line in the file, from 1; of its first line if it spans several
   * @param value what stood there, shortened if long
   */
  public record Example(long line, String value) {}

  /** Counts what happens to one file's rows. One thread. */
  static final class Tally {
    private static final int EXAMPLES_MAX = 10;
    private static final int VALUE_LENGTH_MAX = 80;

    private final String file;
    private final String purpose;
    private final Map<String, Counter> bad = new LinkedHashMap<>();
    private final Map<String, Counter> incomplete = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();
    private long rows;
    private long accepted;
    private long filtered;
    private long duplicates;

    private static final class Counter {
      private long count;
      private final List<Example> examples = new ArrayList<>();

      private void add(long line, String value) {
        count++;
        if (examples.size() < EXAMPLES_MAX) {
          boolean isLong = value.length() > VALUE_LENGTH_MAX;
          examples.add(
              new Example(line, isLong ? value.substring(0, VALUE_LENGTH_MAX) + "…" : value));
        }
      }
    }

    Tally(String file, String purpose) {
      this.file = file;
      this.purpose = purpose;
    }

    String file() {
      return file;
    }

    long rows() {
      return rows;
    }

    void row() {
      rows++;
    }

    void accept() {
      accepted++;
    }

    void filter() {
      filtered++;
    }

    void duplicate() {
      duplicates++;
    }

    /** An accepted event turned out to be there already. */
    void acceptedIsDuplicate() {
      accepted--;
      duplicates++;
    }

    /** An accepted event turned out to be of no use. */
    void acceptedIsBad(String reason, long line, String value) {
      accepted--;
      bad(reason, line, value);
    }

    void bad(String reason, long line, String value) {
      bad.computeIfAbsent(reason, r -> new Counter()).add(line, value);
    }

    void incomplete(String reason, long line, String value) {
      incomplete.computeIfAbsent(reason, r -> new Counter()).add(line, value);
    }

    void note(String note) {
      notes.add(note);
    }

    FileReport report() {
      return new FileReport(
          file,
          purpose,
          rows,
          accepted,
          filtered,
          duplicates,
          reasons(bad),
          reasons(incomplete),
          notes);
    }

    private static Map<String, Reason> reasons(Map<String, Counter> counters) {
      Map<String, Reason> reasons = new LinkedHashMap<>();
      counters.forEach(
          (reason, counter) -> reasons.put(reason, new Reason(counter.count, counter.examples)));
      return reasons;
    }
  }
}
