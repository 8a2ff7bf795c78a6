package io.winnow.events.importing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows that are JSON objects, one a line; a column is a name, or names with dots between them. */
final class NdjsonReader implements Row.Reader {
  private static final ObjectReader JSON =
      new ObjectMapper()
          .readerFor(JsonNode.class)
          .with(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private final LineReader lines;
  private long line;
  private long number;

  NdjsonReader(LineReader lines) {
    this.lines = lines;
  }

  @Override
  public ColumnRef find(String name) {
    return new ColumnRef(name, -1, List.of(name.split("\\.", -1)));
  }

  @Override
  public List<String> names() {
    return List.of();
  }

  @Override
  public long line() {
    return line;
  }

  @Override
  public @Nullable Row next() throws BadRowException, IOException {
    LineReader.Line next = lines.next();
    while (next != null && next.text().isBlank()) {
      next = lines.next();
    }
    if (next == null) {
      return null;
    }
    line = next.number();
    number++;
    if (next.tooLong()) {
      throw new BadRowException(
          "a line of more than " + LineReader.LENGTH_MAX + " characters", next.text());
    }
    JsonNode node;
    try {
      node = JSON.readValue(next.text());
    } catch (JsonProcessingException e) {
      throw new BadRowException("not JSON", next.text());
    }
    if (!node.isObject()) {
      throw new BadRowException("not a JSON object", next.text());
    }
    return new JsonRow(line, number, node);
  }

  /** Half of a pair, which an escape in JSON can hold and UTF-8 cannot. */
  private static boolean isSurrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  /** A row that is an object. */
  private record JsonRow(long line, long number, JsonNode object) implements Row {
    private @Nullable JsonNode node(ColumnRef column) {
      // A name that has a dot in it goes before a path.
      JsonNode node = object.get(column.name());
      if (node == null) {
        node = object;
        for (String name : column.path()) {
          node = node == null ? null : node.get(name);
        }
      }
      return node == null || node.isNull() ? null : node;
    }

    @Override
    public @Nullable String text(ColumnRef column) throws BadRowException {
      JsonNode node = node(column);
      return node == null ? null : scalar(column, node);
    }

    private static @Nullable String scalar(ColumnRef column, JsonNode node) throws BadRowException {
      if (node.isContainerNode()) {
        throw new BadRowException(
            "column " + column.name() + ": not a string, number or boolean", node.toString());
      }
      String text = plain(node).strip();
      if (text.codePoints().anyMatch(NdjsonReader::isSurrogate)) {
        throw new BadRowException("column " + column.name() + ": unpaired surrogates", text);
      }
      if (text.indexOf('\uFFFD') >= 0) {
        throw new BadRowException(
            "column " + column.name() + ": bytes that are not in the declared charset", text);
      }
      return text.isEmpty() ? null : text;
    }

    /** As text; a number the shortest way without an exponent, so that 7.0 is the id 7. */
    private static String plain(JsonNode node) {
      return node.isFloatingPointNumber() && Double.isFinite(node.doubleValue())
          ? node.decimalValue().stripTrailingZeros().toPlainString()
          : node.asText();
    }

    @Override
    public List<String> texts(ColumnRef column, String separator) throws BadRowException {
      JsonNode node = node(column);
      if (node == null) {
        return List.of();
      }
      if (!node.isArray()) {
        String text = scalar(column, node);
        return Separated.split(text == null ? "" : text, separator);
      }
      List<String> texts = new ArrayList<>();
      for (JsonNode element : node) {
        String text = scalar(column, element);
        if (text != null) {
          texts.add(text);
        }
      }
      return texts;
    }
  }
}
