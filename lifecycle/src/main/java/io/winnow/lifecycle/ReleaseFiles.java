package io.winnow.lifecycle;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.ErrorCode;
import io.winnow.core.ItemId;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.features.FeatureSchema;
import io.winnow.models.ModelFile;
import io.winnow.models.encoder.EncoderSpec;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.linear.Ease;
import io.winnow.models.linear.ImplicitAls;
import io.winnow.models.linear.Popularity;
import io.winnow.models.linear.Transitions;
import io.winnow.models.ranker.RankerSpec;
import io.winnow.models.ranker.RankerWeights;
import io.winnow.models.ranker.TrainedRanker;
import io.winnow.retrieval.PartitionedIndex;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files of a bundle.
 *
 * <pre>
 * application.yaml                      the application file, as written by its team
 * items.json, tokens.json               vocabulary of items (row order of all models) and of attribute tokens
 * encoder.onnx, encoder.json,
 * encoder-vectors.bin, index.bin        query network, its shapes and figures, vectors, partitioned index
 * popularity.bin, transitions.bin,
 * ease.bin, ials.bin                    linear models
 * ranker.onnx, ranker.json              ranking network, its inputs and figures
 * ranker-weights.bin                    its weights, to go on training from; not in earlier bundles
 * </pre>
 */
final class ReleaseFiles {
  private static final String APPLICATION = "application.yaml";
  private static final String VECTORS_KIND = "encoder-vectors";
  private static final int VECTORS_VERSION = 1;
  private static final String RANKER_WEIGHTS = "ranker-weights.bin";
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private ReleaseFiles() {}

  static void write(Release release, Path bundle) throws IOException {
    RetrievalModels models = release.models();
    Files.writeString(bundle.resolve(APPLICATION), release.application().text());
    JSON.writeValue(
        bundle.resolve("items.json").toFile(),
        models.vocabulary().stream().map(ItemId::value).toList());
    JSON.writeValue(bundle.resolve("tokens.json").toFile(), models.tokenizer().vocabulary());
    RetrievalModels.Deep deep = models.deep();
    if (deep != null) {
      TrainedEncoder encoder = deep.encoder();
      Files.write(bundle.resolve("encoder.onnx"), encoder.onnx());
      JSON.writeValue(bundle.resolve("encoder.json").toFile(), encoder.spec());
      ModelFile.write(
          bundle.resolve("encoder-vectors.bin"),
          VECTORS_KIND,
          VECTORS_VERSION,
          out -> {
            ModelFile.writeFloats(out, encoder.itemVectors());
            ModelFile.writeFloats(out, encoder.tokenVectors());
            out.writeInt(encoder.weights().size());
            for (float[] weight : encoder.weights()) {
              ModelFile.writeFloats(out, weight);
            }
          });
      deep.index().write(bundle.resolve("index.bin"));
    }
    RetrievalModels.Linear linear = models.linear();
    if (linear != null) {
      linear.popularity().write(bundle.resolve("popularity.bin"));
      linear.transitions().write(bundle.resolve("transitions.bin"));
      linear.ease().write(bundle.resolve("ease.bin"));
      linear.ials().write(bundle.resolve("ials.bin"));
    }
    TrainedRanker ranker = release.trainedRanker();
    if (ranker != null) {
      Files.write(bundle.resolve("ranker.onnx"), ranker.onnx());
      JSON.writeValue(bundle.resolve("ranker.json").toFile(), ranker.spec());
      if (ranker.weights() != null) {
        ranker.weights().write(bundle.resolve(RANKER_WEIGHTS));
      }
    }
  }

  /** The application of a bundle, without its models. */
  static ApplicationFile application(ReleaseStore store, String version) {
    store.verifyFile(version, APPLICATION);
    return application(store, store.manifest(version));
  }

  /**
   * Reads a bundle.
   *
   * @throws WinnowException with {@code NOT_FOUND}, with {@code CORRUPT} naming the file, or with
   *     {@code CONFLICT} if every byte is as it was written, but another Winnow wrote it in a way
   *     that this one does not read
   */
  static Release load(ReleaseStore store, String version) {
    ReleaseManifest manifest = store.verify(version);
    try {
      return read(store, manifest);
    } catch (WinnowException e) {
      int format = store.format(version);
      String writer = manifest.provenance().codeVersion();
      boolean earlier = format < ReleaseManifest.FORMAT;
      if (e.code() != ErrorCode.CORRUPT || (!earlier && writer.equals(Winnow.VERSION))) {
        throw e;
      }
      throw new WinnowException(
          ErrorCode.CONFLICT,
          ("release %s: written by %s Winnow (%s, manifest of format %d) in a way that this one (%s,"
                  + " format %d) does not read; 'winnow train' makes a new release: %s")
              .formatted(
                  version,
                  earlier ? "an earlier" : "another",
                  writer,
                  format,
                  Winnow.VERSION,
                  ReleaseManifest.FORMAT,
                  e.getMessage()),
          e);
    }
  }

