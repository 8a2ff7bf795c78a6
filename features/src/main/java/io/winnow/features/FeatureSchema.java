package io.winnow.features;

import io.winnow.core.Problem;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.DefinitionText;
import io.winnow.core.application.FeatureDefinition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The names and order of numeric features: column f of every feature matrix of this schema is
 * {@code names().get(f)}. Lists such as the last n items are not columns. What a column holds is
 * told by its name and its {@link FeatureDefinition#version()}. Immutable; equal if the definitions
 * are.
 */
public final class FeatureSchema {
  private final List<FeatureDefinition> definitions;
  private final List<String> names;
  private final long hash;

  /**
   * A schema of columns.
   *
   * @param definitions one for each column
   */
  public FeatureSchema(List<FeatureDefinition> definitions) {
    this.definitions = List.copyOf(definitions);
    this.names = this.definitions.stream().map(FeatureDefinition::qualifiedName).toList();
    this.hash = hash(this.definitions);
  }

  /** The numeric features of an application, in the file's order. */
  public static FeatureSchema of(ApplicationDefinition application) {
    return new FeatureSchema(
        application.features().stream()
            .filter(f -> !(f.aggregation() instanceof FeatureDefinition.Aggregation.LastItems))
            .toList());
  }

  /** One definition for each column. */
  public List<FeatureDefinition> definitions() {
    return definitions;
  }

  /** F, how many columns. */
  public int size() {
    return definitions.size();
  }

  /** The columns' qualified names. */
  public List<String> names() {
    return names;
  }

  /** Identifies names, order and definitions: FNV-1a (64 bit) over names and versions. */
  public long hash() {
    return hash;
  }

  /**
   * What keeps a store from answering with these columns: one problem for each that it does not
   * compute, or computes by another definition. Empty if it can.
   *
   * @param held what the store computes
   */
  public List<Problem> missingFrom(Collection<FeatureDefinition> held) {
    Set<FeatureDefinition> known = new HashSet<>(held);
    List<Problem> problems = new ArrayList<>();
    for (FeatureDefinition wanted : definitions) {
      if (!known.contains(wanted)) {
        FeatureDefinition other = sameName(held, wanted);
        problems.add(
            new Problem(
                "features." + wanted.qualifiedName(),
                other == null ? "missing" : describe(other),
                describe(wanted)));
      }
    }
    return problems;
  }

  private static @Nullable FeatureDefinition sameName(
      Collection<FeatureDefinition> held, FeatureDefinition wanted) {
    return held.stream()
        .filter(candidate -> candidate.qualifiedName().equals(wanted.qualifiedName()))
        .findFirst()
        .orElse(null);
  }

  private static String describe(FeatureDefinition definition) {
    return "version " + definition.version() + ": " + DefinitionText.of(definition.aggregation());
  }

  static long hash(List<FeatureDefinition> definitions) {
    long h = 0xcbf29ce484222325L;
    for (FeatureDefinition definition : definitions) {
      String text = definition.qualifiedName() + "@" + definition.version() + "\n";
      for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
        h = (h ^ (b & 0xff)) * 0x100000001b3L;
      }
    }
    return h;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other
        || (other instanceof FeatureSchema schema
            && hash == schema.hash
            && definitions.equals(schema.definitions));
  }

  @Override
  public int hashCode() {
    return Long.hashCode(hash);
  }

  @Override
  public String toString() {
    return names.toString();
  }
}
