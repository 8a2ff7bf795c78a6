package io.winnow.lifecycle;

import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.features.FeatureSchema;
import io.winnow.models.encoder.QueryEncoder;
import io.winnow.models.ranker.Ranker;
import io.winnow.models.ranker.TrainedRanker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One release in memory: query encoder, item vectors, index, linear models, ranker, feature schema
 * and policy, which move together. Immutable and thread-safe.
 *
 * <p>Its networks hold memory outside the heap, which is freed when nothing can reach the release
 * any more: a request that has begun, or a stage that nobody waits for any more, may use a release
 * long after it was replaced.
 */
public final class Release {
  /** The version of {@link #untrained}. */
  public static final String UNTRAINED = "untrained";

  private final ReleaseManifest manifest;
  private final ApplicationFile application;
  private final FeatureSchema features;
  private final RetrievalModels models;
  private final @Nullable TrainedRanker trainedRanker;
  private final @Nullable Ranker ranker;
  private final @Nullable QueryEncoder queryEncoder;

  Release(
      ReleaseManifest manifest,
      ApplicationFile application,
      RetrievalModels models,
      @Nullable TrainedRanker trainedRanker) {
    this.manifest = manifest;
    this.application = application;
    this.features = FeatureSchema.of(application.definition());
    this.models = models;
    this.trainedRanker = trainedRanker;
    this.ranker =
        trainedRanker == null ? null : Ranker.load(trainedRanker.onnx(), trainedRanker.spec());
    RetrievalModels.Deep deep = models.deep();
    this.queryEncoder =
        deep == null ? null : QueryEncoder.load(deep.encoder().onnx(), deep.encoder().spec());
  }

  /** What serves before anything was trained: the sources that live on the feature store alone. */
  public static Release untrained(ApplicationFile application) {
    return unranked(
        application,
        new RetrievalModels(
            List.of(),
            new ItemTokenizer(application.definition().schema(), List.of()),
            null,
            null));
  }

  /** Retrieval models without a ranker, as the ranker's training needs them. */
  static Release unranked(ApplicationFile application, RetrievalModels models) {
    return new Release(
        new ReleaseManifest(
            UNTRAINED,
            0,
            application.definition().name(),
            FeatureSchema.of(application.definition()).hash(),
            ReleaseManifest.Feature.of(FeatureSchema.of(application.definition())),
            Map.of(),
            new ReleaseManifest.Provenance(0, 0, 0, 0, Winnow.VERSION, Winnow.environment(), null),
            Map.of()),
        application,
        models,
        null);
  }

  /**
   * Loads a bundle after comparing every byte with its manifest.
   *
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND}, {@code CORRUPT}, or {@code
   *     CONFLICT} if another Winnow wrote it in a way that this one does not read
   */
  public static Release load(ReleaseStore store, String version) {
    return ReleaseFiles.load(store, version);
  }

  /**
   * The application file that a bundle was trained with, without loading the rest: it says which
   * features the release needs.
   *
   * @throws io.winnow.core.WinnowException with {@code NOT_FOUND} or {@code CORRUPT}
   */
  public static ApplicationFile applicationOf(ReleaseStore store, String version) {
    return ReleaseFiles.application(store, version);
  }

  /**
   * Publishes the release as a bundle. It is not active yet.
   *
   * @return the manifest as stored, with its files
   */
  public ReleaseManifest publish(ReleaseStore store) {
    return store.publish(manifest, bundle -> ReleaseFiles.write(this, bundle));
  }

  /** Writes every file of a bundle but the manifest. */
  public void writeTo(Path bundle) throws IOException {
    ReleaseFiles.write(this, bundle);
  }

  /** Names the release. */
  public String version() {
    return manifest.version();
  }

  /** What it holds and where it comes from. */
  public ReleaseManifest manifest() {
    return manifest;
  }

  /** The application as it was when the release was trained. */
  public ApplicationDefinition definition() {
    return application.definition();
  }

  /**
   * The features that it reads, in the order of its ranker's columns; whatever the application
   * declares now, these are what a store must hold to serve it.
   */
  public FeatureSchema features() {
    return features;
  }

  ApplicationFile application() {
    return application;
  }

  RetrievalModels models() {
    return models;
  }

  @Nullable TrainedRanker trainedRanker() {
    return trainedRanker;
  }

  @Nullable Ranker ranker() {
    return ranker;
  }

  @Nullable QueryEncoder queryEncoder() {
    return queryEncoder;
  }
}
