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
 */
public record ApplicationDefinition(
    String name,
    Schema schema,
    List<FeatureDefinition> features,
    Objectives objectives,
    Policy policy,
    Imports imports) {
  /** Copies the features. */
  public ApplicationDefinition {
    features = List.copyOf(features);
  }
}
