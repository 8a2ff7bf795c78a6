package io.winnow.benchmarks.rollout;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.lifecycle.ReleaseManifest;
import io.winnow.lifecycle.ReleaseStore;
import io.winnow.models.network.NetworkDamage;
import io.winnow.models.ranker.RankerSpec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Makes bad releases of a good one: its bundle is copied, damaged, and published as any other, so
 * that its checksums are right unless the damage is a wrong checksum.
 *
 * <p>Each is another: the seed and the number of the release decide what is damaged, the severity
 * how much. Not thread-safe.
 */
public final class BadReleases {
  /** The highest severity; the lowest is 0. */
  public static final int SEVERITY_MAX = 5;

  private static final String RANKER = "ranker.onnx";
  private static final String FEATURES = "features";
  private static final String APPLICATION = "application.yaml";
  private static final ObjectMapper JSON =
      JsonMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  private final ReleaseStore store;
  private final TimeSource clock;
  private final Seed seed;

  /**
   * @param store holds the good ones, and takes the bad
   * @param clock when they were made
   */
  public BadReleases(ReleaseStore store, TimeSource clock, Seed seed) {
    this.store = store;
    this.clock = clock;
    this.seed = seed;
  }

  /**
   * A release to be made.
   *
   * @param kind not {@link BadKind#SHUFFLED_LABELS}, which is trained and not damaged
   * @param number which of its kind, from 0
   * @param severity 0 to {@value #SEVERITY_MAX}
   */
  public record Order(BadKind kind, int number, int severity) {
    /** Checks the numbers. */
    public Order {
      if (severity < 0 || severity > SEVERITY_MAX || number < 0) {
        throw new IllegalArgumentException(
            "number: %d, severity: %d (expected: from 0, 0 to %d)"
                .formatted(number, severity, SEVERITY_MAX));
      }
    }

    /** Part of the release's name. */
    String name() {
      return "%s-%d-%d".formatted(kind.label().replace('_', '-'), number, severity);
    }
  }

  /**
   * Publishes a bad release.
   *
   * @param good what is damaged
   * @param other a release of the same data with another encoder
   * @return its manifest
   */
  public ReleaseManifest publish(Order order, String good, String other) {
    ReleaseManifest base = store.manifest(good);
    ReleaseManifest.Provenance origin = base.provenance();
    long nowMs = clock.nowMs();
    ReleaseManifest draft =
        new ReleaseManifest(
            good + "-" + order.name(),
            nowMs,
            base.application(),
            base.schemaHash(),
            features(order, base),
            java.util.Map.of(),
            new ReleaseManifest.Provenance(
                origin.toOffset(),
                origin.fromMs(),
                origin.toMs(),
                origin.seed(),
                origin.codeVersion(),
                origin.environment(),
                good,
                origin.settings(),
                List.of()),
            base.metrics());
    ReleaseManifest published =
        store.publish(
            draft,
            bundle -> {
              for (String file : base.files().keySet()) {
                Files.copy(store.file(good, file), bundle.resolve(file));
              }
              damage(order, bundle, other);
            });
    if (order.kind() == BadKind.UNUSABLE && order.number() % 3 == 0) {
      flipByte(published, random(order));
    }
    return published;
  }

  private RandomGenerator random(Order order) {
    return seed.derive(order.kind().name()).generator("number-" + order.number());
  }

  private void damage(Order order, Path bundle, String other) throws IOException {
    RandomGenerator random = random(order);
    int severity = order.severity();
    switch (order.kind()) {
      case SHUFFLED_ITEMS -> shuffleItems(bundle, 0.4 + 0.12 * severity, random);
      case SWAPPED_FEATURES -> swapFeatures(bundle, 4 + 5 * severity, random);
      case STALE_INDEX -> staleIndex(bundle, other, severity, order.number());
      case BIASED_RANKER -> bias(bundle, 2 + 2 * severity, random);
      case SLOW_RANKER -> slow(bundle, 1 << (3 + severity));
      case MISCALIBRATED -> miscalibrate(bundle, order.number(), 1.5f + 0.75f * severity);
      case FAILS_FOR_SEGMENT -> failForSegment(order, bundle);
      case UNUSABLE -> unusable(order, bundle);
      case RECKLESS_POLICY -> recklessPolicy(order, bundle);
      case SHUFFLED_LABELS ->
          throw new IllegalArgumentException("shuffled_labels is trained, not damaged");
    }
  }

