package io.winnow.events.importing;

import io.winnow.core.AttributeValue;
import io.winnow.core.Problem;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Imports;
import io.winnow.core.application.Imports.Column;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The columns of one table, found in its file: turns the application file's descriptions into
 * readers, and collects what does not fit instead of failing at the first.
 */
final class Columns {
  /** Reads a text from a row; null if it is missing. */
  interface TextReader {
    @Nullable String read(Row row) throws BadRowException;
  }

  /** Reads a time from a row in epoch milliseconds; null if it is missing. */
  interface TimeReader {
    @Nullable Long read(Row row) throws BadRowException;
  }

  /** Reads an attribute from a row; null if it is missing. */
  interface AttributeReader {
    @Nullable AttributeValue read(Row row) throws BadRowException;
  }

  private final String path;
  private final String file;
  private final Row.Reader rows;
  private final List<Problem> problems;

  /**
   * Prepares to find columns.
   *
   * @param path of the table in the application file, such as {@code imports.events[0]}
   * @param problems takes what does not fit
   */
  Columns(String path, String file, Row.Reader rows, List<Problem> problems) {
    this.path = path;
    this.file = file;
    this.rows = rows;
    this.problems = problems;
  }

  void problem(String field, String value, String expectation) {
    problems.add(new Problem(path + "." + field, value, expectation));
  }

  private @Nullable ColumnRef find(String field, String name) {
    ColumnRef found = rows.find(name);
    if (found == null) {
      List<String> names = rows.names();
      problem(
          field,
          name,
          "a column of "
              + file
              + (names.isEmpty() ? ", by its number" : ": " + String.join(", ", names)));
    }
    return found;
  }

  /** The conditions of a table; a row that does not meet one is filtered. */
  List<Filter> filters(List<String> conditions) {
    List<Filter> filters = new ArrayList<>();
    for (int i = 0; i < conditions.size(); i++) {
      String field = "where[" + i + "]";
      try {
        Condition condition = Condition.parse(path + "." + field, conditions.get(i));
        ColumnRef column = find(field, condition.columnName());
        if (column != null) {
          filters.add(new Filter(condition, column));
        }
      } catch (io.winnow.core.WinnowException e) {
        problems.addAll(e.problems());
      }
    }
    return filters;
  }

  /** A condition and its column. */
  record Filter(Condition condition, ColumnRef column) {
    boolean holds(Row row) throws BadRowException {
      return condition.holds(row.text(column));
    }
  }

  /** A text column, or a reader of nothing if it cannot be found. */
  TextReader text(String key, Column column) {
    String field = "columns." + key;
    switch (column) {
      case Column.Constant(String value) -> {
        return row -> value;
      }
      case Column.Named named -> {
        ColumnRef found = find(field, named.name());
        return found == null ? row -> null : row -> row.text(found);
      }
      case Column.Flags _, Column.OrderedTime _ -> {
        problem(field, column.toString(), "one column or a constant");
        return row -> null;
      }
    }
  }

  /** A time column. */
  TimeReader time(String key, Column.Named named) {
    TimeParser parser = timeParser(key, named.pattern());
    if (parser.isRowNumber()) {
      return row -> row.number() * 1000;
    }
    ColumnRef found = find("columns." + key, named.name());
    if (found == null) {
      return row -> null;
    }
    return row -> {
      String text = row.text(found);
      return text == null ? null : (Long) parser.parse(key, text);
    };
  }

  private TimeParser timeParser(String key, String pattern) {
    try {
      return new TimeParser(pattern);
    } catch (IllegalArgumentException e) {
      problem(
          "columns." + key,
          pattern,
          "epoch_seconds, epoch_millis, iso, row or a pattern such as yyyy-MM-dd HH:mm");
      return new TimeParser("iso");
    }
  }

  /** The attributes among a table's columns, by name. */
  Map<String, AttributeReader> attributes(
      Imports.Table table, Map<String, AttributeType> declared) {
    Map<String, AttributeReader> readers = new LinkedHashMap<>();
    table
        .columns()
        .forEach((key, column) -> {
          if (key.startsWith("attributes.")) {
            String name = key.substring("attributes.".length());
            AttributeType type = declared.get(name);
            if (type == null) {
              problem(
                  "columns." + key,
                  name,
                  "a declared attribute: " + String.join(", ", declared.keySet()));
            } else {
              readers.put(name, attribute(key, column, type));
            }
          }
        });
    return readers;
  }

  private AttributeReader attribute(String key, Column column, AttributeType type) {
    return switch (column) {
      case Column.Flags(Map<String, String> flags) -> flags(key, flags, type);
      case Column.OrderedTime _ -> {
        problem("columns." + key, column.toString(), "a column, a constant or flags");
        yield row -> null;
      }
      case Column.Constant(String value) -> {
        TimeParser parser = new TimeParser("");
        yield row -> value(key, type, List.of(value), parser);
      }
      case Column.Named named -> {
        ColumnRef found = find("columns." + key, named.name());
        TimeParser parser = timeParser(key, named.pattern());
        yield found == null
            ? row -> null
            : row -> value(key, type, row.texts(found, named.separator()), parser);
      }
    };
  }

  private AttributeReader flags(String key, Map<String, String> flags, AttributeType type) {
    if (type != AttributeType.STRINGS) {
      problem("columns." + key, "flags", "an attribute of type strings");
    }
    Map<ColumnRef, String> found = new LinkedHashMap<>();
    flags.forEach((column, category) -> {
      ColumnRef ref = find("columns." + key, column);
      if (ref != null) {
        found.put(ref, category);
      }
    });
    return row -> {
      List<String> categories = new ArrayList<>();
      for (Map.Entry<ColumnRef, String> flag : found.entrySet()) {
        String text = row.text(flag.getKey());
        if (text != null && (text.equals("1") || text.equalsIgnoreCase("true"))) {
          categories.add(flag.getValue());
        }
      }
      return categories.isEmpty() ? null : new AttributeValue.Tokens(categories);
    };
  }

  private static @Nullable AttributeValue value(
      String key, AttributeType type, List<String> texts, TimeParser times) throws BadRowException {
    if (texts.isEmpty()) {
      return null;
    }
    String text = texts.size() == 1 ? texts.getFirst() : String.join("|", texts);
    return switch (type) {
      case STRING, TEXT -> new AttributeValue.Text(text);
      case STRINGS -> new AttributeValue.Tokens(texts);
      case NUMBER, SECONDS -> new AttributeValue.Numeric(Numbers.finite(key, text));
      case TIME -> new AttributeValue.Time(times.parse(key, text));
    };
  }
}
