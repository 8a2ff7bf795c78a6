package io.winnow.core.application;

/**
 * How the application is run.
 *
 * @param featureStore bounds and audit of the feature store
 * @param engines what log and features are kept in
 * @param retraining when models are trained anew
 * @param experiments what is tested
 */
public record Operations(
    FeatureStorePolicy featureStore,
    Engines engines,
    Retraining retraining,
    Experiments experiments) {
  /** Without experiments. */
  public Operations(FeatureStorePolicy featureStore, Engines engines, Retraining retraining) {
    this(featureStore, engines, retraining, Experiments.NONE);
  }

  /** Embedded, with the default bounds, and trained only when somebody asks. */
  public static final Operations DEFAULT =
      new Operations(FeatureStorePolicy.DEFAULT, Engines.EMBEDDED, Retraining.MANUAL);
}
