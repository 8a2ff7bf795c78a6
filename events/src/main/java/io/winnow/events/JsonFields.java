package io.winnow.events;

import com.fasterxml.jackson.databind.JsonNode;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of one JSON object by name and type, and collects what is wrong with them
 * instead of stopping at the first. A field that holds {@code null} counts as absent. Every name
 * that was asked for is known; {@link #refuseUnknown()} reports the others.
 *
 * <p>Not thread-safe.
 */
public final class JsonFields {
  private final String path;
  private final @Nullable JsonNode object;
  private final List<Problem> problems;
  private final Set<String> known = new LinkedHashSet<>();

  private JsonFields(String path, @Nullable JsonNode object, List<Problem> problems) {
    this.path = path;
    this.object = object;
    this.problems = problems;
  }

  /**
   * Reads an object that is a whole document.
   *
   * @param what the name under which a value that is no object is reported
   */
  public static JsonFields of(String what, JsonNode node) {
    List<Problem> problems = new ArrayList<>();
    if (!node.isObject()) {
      problems.add(new Problem(what, describe(node), "a JSON object"));
      return new JsonFields("", null, problems);
    }
    return new JsonFields("", node, problems);
  }

  /** The object in a field, with this reader's list of problems; empty if absent. */
  public JsonFields object(String name) {
    JsonNode node = field(name);
    if (node != null && !node.isObject()) {
      problem(name, node, "a JSON object");
      node = null;
    }
    return new JsonFields(path + name + ".", node, problems);
  }

  /** The names that the object has, in its order. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    if (object != null) {
      for (Iterator<String> i = object.fieldNames(); i.hasNext(); ) {
        names.add(i.next());
      }
    }
    return names;
  }

  /** The raw value of a field; null if absent. */
  public @Nullable JsonNode field(String name) {
    known.add(name);
    JsonNode node = object == null ? null : object.get(name);
    return node == null || node.isNull() ? null : node;
  }

  /** A string; null if absent or of another type. */
  public @Nullable String text(String name) {
    JsonNode node = field(name);
    if (node == null) {
      return null;
    }
    if (!node.isTextual()) {
      problem(name, node, "a JSON string");
      return null;
    }
    if (!isUnicode(node.textValue())) {
      problem(name, node, "Unicode text without unpaired surrogates");
      return null;
    }
    return node.textValue();
  }

  /**
   * A string that a constructor turns into an identifier; null if absent or wrong.
   *
   * @param constructor throws a {@link WinnowException} for a bad value; its problems are reported
   *     under {@code name}
   */
  public <T> @Nullable T identifier(String name, Function<String, T> constructor) {
    String text = text(name);
    if (text == null) {
      return null;
    }
    try {
      return constructor.apply(text);
    } catch (WinnowException e) {
      e.problems().forEach(p -> problem(name, p.value(), p.expectation()));
      return null;
    }
  }

  /** A finite number; null if absent or of another type. */
  public @Nullable Double number(String name) {
    JsonNode node = field(name);
    if (node == null) {
      return null;
    }
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      problem(name, node, "a finite JSON number");
      return null;
    }
    return node.doubleValue();
  }

  /** A whole number between two bounds, both included; null if absent or wrong. */
  public @Nullable Integer integer(String name, int min, int max) {
    JsonNode node = field(name);
    if (node == null) {
      return null;
    }
    if (!node.isIntegralNumber()
        || !node.canConvertToInt()
        || node.intValue() < min
        || node.intValue() > max) {
      problem(name, node, "a whole number, " + min + " to " + max);
      return null;
    }
    return node.intValue();
  }

  /** True or false; null if absent or of another type. */
  public @Nullable Boolean bool(String name) {
    JsonNode node = field(name);
    if (node != null && !node.isBoolean()) {
      problem(name, node, "true or false");
      return null;
    }
    return node == null ? null : node.booleanValue();
  }

  /** An array of strings; empty if absent or wrong. */
  public List<String> texts(String name, int maxSize) {
    JsonNode node = field(name);
    if (node == null) {
      return List.of();
    }
    if (!node.isArray()) {
      problem(name, node, "a JSON array of strings");
      return List.of();
    }
    if (node.size() > maxSize) {
      problem(name, node.size() + " elements", "at most " + maxSize + " elements");
      return List.of();
    }
    List<String> texts = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      if (node.get(i).isTextual() && isUnicode(node.get(i).textValue())) {
        texts.add(node.get(i).textValue());
      } else {
        problem(name + "[" + i + "]", node.get(i), "a JSON string");
      }
    }
    return texts;
  }

  /**
   * An array of objects, each with this reader's list of problems; empty if absent or wrong. What
   * is no object is reported and left out.
   */
  public List<JsonFields> objects(String name) {
    JsonNode node = field(name);
    if (node == null) {
      return List.of();
    }
    if (!node.isArray()) {
      problem(name, node, "a JSON array of objects");
      return List.of();
    }
    List<JsonFields> objects = new ArrayList<>(node.size());
    for (int i = 0; i < node.size(); i++) {
      if (node.get(i).isObject()) {
        objects.add(new JsonFields(path + name + "[" + i + "].", node.get(i), problems));
      } else {
        problem(name + "[" + i + "]", node.get(i), "a JSON object");
      }
    }
    return objects;
  }

  /** Every field as a string, numbers and truth values as they are written; all become known. */
  public Map<String, String> scalars() {
    Map<String, String> scalars = new LinkedHashMap<>();
    for (String name : names()) {
      JsonNode node = field(name);
      if (node != null && (node.isNumber() || node.isBoolean())) {
        scalars.put(name, node.asText());
      } else {
        String text = text(name);
        if (text != null) {
          scalars.put(name, text);
        }
      }
    }
    return scalars;
  }

  /** Reports a field that must be there and is not. */
  public void require(String name) {
    if (object != null && field(name) == null) {
      problem(name, "absent", "present");
    }
  }

  /** Reports a field. */
  public void problem(String name, JsonNode node, String expectation) {
    problem(name, describe(node), expectation);
  }

  /** Reports a field. */
  public void problem(String name, String value, String expectation) {
    problems.add(new Problem(path + name, value, expectation));
  }

  /** Reports every field that nobody asked for, with the nearest that somebody did. */
  public void refuseUnknown() {
    for (String name : names()) {
      if (!known.contains(name)) {
        problem(name, "unknown field", Nearest.expectation("field", name, known));
      }
    }
  }

  /** Everything reported so far by this reader and those of its objects; a live list. */
  public List<Problem> problems() {
    return problems;
  }

  /**
   * Ends the reading.
   *
   * @throws WinnowException with every problem, if there is one
   */
  public void throwProblems() {
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
  }

  /** Whether a text can be written as UTF-8: a lone surrogate has no encoding. */
  static boolean isUnicode(String text) {
    return text.codePoints()
        .noneMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE);
  }

  /** Short, whatever the value holds. */
  private static String describe(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> "an object";
      case ARRAY -> "an array";
      case STRING -> node.textValue();
      case MISSING -> "nothing";
      case NULL, BOOLEAN, NUMBER, BINARY, POJO -> node.asText();
    };
  }
}
