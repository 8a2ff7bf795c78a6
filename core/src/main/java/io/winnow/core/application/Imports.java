package io.winnow.core.application;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How files of other systems become users, items and events.
 *
 * @param items files with items
 * @param users files with users
 * @param events files with events
 */
public record Imports(List<Table> items, List<Table> users, List<Table> events) {
  /** No files declared. */
  public static final Imports NONE = new Imports(List.of(), List.of(), List.of());

  /** Copies the lists. */
  public Imports {
    items = List.copyOf(items);
    users = List.copyOf(users);
    events = List.copyOf(events);
  }

  /**
   * One file and the meaning of its columns.
   *
   * @param files candidates in order of preference, relative to the data set's folder; a {@code
   *     .gz} twin of each is found too
   * @param format how rows and columns are written
   * @param where conditions that a row must meet: {@code COLUMN present}, {@code COLUMN absent} or
   *     {@code COLUMN OPERATOR VALUE} with {@code > >= < <= == !=} or, for a regular expression,
   *     {@code =~ !~}; other rows are counted as filtered
   * @param optional whether the data set may lack the file
   * @param columns the meaning of the columns; keys {@code id} (of the item, the user or the
   *     event), {@code type, user, item, time, value} and {@code attributes.NAME}. Items and users
   *     always have {@code id}, events {@code type, user, item, time}
   */
  public record Table(
      List<String> files,
      Format format,
      List<String> where,
      boolean optional,
      Map<String, Column> columns) {
    /** Copies the collections. */
    public Table {
      files = List.copyOf(files);
      where = List.copyOf(where);
      columns = Collections.unmodifiableMap(new LinkedHashMap<>(columns));
    }
  }

  /**
   * How rows are written.
   *
   * @param delimiter such as {@code ,}, {@code \t} or {@code ::}; empty for NDJSON
   * @param header whether the first line names the columns
   * @param names the columns' names where there is no header; empty for {@code 1, 2, 3, …}
   * @param charset such as {@code UTF-8} or {@code ISO-8859-1}
   * @param quoted whether fields may stand in double quotes (RFC 4180)
   */
  public record Format(
      String delimiter, boolean header, List<String> names, String charset, boolean quoted) {
    /** Copies the list. */
    public Format {
      names = List.copyOf(names);
    }

    /** Whether each line is a JSON object. */
    public boolean isNdjson() {
      return delimiter.isEmpty();
    }
  }

  /** Where a value comes from. */
  public sealed interface Column {
    /**
     * A column by its name or 1-based number.
     *
     * @param pattern for times: {@code epoch_seconds}, {@code epoch_millis}, {@code iso}, {@code
     *     row} (the row's number as seconds; then {@code name} is empty) or a {@link
     *     java.time.format.DateTimeFormatter} pattern in UTC and {@link java.util.Locale#ENGLISH},
     *     with or without a time of day; empty for ISO 8601 or a number since the epoch, whose size
     *     tells seconds from milliseconds, and for what is no time
     * @param separator between categories of one field, such as {@code |}; empty for one category
     */
    record Named(String name, String pattern, String separator) implements Column {}

    /** The same value in every row. */
    record Constant(String value) implements Column {}

    /**
     * Columns that hold 1 where the category of that name applies, as MovieLens-100K's genres.
     *
     * @param flags category by column name
     */
    record Flags(Map<String, String> flags) implements Column {
      /** Copies the map, keeping its order. */
      public Flags {
        flags = Collections.unmodifiableMap(new LinkedHashMap<>(flags));
      }
    }

    /**
     * A time column with gaps: a row without time takes the next known time of its user.
     *
     * @param time the time column
     * @param order a column with the row's place in its user's history; orders equal times too
     */
    record OrderedTime(Named time, @Nullable String order) implements Column {}
  }
}