  private static Release read(ReleaseStore store, ReleaseManifest manifest) {
    String version = manifest.version();
    Bundle bundle = new Bundle(store, manifest);
    try {
      ApplicationFile application = application(store, manifest);
      List<ItemId> items =
          JSON
              .readValue(bundle.file("items.json").toFile(), new TypeReference<List<String>>() {})
              .stream()
              .map(ItemId::new)
              .toList();
      List<String> tokens =
          JSON.readValue(bundle.file("tokens.json").toFile(), new TypeReference<List<String>>() {});
      RetrievalModels models =
          new RetrievalModels(
              items,
              new ItemTokenizer(application.definition().schema(), tokens),
              readDeep(bundle),
              readLinear(bundle));
      return new Release(manifest, application, models, readRanker(bundle));
    } catch (IOException e) {
      throw new WinnowException(
          ErrorCode.CORRUPT, "release " + version + " cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * Reads the application file of a bundle, and compares its features with those that the manifest
   * names.
   */
  static ApplicationFile application(ReleaseStore store, ReleaseManifest manifest) {
    Path file = store.file(manifest, APPLICATION);
    String name = manifest.version() + "/" + APPLICATION;
    ApplicationFile application;
    try {
      application =
          ApplicationFile.parse(Files.readString(file, StandardCharsets.UTF_8), name, Map.of());
    } catch (IOException e) {
      throw new WinnowException(ErrorCode.CORRUPT, name + " cannot be read: " + e.getMessage(), e);
    }
    List<ReleaseManifest.Feature> declared =
        ReleaseManifest.Feature.of(FeatureSchema.of(application.definition()));
    List<Problem> problems = new ArrayList<>();
    for (int i = 0; i < manifest.features().size(); i++) {
      ReleaseManifest.Feature wanted = manifest.features().get(i);
      String actual =
          i < declared.size()
              ? declared.get(i).name() + " " + declared.get(i).version()
              : "missing";
      if (!actual.equals(wanted.name() + " " + wanted.version())) {
        problems.add(
            new Problem(
                name + ", features[" + i + "]",
                actual,
                wanted.name() + " " + wanted.version() + ", as the manifest says"));
      }
    }
    if (!problems.isEmpty()) {
      throw new WinnowException(ErrorCode.CORRUPT, problems.getFirst().toString(), problems, null);
    }
    return application;
  }

  private static RetrievalModels.@Nullable Deep readDeep(Bundle bundle) throws IOException {
    if (!bundle.holds("encoder.onnx")) {
      return null;
    }
    byte[] onnx = Files.readAllBytes(bundle.file("encoder.onnx"));
    EncoderSpec spec = JSON.readValue(bundle.file("encoder.json").toFile(), EncoderSpec.class);
    TrainedEncoder encoder =
        ModelFile.read(
            bundle.file("encoder-vectors.bin"),
            VECTORS_KIND,
            VECTORS_VERSION,
            in -> {
              float[] itemVectors = ModelFile.readFloats(in);
              float[] tokenVectors = ModelFile.readFloats(in);
              List<float[]> weights = new ArrayList<>();
              for (int left = in.readInt(); left > 0; left--) {
                weights.add(ModelFile.readFloats(in));
              }
              return new TrainedEncoder(itemVectors, tokenVectors, onnx, spec, weights);
            });
    return new RetrievalModels.Deep(encoder, PartitionedIndex.read(bundle.file("index.bin")));
  }

  private static RetrievalModels.@Nullable Linear readLinear(Bundle bundle) {
    if (!bundle.holds("popularity.bin")) {
      return null;
    }
    return new RetrievalModels.Linear(
        Popularity.read(bundle.file("popularity.bin")),
        Transitions.read(bundle.file("transitions.bin")),
        Ease.read(bundle.file("ease.bin")),
        ImplicitAls.read(bundle.file("ials.bin")));
  }

  private static @Nullable TrainedRanker readRanker(Bundle bundle) throws IOException {
    if (!bundle.holds("ranker.onnx")) {
      return null;
    }
    return new TrainedRanker(
        Files.readAllBytes(bundle.file("ranker.onnx")),
        JSON.readValue(bundle.file("ranker.json").toFile(), RankerSpec.class),
        bundle.holds(RANKER_WEIGHTS) ? RankerWeights.read(bundle.file(RANKER_WEIGHTS)) : null);
  }

  /** The files of one release. */
  private record Bundle(ReleaseStore store, ReleaseManifest manifest) {
    boolean holds(String name) {
      return manifest.files().containsKey(name);
    }

    Path file(String name) {
      return store.file(manifest, name);
    }
  }
}
