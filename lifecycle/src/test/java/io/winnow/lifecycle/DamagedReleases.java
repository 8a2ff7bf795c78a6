package io.winnow.lifecycle;

import io.winnow.core.Seed;
import io.winnow.core.application.ApplicationFile;
import io.winnow.features.FeatureSchema;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.network.NetworkDamage;
import io.winnow.models.ranker.RankerSpec;
import io.winnow.models.ranker.TrainedRanker;
import io.winnow.retrieval.PartitionedIndex;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;

/** Releases that are wrong in one way, made of a good one. */
public final class DamagedReleases {
  private DamagedReleases() {}

  /** Vectors belong to other items than they were trained for, in encoder and index alike. */
  public static Release shuffledVectors(Release good, String version) {
    TrainedEncoder encoder = encoder(good);
    int width = encoder.spec().embeddingSize();
    int items = encoder.itemVectors().length / width;
    List<Integer> rows = new ArrayList<>(IntStream.range(0, items).boxed().toList());
    Collections.shuffle(rows, new Random(5));
    float[] shuffled = new float[encoder.itemVectors().length];
    for (int item = 0; item < items; item++) {
      System.arraycopy(
          encoder.itemVectors(), rows.get(item) * width, shuffled, item * width, width);
    }
    TrainedEncoder damaged = with(encoder, shuffled);
    return with(good, version, new RetrievalModels.Deep(damaged, index(damaged)));
  }

  /** The index holds the vectors of another release's encoder. */
  public static Release indexOf(Release good, Release other, String version) {
    RetrievalModels.Deep deep = Objects.requireNonNull(other.models().deep());
    return with(good, version, new RetrievalModels.Deep(encoder(good), deep.index()));
  }

  /** One number of one vector is none. */
  public static Release nanInAVector(Release good, String version) {
    RetrievalModels.Deep deep = Objects.requireNonNull(good.models().deep());
    float[] vectors = deep.encoder().itemVectors().clone();
    vectors[17] = Float.NaN;
    return with(
        good, version, new RetrievalModels.Deep(with(deep.encoder(), vectors), deep.index()));
  }

  /** The ranker's columns have the names of others. */
  public static Release swappedColumns(Release good, String version) {
    RankerSpec spec = Objects.requireNonNull(good.trainedRanker()).spec();
    List<String> names = new ArrayList<>(spec.featureNames());
    Collections.swap(names, 0, 1);
    return with(good, version, good.application(), names);
  }

  /** The ranker prefers what it should avoid. */
  public static Release upsideDown(Release good, String version) {
    TrainedRanker ranker = Objects.requireNonNull(good.trainedRanker());
    RankerSpec spec = ranker.spec();
    return new Release(
        manifest(good, version, good.application()),
        good.application(),
        good.models(),
        new TrainedRanker(
            ranker.onnx(),
            new RankerSpec(
                spec.featureNames(),
                spec.embeddingSize(),
                spec.objectives(),
                spec.weights().stream().map(weight -> -weight).toList(),
                spec.metrics(),
                spec.history())));
  }

  /** A ranker that says the same, after a long computation that changes nothing. */
  public static Release slow(Release good, String version) {
    TrainedRanker ranker = Objects.requireNonNull(good.trainedRanker());
    byte[] onnx =
        new NetworkDamage(ranker.onnx())
            .slow("features", ranker.spec().featureNames().size(), 256, 256)
            .toBytes();
    return new Release(
        manifest(good, version, good.application()),
        good.application(),
        good.models(),
        new TrainedRanker(onnx, ranker.spec()));
  }

  /** The same models under another application file. */
  public static Release under(Release good, ApplicationFile application, String version) {
    return new Release(
        manifest(good, version, application), application, good.models(), good.trainedRanker());
  }

  /** The same in every way but its name. */
  public static Release renamed(Release good, String version) {
    return under(good, good.application(), version);
  }

  private static TrainedEncoder encoder(Release release) {
    return Objects.requireNonNull(release.models().deep()).encoder();
  }

  private static TrainedEncoder with(TrainedEncoder encoder, float[] itemVectors) {
    return new TrainedEncoder(
        itemVectors, encoder.tokenVectors(), encoder.onnx(), encoder.spec(), encoder.weights());
  }

  private static PartitionedIndex index(TrainedEncoder encoder) {
    return PartitionedIndex.build(
        encoder.spec().embeddingSize(),
        IntStream.range(0, encoder.spec().itemCount()).toArray(),
        encoder.itemVectors(),
        new float[0],
        PartitionedIndex.Config.DEFAULT,
        new Seed(1),
        1);
  }

  private static Release with(Release good, String version, RetrievalModels.Deep deep) {
    RetrievalModels models = good.models();
    return new Release(
        manifest(good, version, good.application()),
        good.application(),
        new RetrievalModels(models.vocabulary(), models.tokenizer(), deep, models.linear()),
        good.trainedRanker());
  }

  private static Release with(
      Release good, String version, ApplicationFile application, List<String> featureNames) {
    TrainedRanker ranker = Objects.requireNonNull(good.trainedRanker());
    RankerSpec spec = ranker.spec();
    return new Release(
        manifest(good, version, application),
        application,
        good.models(),
        new TrainedRanker(
            ranker.onnx(),
            new RankerSpec(
                featureNames,
                spec.embeddingSize(),
                spec.objectives(),
                spec.weights(),
                spec.metrics(),
                spec.history())));
  }

  private static ReleaseManifest manifest(
      Release good, String version, ApplicationFile application) {
    ReleaseManifest manifest = good.manifest();
    FeatureSchema schema = FeatureSchema.of(application.definition());
    return new ReleaseManifest(
        version,
        manifest.createdMs(),
        manifest.application(),
        schema.hash(),
        ReleaseManifest.Feature.of(schema),
        Map.of(),
        manifest.provenance(),
        manifest.metrics());
  }
}
