package io.winnow.lifecycle;

import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.models.ItemScorer;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.ranker.RankerSpec;
import io.winnow.retrieval.PartitionedIndex;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Looks into a release for what a checksum cannot see: numbers that are none, parts that do not
 * belong together. What it finds was so when the bundle was written.
 */
public final class ReleaseSoundness {
  /** Relative error allowed between the index's inner products and those of the vectors. */
  private static final double TOLERANCE = 1e-3;

  private static final int PROBED_HISTORY = 8;

  private ReleaseSoundness() {}

  /**
   * What is wrong inside, each by the name of its part; empty if nothing is. Costs a pass over all
   * vectors.
   */
  public static List<Problem> problems(Release release) {
    List<Problem> problems = new ArrayList<>();
    RetrievalModels models = release.models();
    RetrievalModels.Deep deep = models.deep();
    if (deep != null) {
      encoder(deep.encoder(), models.vocabulary().size(), problems);
      if (problems.isEmpty()) {
        index(deep, problems);
      }
    }
    RetrievalModels.Linear linear = models.linear();
    if (linear != null) {
      scorer("popularity", linear.popularity(), models, problems);
      scorer("transitions", linear.transitions(), models, problems);
      scorer("ease", linear.ease(), models, problems);
      scorer("ials", linear.ials(), models, problems);
    }
    if (release.trainedRanker() != null) {
      ranker(release.trainedRanker().spec(), problems);
    }
    return problems;
  }

  /**
   * Whether columns and definitions are those that the manifest names, in its order; empty if they
   * are.
   */
  public static List<Problem> columns(Release release) {
    List<Problem> problems = new ArrayList<>();
    ReleaseManifest manifest = release.manifest();
    if (manifest.schemaHash() != release.features().hash()) {
      problems.add(
          new Problem(
              "schema_hash",
              Long.toHexString(manifest.schemaHash()),
              Long.toHexString(release.features().hash()) + ", of the bundle's application file"));
    }
    List<ReleaseManifest.Feature> declared = ReleaseManifest.Feature.of(release.features());
    List<ReleaseManifest.Feature> named = manifest.features();
    for (int i = 0; !named.isEmpty() && i < Math.max(named.size(), declared.size()); i++) {
      String is = i < named.size() ? label(named.get(i)) : "none";
      String expected = i < declared.size() ? label(declared.get(i)) : "none";
      if (!is.equals(expected)) {
        problems.add(
            new Problem(
                "features[" + i + "]", is, expected + ", as the bundle's application file has it"));
      }
    }
    return problems;
  }

  private static String label(ReleaseManifest.Feature feature) {
    return feature.name() + "@" + feature.version();
  }

  private static void encoder(TrainedEncoder encoder, int items, List<Problem> problems) {
    int width = encoder.spec().embeddingSize();
    if (encoder.itemVectors().length != (long) items * width) {
      problems.add(
          new Problem(
              "encoder.item_vectors",
              encoder.itemVectors().length + " numbers",
              items + " items of " + width + " each"));
    }
    finite("encoder.item_vectors", encoder.itemVectors(), problems);
    finite("encoder.token_vectors", encoder.tokenVectors(), problems);
    for (int w = 0; w < encoder.weights().size(); w++) {
      finite("encoder.weights[" + w + "]", encoder.weights().get(w), problems);
    }
  }

  private static void finite(String field, float[] numbers, List<Problem> problems) {
    int bad = 0;
    int first = -1;
    for (int i = 0; i < numbers.length; i++) {
      if (!Float.isFinite(numbers[i])) {
        first = bad++ == 0 ? i : first;
      }
    }
    if (bad > 0) {
      problems.add(
          new Problem(
              field,
              "%s at %d, %d of %d in all".formatted(numbers[first], first, bad, numbers.length),
              "finite numbers"));
    }
  }

  /** An index of other vectors than the encoder's finds other items than those that are near. */
  private static void index(RetrievalModels.Deep deep, List<Problem> problems) {
    PartitionedIndex index = deep.index();
    TrainedEncoder encoder = deep.encoder();
    int width = encoder.spec().embeddingSize();
    if (index.dimension() != width) {
      problems.add(
          new Problem(
              "index.dimension", Integer.toString(index.dimension()), "the encoder's " + width));
      return;
    }
    RandomGenerator random = new Seed(1).generator("index");
    float[] query = new float[width];
    for (int e = 0; e < width; e++) {
      query[e] = (float) random.nextGaussian();
    }
    int items = encoder.itemVectors().length / width;
    float[] indexed = index.score(query, IntStream.range(0, items).toArray());
    int other = 0;
    int first = -1;
    for (int item = 0; item < items; item++) {
      double product = 0;
      double scale = 0;
      for (int e = 0; e < width; e++) {
        double term = (double) query[e] * encoder.itemVectors()[item * width + e];
        product += term;
        scale += Math.abs(term);
      }
      // An imported encoder need not have a vector for every item: its row is 0 then.
      boolean agrees =
          Float.isNaN(indexed[item])
              ? scale == 0
              : Math.abs(indexed[item] - product) <= TOLERANCE * scale + 1e-6;
      if (!agrees) {
        first = other++ == 0 ? item : first;
      }
    }
    if (other > 0) {
      problems.add(
          new Problem(
              "index",
              "vectors of %d of %d items, the first at %d, are not the encoder's"
                  .formatted(other, items, first),
              "the vectors that the encoder's bundle holds"));
    }
  }

  private static void scorer(
      String name, ItemScorer scorer, RetrievalModels models, List<Problem> problems) {
    int items = scorer.itemCount();
    if (items != models.vocabulary().size()) {
      problems.add(
          new Problem(
              name, items + " items", models.vocabulary().size() + ", as in the vocabulary"));
      return;
    }
    float[] scores = new float[items];
    scorer.score(new int[0], new long[0], 0, scores);
    int before = problems.size();
    finite(name, scores, problems);
    int length = Math.min(PROBED_HISTORY, items);
    if (length > 0 && problems.size() == before) {
      int[] history = IntStream.range(0, length).map(i -> i * (items / length)).toArray();
      scorer.score(history, new long[length], 0, scores);
      finite(name, scores, problems);
    }
  }

  private static void ranker(RankerSpec spec, List<Problem> problems) {
    if (new HashSet<>(spec.featureNames()).size() < spec.featureNames().size()) {
      problems.add(new Problem("ranker.inputs", spec.featureNames().toString(), "each name once"));
    }
    if (spec.weights().stream().anyMatch(weight -> !Float.isFinite(weight))) {
      problems.add(new Problem("ranker.weights", spec.weights().toString(), "finite numbers"));
    }
  }
}