  /** Exchanges the names of a share of the items, so that their rows are those of others. */
  private static void shuffleItems(Path bundle, double share, RandomGenerator random)
      throws IOException {
    Path file = bundle.resolve("items.json");
    List<String> items =
        new ArrayList<>(JSON.readValue(file.toFile(), new TypeReference<List<String>>() {}));
    List<Integer> rows = new ArrayList<>(IntStream.range(0, items.size()).boxed().toList());
    Collections.shuffle(rows, Random.from(random));
    List<Integer> moved = rows.subList(0, (int) (Math.min(1, share) * rows.size()));
    List<String> before = List.copyOf(items);
    for (int i = 0; i < moved.size(); i++) {
      items.set(moved.get(i), before.get(moved.get((i + 1) % moved.size())));
    }
    JSON.writeValue(file.toFile(), items);
  }

  private static void swapFeatures(Path bundle, int pairs, RandomGenerator random)
      throws IOException {
    int width = spec(bundle).featureNames().size();
    int[] columns = IntStream.range(0, width).toArray();
    for (int pair = 0; pair < pairs; pair++) {
      int first = random.nextInt(width);
      int second = random.nextInt(width);
      int kept = columns[first];
      columns[first] = columns[second];
      columns[second] = kept;
    }
    Files.write(bundle.resolve(RANKER), ranker(bundle).permuteColumns(FEATURES, columns).toBytes());
  }

  /** From an index that lags behind to an encoder whose space nothing else knows. */
  private void staleIndex(Path bundle, String other, int severity, int number) throws IOException {
    replace(bundle, other, "index.bin");
    replace(bundle, other, "encoder-vectors.bin");
    if (severity >= 1) {
      // What the index of an older catalogue means by a row.
      shiftItems(bundle, severity * severity + number);
    }
  }

  private static void shiftItems(Path bundle, int by) throws IOException {
    Path file = bundle.resolve("items.json");
    List<String> items =
        new ArrayList<>(JSON.readValue(file.toFile(), new TypeReference<List<String>>() {}));
    Collections.rotate(items, by);
    JSON.writeValue(file.toFile(), items);
  }

  private static void bias(Path bundle, float strength, RandomGenerator random) throws IOException {
    List<String> names = spec(bundle).featureNames();
    List<Integer> ofItems =
        IntStream.range(0, names.size())
            .filter(i -> names.get(i).startsWith("item.") || names.get(i).startsWith("creator."))
            .boxed()
            .toList();
    int column = ofItems.get(random.nextInt(ofItems.size()));
    // What counts for something already counts the other way round; an age counts for more.
    float sign = names.get(column).contains("age") ? 1 : -1;
    Files.write(
        bundle.resolve(RANKER),
        ranker(bundle).addColumn(FEATURES, column, sign * strength).toBytes());
  }

  private static void slow(Path bundle, int times) throws IOException {
    int width = spec(bundle).featureNames().size();
    Files.write(bundle.resolve(RANKER), ranker(bundle).slow(FEATURES, width, 256, times).toBytes());
  }

  private static void miscalibrate(Path bundle, int number, float strength) throws IOException {
    NetworkDamage ranker = ranker(bundle);
    switch (number % 3) {
      case 0 -> ranker.scaleLogits(1, strength);
      case 1 -> ranker.scaleLogits(1, -strength - 1);
      default -> ranker.scaleLogits(1 / (1 + strength), 0);
    }
    Files.write(bundle.resolve(RANKER), ranker.toBytes());
  }

