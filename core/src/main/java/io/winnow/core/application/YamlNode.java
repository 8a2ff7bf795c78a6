package io.winnow.core.application;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A piece of a YAML text that knows where it stands, which Jackson's own tree does not.
 *
 * <p>Scalars keep their spelling: what is a number, a duration or a name is decided by whoever
 * reads the field.
 */
sealed interface YamlNode {
  /** Such as {@code winnow.yaml:7}. */
  String location();

  /** How the value appears in a problem. */
  String display();

  /** One value as it was written. */
  record Scalar(String text, String location) implements YamlNode {
    @Override
    public String display() {
      return text;
    }
  }

  /** Nothing, {@code null} or {@code ~}. */
  record Empty(String location) implements YamlNode {
    @Override
    public String display() {
      return "nothing";
    }
  }

  /** A list. */
  record Sequence(List<YamlNode> elements, String location) implements YamlNode {
    public Sequence {
      elements = List.copyOf(elements);
    }

    @Override
    public String display() {
      return "a list of " + elements.size();
    }
  }

  /** Keys with values, in the file's order. */
  record Mapping(Map<String, YamlNode> entries, String location) implements YamlNode {
    public Mapping {
      entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    }

    @Override
    public String display() {
      return entries.isEmpty() ? "{}" : "a mapping with " + String.join(", ", entries.keySet());
    }
  }
}
