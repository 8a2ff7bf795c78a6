package io.winnow.core.application;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One place of the application file under its path, such as {@code serving.deadline}. Reading a
 * value that is not what it should be notes a problem and gives the fallback, so that the rest of
 * the file is checked too.
 */
final class Section {
  private final String path;
  private final @Nullable YamlNode node;
  private final String location;
  private final Problems problems;

  private Section(String path, @Nullable YamlNode node, String location, Problems problems) {
    this.path = path;
    this.node = node instanceof YamlNode.Empty ? null : node;
    this.location = node == null ? location : node.location();
    this.problems = problems;
  }

  static Section root(YamlNode node, Problems problems) {
    return new Section("", node, node.location(), problems);
  }

  String path() {
    return path;
  }

  boolean isPresent() {
    return node != null;
  }

  boolean isScalar() {
    return node instanceof YamlNode.Scalar;
  }

  boolean isList() {
    return node instanceof YamlNode.Sequence;
  }

  boolean isMapping() {
    return node instanceof YamlNode.Mapping;
  }

  /** Notes that this value is wrong. */
  void problem(String expectation) {
    problem(node == null ? "missing" : node.display(), expectation);
  }

  /** Notes that a part of this value is wrong. */
  void problem(String value, String expectation) {
    problems.add(path.isEmpty() ? "file" : path, value, expectation, location);
  }

  /** The value under a key; absent if there is none. */
  Section get(String key) {
    YamlNode child = node instanceof YamlNode.Mapping mapping ? mapping.entries().get(key) : null;
    return child(path.isEmpty() ? key : path + "." + key, child);
  }

  /** Checks that this is a mapping (or absent) with no other keys, and names the nearest known. */
  Section onlyKeys(Collection<String> known) {
    for (String key : keys()) {
      if (!known.contains(key)) {
        Section unknown = get(key);
        problems.add(
            unknown.path, "unknown key", NearestName.expectation(key, known), unknown.location);
      }
    }
    return this;
  }

  /** The keys of a mapping in the file's order; a problem if it is something else. */
  List<String> keys() {
    if (node instanceof YamlNode.Mapping mapping) {
      return List.copyOf(mapping.entries().keySet());
    }
    if (node != null) {
      problem("a mapping of keys to values");
    }
    return List.of();
  }

  /** The elements of a list; one scalar counts as a list of one. */
  List<Section> elements() {
    if (node instanceof YamlNode.Sequence sequence) {
      List<Section> elements = new ArrayList<>();
      for (YamlNode element : sequence.elements()) {
        elements.add(child(path + "[" + elements.size() + "]", element));
      }
      return elements;
    }
    if (node instanceof YamlNode.Scalar) {
      return List.of(this);
    }
    if (node != null) {
      problem("a list");
    }
    return List.of();
  }

  /** The scalar as written; a problem if it is absent. */
  Optional<String> text() {
    if (node instanceof YamlNode.Scalar scalar) {
      return Optional.of(scalar.text());
    }
    problem("a single value");
    return Optional.empty();
  }

  /** The scalar as written, or the fallback if it is absent. */
  String text(String fallback) {
    return node == null ? fallback : text().orElse(fallback);
  }

  /** The texts of a list. */
  List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (Section element : elements()) {
      element.text().ifPresent(texts::add);
    }
    return texts;
  }

  /** The constant whose name in small letters is written here; a problem if there is none. */
  <E extends Enum<E>> Optional<E> oneOf(List<E> constants) {
    Optional<String> name = text();
    if (name.isEmpty()) {
      return Optional.empty();
    }
    for (E constant : constants) {
      if (spelling(constant).equals(name.get())) {
        return Optional.of(constant);
      }
    }
    problem(
        NearestName.expectation(name.get(), constants.stream().map(Section::spelling).toList()));
    return Optional.empty();
  }

  private static String spelling(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  boolean bool(boolean fallback) {
    return switch (text(Boolean.toString(fallback))) {
      case "true" -> true;
      case "false" -> false;
      default -> {
        problem("true or false");
        yield fallback;
      }
    };
  }

  double number(double fallback, double min, double max) {
    String expectation = "a number from " + shorter(min) + " to " + shorter(max);
    return value(fallback, expectation, Section::parseNumber, v -> v >= min && v <= max);
  }

  int integer(int fallback, int min, int max) {
    String expectation = "a whole number from " + min + " to " + max;
    return value(
        fallback,
        expectation,
        text -> text.matches("-?\\d{1,9}") ? Optional.of(Integer.parseInt(text)) : Optional.empty(),
        v -> v >= min && v <= max);
  }

  Duration duration(Duration fallback, Duration min, Duration max) {
    String expectation =
        Durations.EXPECTATION + ", from " + Durations.format(min) + " to " + Durations.format(max);
    return value(
        fallback,
        expectation,
        Durations::parse,
        v -> v.compareTo(min) >= 0 && v.compareTo(max) <= 0);
  }

  /** Reads with a parser of expressions, whose errors name the position. */
  <T> Optional<T> expression(Function<String, T> parser) {
    Optional<String> text = text();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(parser.apply(text.get()));
    } catch (ExpressionException e) {
      problem(e.expectation());
      return Optional.empty();
    }
  }

  private <T> T value(
      T fallback, String expectation, Function<String, Optional<T>> parser, Predicate<T> allowed) {
    if (node == null) {
      return fallback;
    }
    if (node instanceof YamlNode.Scalar scalar) {
      Optional<T> value = parser.apply(scalar.text()).filter(allowed);
      if (value.isPresent()) {
        return value.get();
      }
    }
    problem(expectation);
    return fallback;
  }

  static Optional<Double> parseNumber(String text) {
    return text.matches("[-+]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][-+]?\\d{1,3})?")
        ? Optional.of(Double.parseDouble(text)).filter(Double::isFinite)
        : Optional.empty();
  }

  private static String shorter(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  private Section child(String childPath, @Nullable YamlNode child) {
    return new Section(childPath, child, location, problems);
  }
}