  /**
   * Every other one finds too little for users without a history; the others cannot rank for users
   * who did more than some table has room for.
   */
  private static void failForSegment(Order order, Path bundle) throws IOException {
    int severity = order.severity();
    if (order.number() % 2 == 0) {
      edit(
          bundle,
          "two_tower: \\d+",
          "two_tower: " + (12 - 2 * severity),
          "item_to_item: \\d+",
          "item_to_item: 5",
          "ease: \\d+",
          "ease: 4",
          "trending: \\d+",
          "trending: 3",
          "fresh: \\d+",
          "fresh: " + (2 + order.number() / 4));
      return;
    }
    int column = spec(bundle).featureNames().indexOf("user.events_7d");
    int room = (60 >> severity) + order.number();
    Files.write(
        bundle.resolve(RANKER),
        ranker(bundle).failWhere(FEATURES, column, room, Float.MAX_VALUE).toBytes());
  }

  private static void unusable(Order order, Path bundle) throws IOException {
    switch (order.number() % 3) {
      case 1 -> edit(bundle, "(?m)^    events: count\\(\\*\\) over 1d, 7d$", missing(order));
      case 2 ->
          Files.write(
              bundle.resolve(RANKER),
              ranker(bundle)
                  .mapWeights(weight ->
                      Math.abs(weight) > 0.02 * (order.number() + 1) ? Double.NaN : weight)
                  .toBytes());
      default -> {
        // Flipped after publishing.
      }
    }
  }

  private static String missing(Order order) {
    return "    events: count(*) over 1d, " + (8 + order.number()) + "d";
  }

  /** The manifest tells the features that the application file declares. */
  private static List<ReleaseManifest.Feature> features(Order order, ReleaseManifest base) {
    // A manifest of earlier formats: the application file alone tells.
    return order.kind() == BadKind.UNUSABLE && order.number() % 3 == 1
        ? List.of()
        : base.features();
  }

  private static void recklessPolicy(Order order, Path bundle) throws IOException {
    double explore = Math.min(0.5, 0.25 + 0.01 * order.number() + 0.08 * order.severity());
    edit(bundle, "explore: [\\d.]+", "explore: " + explore);
  }

  /** Replaces what each pattern matches in the bundle's application file. */
  private static void edit(Path bundle, String... patternsAndTexts) throws IOException {
    Path file = bundle.resolve(APPLICATION);
    String text = Files.readString(file);
    for (int i = 0; i < patternsAndTexts.length; i += 2) {
      String edited = text.replaceFirst(patternsAndTexts[i], patternsAndTexts[i + 1]);
      if (edited.equals(text)) {
        throw new IllegalStateException(
            APPLICATION + ": nothing matches " + patternsAndTexts[i] + " (expected: one place)");
      }
      text = edited;
    }
    Files.writeString(file, text);
  }

  /**
   * A byte of the release's own copy: what is kept by its content may be another release's, too.
   */
  private void flipByte(ReleaseManifest manifest, RandomGenerator random) {
    List<String> files = List.copyOf(manifest.files().keySet());
    String name = files.get(random.nextInt(files.size()));
    try {
      byte[] bytes = Files.readAllBytes(store.file(manifest.version(), name));
      bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(store.bundle(manifest.version()).resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static NetworkDamage ranker(Path bundle) throws IOException {
    return new NetworkDamage(Files.readAllBytes(bundle.resolve(RANKER)));
  }

  private static RankerSpec spec(Path bundle) throws IOException {
    return JSON.readValue(bundle.resolve("ranker.json").toFile(), RankerSpec.class);
  }

  private void replace(Path bundle, String other, String name) throws IOException {
    Files.write(bundle.resolve(name), Files.readAllBytes(store.file(other, name)));
  }
}
