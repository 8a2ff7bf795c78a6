package io.winnow.core.application;

import io.winnow.core.WinnowException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Settings as people write them: YAML, nested mappings of single values, read with the rules of the
 * application file (no repeated keys, no aliases, one document, bounded).
 */
public final class SettingsText {
  private SettingsText() {}

  /**
   * A value as it was written.
   *
   * @param text its spelling
   * @param location such as {@code tuned.yaml:7}
   */
  public record Value(String text, String location) {}

  /**
   * The values of a text by their paths, such as {@code encoder.training.epochs}, in its order.
   *
   * @param sourceName names the text in problems
   * @throws WinnowException with {@code INVALID_ARGUMENT} and every problem: not YAML, or anything
   *     but mappings and single values
   */
  public static Map<String, Value> parse(String text, String sourceName) {
    Problems problems = new Problems();
    YamlNode document = YamlReader.read(text, sourceName, problems);
    Map<String, Value> values = new LinkedHashMap<>();
    collect("", document, values, problems);
    problems.throwIfAny();
    return values;
  }

  private static void collect(
      String path, YamlNode node, Map<String, Value> values, Problems problems) {
    String field = path.isEmpty() ? "file" : path;
    switch (node) {
      case YamlNode.Mapping mapping ->
          mapping
              .entries()
              .forEach((key, child) ->
                  collect(path.isEmpty() ? key : path + "." + key, child, values, problems));
      case YamlNode.Scalar scalar -> {
        if (path.isEmpty()) {
          problems.add(field, scalar.display(), "settings as 'name: value'", scalar.location());
        } else {
          values.put(path, new Value(scalar.text(), scalar.location()));
        }
      }
      case YamlNode.Sequence list ->
          problems.add(field, list.display(), "a single value", list.location());
      case YamlNode.Empty nothing -> {
        // A file of comments changes nothing; a name without a value was left unfinished.
        if (!path.isEmpty()) {
          problems.add(field, nothing.display(), "a single value", nothing.location());
        }
      }
    }
  }
}
