package io.winnow.events.importing;

import io.winnow.core.application.Imports;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows of delimited text: a delimiter of any length; fields in double quotes as in RFC 4180, in
 * which delimiters and line ends are text and a quote is doubled.
 *
 * <p>A quote that is not closed does not swallow the rest of the file: its line is a bad row, and
 * reading goes on with the line behind it. A quote inside an unquoted field is text.
 */
final class DelimitedReader implements Row.Reader {
  /** A quoted field that spans more lines is taken for one whose quote is not closed. */
  private static final int ROW_LINES_MAX = 1000;

  private final LineReader lines;
  private final String delimiter;
  private final boolean quoted;
  private final List<String> names;
  private final FieldParser parser;
  private int fieldsExpected;
  private long line;
  private long number;

  DelimitedReader(LineReader lines, Imports.Format format) throws IOException {
    this.lines = lines;
    this.delimiter = format.delimiter();
    this.quoted = format.quoted();
    this.parser = new FieldParser();
    this.names = format.header() ? readHeader() : format.names();
    this.fieldsExpected = names.size();
  }

  private List<String> readHeader() throws IOException {
    try {
      List<String> header = readFields();
      return header == null ? List.of() : header.stream().map(String::strip).toList();
    } catch (BadRowException e) {
      throw new IOException("the header cannot be read: " + e.getMessage(), e);
    }
  }

  @Override
  public @Nullable ColumnRef find(String name) {
    int index = names.indexOf(name);
    if (index < 0 && name.matches("[1-9]\\d{0,3}")) {
      index = Integer.parseInt(name) - 1;
      if (!names.isEmpty() && index >= names.size()) {
        return null;
      }
    }
    if (index < 0) {
      return null;
    }
    fieldsExpected = Math.max(fieldsExpected, index + 1);
    return new ColumnRef(name, index, List.of());
  }

  @Override
  public List<String> names() {
    return names;
  }

  @Override
  public long line() {
    return line;
  }

  @Override
  public @Nullable Row next() throws BadRowException, IOException {
    number++;
    List<String> fields = readFields();
    if (fields == null) {
      return null;
    }
    if (fields.size() < fieldsExpected) {
      throw new BadRowException(
          "too few fields (expected: " + fieldsExpected + ")", String.valueOf(fields.size()));
    }
    if (!names.isEmpty()
        && fields.size() > fieldsExpected
        && !fields.subList(fieldsExpected, fields.size()).stream().allMatch(String::isBlank)) {
      throw new BadRowException(
          "too many fields (expected: " + fieldsExpected + ")", String.valueOf(fields.size()));
    }
    return new Fields(line, number, fields);
  }

  /** The fields of the next line that is not blank, and of those that its quotes span. */
  private @Nullable List<String> readFields() throws BadRowException, IOException {
    LineReader.Line first = lines.next();
    while (first != null && first.text().isBlank()) {
      first = lines.next();
    }
    if (first == null) {
      return null;
    }
    line = first.number();
    checkLength(first);
    parser.start();
    if (parser.feed(first.text())) {
      return parser.finish();
    }
    List<LineReader.Line> more = new ArrayList<>();
    long characters = first.text().length();
    while (more.size() < ROW_LINES_MAX && characters < LineReader.LENGTH_MAX) {
      LineReader.Line next = lines.next();
      if (next == null) {
        break;
      }
      more.add(next);
      characters += next.text().length();
      if (parser.feed(next.text())) {
        if (!parser.textBehindQuote) {
          return parser.finish();
        }
        // What closed it was the opening quote of a later row.
        break;
      }
    }
    lines.pushBack(more);
    throw new BadRowException("a quote that is not closed", first.text());
  }

  private static void checkLength(LineReader.Line line) throws BadRowException {
    if (line.tooLong()) {
      throw new BadRowException(
          "a line of more than " + LineReader.LENGTH_MAX + " characters", line.text());
    }
  }

  /** Splits lines into fields; a row may need several. */
  private final class FieldParser {
    private List<String> fields = new ArrayList<>();
    private final StringBuilder open = new StringBuilder();
    private boolean inQuotes;
    private boolean textBehindQuote;

    void start() {
      fields = new ArrayList<>();
      open.setLength(0);
      inQuotes = false;
      textBehindQuote = false;
    }

    List<String> finish() throws BadRowException {
      if (textBehindQuote) {
        throw new BadRowException("text behind a closing quote", fields.toString());
      }
      return fields;
    }

    /** Takes a line in; false if a quote is still open behind it. */
    boolean feed(String text) {
      int at = inQuotes ? quotedPart(text, 0) : 0;
      if (inQuotes) {
        return false;
      }
      while (at <= text.length()) {
        at = field(text, at);
      }
      return !inQuotes;
    }

    /** Reads the field that begins at a place; the place of the next, or behind the end. */
    private int field(String text, int at) {
      if (quoted && at < text.length() && text.charAt(at) == '"') {
        open.setLength(0);
        inQuotes = true;
        return quotedPart(text, at + 1);
      }
      int end = text.indexOf(delimiter, at);
      if (end < 0) {
        fields.add(text.substring(at));
        return text.length() + 1;
      }
      fields.add(text.substring(at, end));
      return end + delimiter.length();
    }

    private int quotedPart(String text, int from) {
      int at = from;
      while (true) {
        int quote = text.indexOf('"', at);
        if (quote < 0) {
          open.append(text, at, text.length()).append('\n');
          return text.length() + 1;
        }
        open.append(text, at, quote);
        if (quote + 1 < text.length() && text.charAt(quote + 1) == '"') {
          open.append('"');
          at = quote + 2;
        } else {
          inQuotes = false;
          return closed(text, quote + 1);
        }
      }
    }

    private int closed(String text, int at) {
      int end = text.indexOf(delimiter, at);
      String behind = text.substring(at, end < 0 ? text.length() : end);
      textBehindQuote |= !behind.isBlank();
      fields.add(open.toString());
      return end < 0 ? text.length() + 1 : end + delimiter.length();
    }
  }

  /** A row of fields. */
  private record Fields(long line, long number, List<String> fields) implements Row {
    @Override
    public @Nullable String text(ColumnRef column) throws BadRowException {
      String text = fields.get(column.index()).strip();
      if (text.isEmpty()) {
        return null;
      }
      if (text.indexOf('\uFFFD') >= 0) {
        throw new BadRowException(
            "column " + column.name() + ": bytes that are not in the declared charset", text);
      }
      return text;
    }

    @Override
    public List<String> texts(ColumnRef column, String separator) throws BadRowException {
      String text = text(column);
      return Separated.split(text == null ? "" : text, separator);
    }
  }
}
