package io.winnow.core.application;

/**
 * How the application is run.
 *
 * @param featureStore bounds and audit of the feature store
 * @param engines what log and features are kept in
 * @param retraining when models are trained anew
 */
public record Operations(FeatureStorePolicy featureStore, Engines engines, Retraining retraining) {
  /** Embedded, with the default bounds, and trained only when somebody asks. */
  public static final Operations DEFAULT =
      new Operations(FeatureStorePolicy.DEFAULT, Engines.EMBEDDED, Retraining.MANUAL);
}
