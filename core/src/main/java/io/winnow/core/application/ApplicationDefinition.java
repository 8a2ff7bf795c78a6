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
 * @param retraining when models are trained anew
 */
public record ApplicationDefinition(
    String name,
    Schema schema,
    List<FeatureDefinition> features,
    Objectives objectives,
    Policy policy,
    Imports imports,
    Retraining retraining) {
  /** Copies the features. */
  public ApplicationDefinition {
    features = List.copyOf(features);
  }

  /** A definition whose models are trained only when somebody asks. */
  public ApplicationDefinition(
      String name,
      Schema schema,
      List<FeatureDefinition> features,
      Objectives objectives,
      Policy policy,
      Imports imports) {
    this(name, schema, features, objectives, policy, imports, Retraining.MANUAL);
  }
}
