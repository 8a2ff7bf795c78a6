package io.winnow.core.application;

import java.util.List;

/**
 * Everything that a team declares about its application.
 *
 * @param name of the application
 * @param schema items, users and events
 * @param features in the file's order
 * @param objectives what a good slate leads to
 * @param policy sources, rules and deadline
 * @param imports files that can be imported
 * @param operations how it is run
 */
public record ApplicationDefinition(
    String name,
    Schema schema,
    List<FeatureDefinition> features,
    Objectives objectives,
    Policy policy,
    Imports imports,
    Operations operations) {
  /** Copies the features. */
  public ApplicationDefinition {
    features = List.copyOf(features);
  }

  /** A definition that is run as nobody said otherwise. */
  public ApplicationDefinition(
      String name,
      Schema schema,
      List<FeatureDefinition> features,
      Objectives objectives,
      Policy policy,
      Imports imports) {
    this(name, schema, features, objectives, policy, imports, Operations.DEFAULT);
  }
}
