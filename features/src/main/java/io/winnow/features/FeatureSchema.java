package io.winnow.features;

import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.FeatureDefinition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The names and order of the numeric features: column f of every feature matrix of this application
 * is {@code names.get(f)}. Lists such as the last n items are not columns.
 *
 * @param definitions one for each column
 */
public record FeatureSchema(List<FeatureDefinition> definitions) {
  /** Copies the list. */
  public FeatureSchema {
    definitions = List.copyOf(definitions);
  }

  /** The numeric features of an application, in the file's order. */
  public static FeatureSchema of(ApplicationDefinition application) {
    return new FeatureSchema(
        application.features().stream()
            .filter(f -> !(f.aggregation() instanceof FeatureDefinition.Aggregation.LastItems))
            .toList());
  }

  /** F, how many columns. */
  public int size() {
    return definitions.size();
  }

  /** The columns' qualified names. */
  public List<String> names() {
    List<String> names = new ArrayList<>();
    for (FeatureDefinition definition : definitions) {
      names.add(definition.qualifiedName());
    }
    return names;
  }

  /** Identifies names, order and definitions: FNV-1a (64 bit) over names and versions. */
  public long hash() {
    long h = 0xcbf29ce484222325L;
    for (FeatureDefinition definition : definitions) {
      String text = definition.qualifiedName() + "@" + definition.version() + "\n";
      for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
        h = (h ^ (b & 0xff)) * 0x100000001b3L;
      }
    }
    return h;
  }
}
