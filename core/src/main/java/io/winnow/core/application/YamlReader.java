package io.winnow.core.application;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Turns YAML into {@link YamlNode}s. Refuses what makes a file ambiguous or unbounded: repeated
 * keys, aliases, several documents, more than {@value #MAX_CHARACTERS} characters, nesting deeper
 * than {@value #MAX_DEPTH}.
 *
 * <p>One liberty is taken. In a flow mapping YAML ends a plain value at a comma, so that <code>
 * { ctr: rate(click, impression) over 1d }</code> would be two entries. The entry without value
 * that follows continues a value with an open parenthesis, one with a window if it begins with a
 * duration (<code>{ watches: count(watch) over 1h, 1d }</code>), and Kafka's servers before the
 * topic. No key of an application file looks like that.
 */
final class YamlReader {
  static final int MAX_CHARACTERS = 1_000_000;
  static final int MAX_DEPTH = 32;

  private static final Pattern OVER = Pattern.compile("\\bover\\s+\\d");
  private static final Pattern BEGINS_WITH_DURATION = Pattern.compile("\\d+(ms|s|m|h|d)\\b");
  private static final Pattern SERVERS = Pattern.compile("kafka://[^/]*");

  private final YAMLParser parser;
  private final String sourceName;
  private final Problems problems;

  private YamlReader(YAMLParser parser, String sourceName, Problems problems) {
    this.parser = parser;
    this.sourceName = sourceName;
    this.problems = problems;
  }

  /** The text's one document; {@link YamlNode.Empty} if it has none or is not YAML. */
  static YamlNode read(String text, String sourceName, Problems problems) {
    YamlNode nothing = new YamlNode.Empty(sourceName + ":1");
    if (text.length() > MAX_CHARACTERS) {
      problems.add(
          "file", text.length() + " characters", "at most " + MAX_CHARACTERS, sourceName + ":1");
      return nothing;
    }
    try (YAMLParser parser = new YAMLFactory().createParser(text)) {
      YamlReader reader = new YamlReader(parser, sourceName, problems);
      YamlNode document = parser.nextToken() == null ? nothing : reader.node("", 0);
      if (parser.nextToken() != null) {
        problems.add("file", "a second document", "one YAML document", reader.location());
      }
      return document;
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      problems.add(
          "file",
          String.valueOf(e.getOriginalMessage()).replaceAll("\\s*\\R\\s*", " "),
          "well-formed YAML",
          sourceName + ":" + line);
      return nothing;
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
  }

  private YamlNode node(String path, int depth) throws IOException {
    String location = location();
    if (depth > MAX_DEPTH) {
      problems.add(path, "nesting", "at most " + MAX_DEPTH + " levels", location);
      parser.skipChildren();
      return new YamlNode.Empty(location);
    }
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      return mapping(path, depth, location);
    }
    if (token == JsonToken.START_ARRAY) {
      List<YamlNode> elements = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        elements.add(node(path + "[" + elements.size() + "]", depth + 1));
      }
      return new YamlNode.Sequence(elements, location);
    }
    if (parser.isCurrentAlias()) {
      problems.add(path, "*" + parser.getText(), "the value itself; write * in quotes", location);
      return new YamlNode.Empty(location);
    }
    return token == JsonToken.VALUE_NULL
        ? new YamlNode.Empty(location)
        : new YamlNode.Scalar(parser.getText(), location);
  }

  private YamlNode mapping(String path, int depth, String location) throws IOException {
    Map<String, YamlNode> entries = new LinkedHashMap<>();
    String previous = "";
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      String keyLocation = location();
      parser.nextToken();
      String keyPath = path.isEmpty() ? key : path + "." + key;
      YamlNode value = node(keyPath, depth + 1);
      if (value instanceof YamlNode.Empty
          && entries.get(previous) instanceof YamlNode.Scalar open
          && continues(open.text(), key)) {
        entries.put(previous, new YamlNode.Scalar(open.text() + ", " + key, open.location()));
        continue;
      }
      if (entries.putIfAbsent(key, value) != null) {
        problems.add(keyPath, "a second time", "each key once", keyLocation);
      }
      previous = key;
    }
    return new YamlNode.Mapping(entries, location);
  }

  private static boolean continues(String text, String key) {
    return text.chars().filter(c -> c == '(').count() > text.chars().filter(c -> c == ')').count()
        || (OVER.matcher(text).find() && BEGINS_WITH_DURATION.matcher(key).lookingAt())
        || SERVERS.matcher(text).matches();
  }

  private String location() {
    return sourceName + ":" + Math.max(1, parser.currentTokenLocation().getLineNr());
  }
}
