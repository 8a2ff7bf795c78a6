package io.winnow.core.application;

import io.winnow.core.application.Imports.Column;
import io.winnow.core.application.Imports.Format;
import io.winnow.core.application.Imports.Table;
import java.nio.charset.Charset;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code imports}.
 *
 * <pre>{@code
 * imports:
 *   events:
 *     - files: [u.data]               # the first that exists; a .gz twin is found too
 *       delimiter: tab                # comma, tab, semicolon, pipe or the text itself, such as '::'
 *       header: false
 *       columns: [user_id, item_id, rating, timestamp]
 *       map:
 *         type: =rate                 # '=' begins a constant
 *         user: user_id
 *         item: item_id
 *         time: { column: timestamp, format: epoch_seconds }
 *         value: rating
 * }</pre>
 */
final class ImportsReader {
  static final List<String> KEYS = List.of("items", "users", "events");
  static final List<String> TABLE_KEYS =
      List.of(
          "files",
          "format",
          "delimiter",
          "header",
          "columns",
          "charset",
          "quoted",
          "where",
          "optional",
          "map");
  static final List<String> COLUMN_KEYS =
      List.of("column", "format", "separator", "order", "gaps", "flags");
  static final List<String> ENTITY_MAP_KEYS = List.of("id", "attributes");
  static final List<String> EVENT_MAP_KEYS = List.of("id", "type", "user", "item", "time", "value");
  private static final Map<String, String> DELIMITERS =
      Map.of("comma", ",", "tab", "\t", "semicolon", ";", "pipe", "|");
  private static final List<String> TIME_FORMATS =
      List.of("epoch_seconds", "epoch_millis", "iso", "row");

  private static final String OPERATORS = "> >= < <= == != =~ !~";
  private static final Pattern PRESENCE = Pattern.compile("(.+?)\\s+(?:present|absent)");
  private static final Pattern COMPARISON =
      Pattern.compile("(.+?)\\s*(>=|<=|==|!=|=~|!~|>|<)\\s*(.+)");

  private final Schema schema;

  ImportsReader(Schema schema) {
    this.schema = schema;
  }

  Imports read(Section section) {
    section.onlyKeys(KEYS);
    return new Imports(
        tables(section.get("items"), schema.itemAttributes()),
        tables(section.get("users"), schema.userAttributes()),
        tables(section.get("events"), null));
  }

  private List<Table> tables(Section section, @Nullable Map<String, AttributeType> attributes) {
    List<Table> tables = new ArrayList<>();
    for (Section table : section.elements()) {
      table.onlyKeys(TABLE_KEYS);
      Format format = format(table);
      Map<String, Column> columns =
          attributes == null
              ? eventColumns(table.get("map"), format)
              : entityColumns(table.get("map"), format, attributes);
      tables.add(
          new Table(
              files(table.get("files")),
              format,
              where(table.get("where"), format),
              table.get("optional").bool(false),
              columns));
    }
    return tables;
  }

  private static List<String> files(Section section) {
    for (Section file : section.elements()) {
      file.text()
          .ifPresent(name -> {
            if (!isInside(name)) {
              file.problem("a path inside the data set's folder");
            }
          });
    }
    List<String> files = section.elements().isEmpty() ? List.of() : section.texts();
    if (files.isEmpty()) {
      section.problem("at least one file name");
    }
    return files;
  }

