package io.winnow.core.application;

/**
 * How the application is run.
 *
 * @param featureStore bounds and audit of the feature store
 * @param engines what log and features are kept in
 * @param retraining when models are trained anew
 * @param rollout what a new release has to show
 * @param jobs what servers do by themselves beside training
 * @param experiments what is tested
 */
public record Operations(
    FeatureStorePolicy featureStore,
    Engines engines,
    Retraining retraining,
    Rollout rollout,
    Jobs jobs,
    Experiments experiments) {
  /** Without experiments, with the default ladder. */
  public Operations(FeatureStorePolicy featureStore, Engines engines, Retraining retraining) {
    this(featureStore, engines, retraining, Rollout.DEFAULT, Jobs.DEFAULT, Experiments.NONE);
  }

  /** Embedded, with the default bounds, and trained only when somebody asks. */
  public static final Operations DEFAULT =
      new Operations(FeatureStorePolicy.DEFAULT, Engines.EMBEDDED, Retraining.MANUAL);
}