  private static boolean isInside(String name) {
    try {
      Path path = Path.of(name).normalize();
      return !name.isBlank() && !path.isAbsolute() && !path.startsWith("..");
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private static Format format(Section table) {
    List<String> files =
        table.get("files").elements().stream()
            .flatMap(e -> e.isScalar() ? e.text().stream() : Stream.empty())
            .toList();
    String first = files.isEmpty() ? "" : files.getFirst().replaceAll("\\.gz$", "");
    boolean looksNdjson = first.endsWith(".ndjson") || first.endsWith(".jsonl");
    String kind = table.get("format").text(looksNdjson ? "ndjson" : "text");
    if (!List.of("text", "ndjson").contains(kind)) {
      table.get("format").problem(NearestName.expectation(kind, List.of("text", "ndjson")));
    }
    if (kind.equals("ndjson")) {
      for (String key : List.of("delimiter", "header", "columns", "quoted")) {
        if (table.get(key).isPresent()) {
          table.get(key).problem("nothing: NDJSON names its fields itself");
        }
      }
      return new Format("", false, List.of(), charset(table.get("charset")), false);
    }
    String written = table.get("delimiter").text(first.endsWith(".tsv") ? "tab" : "comma");
    String delimiter = DELIMITERS.getOrDefault(written, written);
    if (delimiter.isEmpty() || delimiter.length() > 8) {
      table.get("delimiter").problem("comma, tab, semicolon, pipe or 1 to 8 characters");
    }
    boolean header = table.get("header").bool(true);
    List<String> names = table.get("columns").texts();
    if (header && !names.isEmpty()) {
      table.get("columns").problem("nothing, as the header names the columns, or header: false");
    }
    if (names.stream().distinct().count() < names.size()) {
      table.get("columns").problem("names that differ");
    }
    return new Format(
        delimiter,
        header,
        names,
        charset(table.get("charset")),
        table.get("quoted").bool(delimiter.equals(",") || delimiter.equals(";")));
  }

  private static String charset(Section section) {
    String name = section.text("UTF-8");
    try {
      return Charset.forName(name).name();
    } catch (IllegalArgumentException e) {
      section.problem("a character set such as UTF-8 or ISO-8859-1");
      return "UTF-8";
    }
  }

  private static List<String> where(Section section, Format format) {
    List<String> conditions = new ArrayList<>();
    for (Section element : section.elements()) {
      element
          .text()
          .ifPresent(text -> {
            conditions.add(text);
            checkCondition(element, text.strip(), format);
          });
    }
    return conditions;
  }

  private static void checkCondition(Section section, String text, Format format) {
    Matcher presence = PRESENCE.matcher(text);
    Matcher comparison = COMPARISON.matcher(text);
    if (presence.matches()) {
      checkColumn(section, presence.group(1), format);
    } else if (!comparison.matches()) {
      section.problem("COLUMN present, COLUMN absent, or COLUMN " + OPERATORS + " VALUE");
    } else {
      checkColumn(section, comparison.group(1), format);
      String operator = comparison.group(2);
      String value = comparison.group(3);
      if (operator.matches("[<>]=?") && Section.parseNumber(value).isEmpty()) {
        section.problem("a number behind " + operator);
      }
      if (operator.endsWith("~") && !isRegularExpression(value)) {
        section.problem("a regular expression behind " + operator);
      }
    }
  }

  private static boolean isRegularExpression(String text) {
    try {
      Pattern _ = Pattern.compile(text);
      return true;
    } catch (PatternSyntaxException e) {
      return false;
    }
  }

  private Map<String, Column> eventColumns(Section map, Format format) {
    Map<String, Column> columns = new LinkedHashMap<>();
    for (String key : map.onlyKeys(EVENT_MAP_KEYS).keys()) {
      if (EVENT_MAP_KEYS.contains(key)) {
        columns.put(key, column(map.get(key), format, key.equals("time"), ""));
      }
    }
    require(map, List.of("type", "user", "item", "time"));
    if (columns.get("type") instanceof Column.Constant type
        && !schema.events().containsKey(type.value())) {
      map.get("type").problem(NearestName.expectation(type.value(), schema.events().keySet()));
    }
    return columns;
  }

  private static Map<String, Column> entityColumns(
      Section map, Format format, Map<String, AttributeType> types) {
    Map<String, Column> columns = new LinkedHashMap<>();
    for (String key : map.onlyKeys(ENTITY_MAP_KEYS).keys()) {
      if (key.equals("id")) {
        columns.put(key, column(map.get(key), format, false, ""));
      }
    }
    require(map, List.of("id"));
    Section attributes = map.get("attributes").onlyKeys(types.keySet());
    for (String name : attributes.keys()) {
      AttributeType type = types.getOrDefault(name, AttributeType.STRING);
      String separator = type == AttributeType.STRINGS ? "|" : "";
      columns.put(
          "attributes." + name,
          column(attributes.get(name), format, type == AttributeType.TIME, separator));
    }
    return columns;
  }

  private static void require(Section map, List<String> keys) {
    for (String key : keys) {
      if (!map.get(key).isPresent()) {
        map.get(key).problem("a column, or =CONSTANT");
      }
    }
  }

  private static Column column(Section section, Format format, boolean time, String separator) {
    if (!section.isMapping()) {
      String text = section.text().orElse("=");
      if (text.startsWith("=")) {
        return new Column.Constant(text.substring(1));
      }
      checkColumn(section, text, format);
      return new Column.Named(text, time ? "iso" : "", separator);
    }
    section.onlyKeys(COLUMN_KEYS);
    if (section.get("flags").isPresent()) {
      return flags(section.get("flags"), format);
    }
    String pattern = time ? pattern(section.get("format")) : "";
    if (!time && section.get("format").isPresent()) {
      section.get("format").problem("nothing: only times have a format");
    }
    String name = pattern.equals("row") ? "" : section.get("column").text().orElse("");
    if (!name.isEmpty()) {
      checkColumn(section.get("column"), name, format);
    }
    Column.Named named = new Column.Named(name, pattern, section.get("separator").text(separator));
    Section order = section.get("order");
    Section gaps = section.get("gaps");
    if (!order.isPresent() && !gaps.isPresent()) {
      return named;
    }
    if (!time) {
      section.problem("order and gaps only for times");
    }
    if (!gaps.text("next").equals("next")) {
      gaps.problem("next: a row without time takes the next known time of its user");
    }
    if (order.isPresent()) {
      checkColumn(order, order.text().orElse(""), format);
    }
    return new Column.OrderedTime(named, order.isPresent() ? order.text("") : null);
  }

  /** {@code [Action, Comedy]} or {@code { column_6: Action }}. */
  private static Column flags(Section section, Format format) {
    Map<String, String> flags = new LinkedHashMap<>();
    if (section.isMapping()) {
      for (String column : section.keys()) {
        checkColumn(section.get(column), column, format);
        section.get(column).text().ifPresent(category -> flags.put(column, category));
      }
    } else {
      for (Section element : section.elements()) {
        element
            .text()
            .ifPresent(column -> {
              checkColumn(element, column, format);
              flags.put(column, column);
            });
      }
    }
    return new Column.Flags(flags);
  }

  private static String pattern(Section section) {
    String pattern = section.text("iso");
    if (!TIME_FORMATS.contains(pattern)) {
      try {
        DateTimeFormatter _ = DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH);
      } catch (IllegalArgumentException e) {
        section.problem(
            String.join(", ", TIME_FORMATS) + " or a pattern such as yyyy-MM-dd HH:mm:ss");
      }
    }
    return pattern;
  }

  /** A column that the file declares must be among the declared; a header is seen only later. */
  private static void checkColumn(Section section, String column, Format format) {
    if (format.header() || format.isNdjson()) {
      return;
    }
    List<String> names = format.names();
    boolean number = column.matches("[1-9]\\d{0,3}");
    boolean known =
        names.contains(column)
            || (number && (names.isEmpty() || Integer.parseInt(column) <= names.size()));
    if (!known) {
      section.problem(
          column,
          names.isEmpty()
              ? "a column's number from 1, as there is neither header nor columns"
              : "a column: " + NearestName.expectation(column, names));
    }
  }
}
