package io.winnow.benchmarks;

import io.winnow.benchmarks.Figures.Goal;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.models.Interactions;
import io.winnow.models.encoder.EncoderConfig;
import io.winnow.models.encoder.EncoderTrainer;
import io.winnow.models.encoder.ItemTokens;
import io.winnow.models.linear.ImplicitAls;
import io.winnow.models.ranker.RankerConfig;
import io.winnow.models.ranker.RankerTrainer;
import io.winnow.models.ranker.RankingExamples;
import io.winnow.models.ranker.TrainedRanker;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How fast models are trained on all cores: the sequential encoder of the published comparisons
 * (d=64, L=200, 2 blocks) by the epoch, implicit ALS (d=64) by the iteration, the ranker by the
 * epoch. Of several epochs or iterations the quickest counts, and never the first, which also warms
 * up the process: what others do on the machine only slows one down.
 *
 * <p>An encoder's or ranker's epoch includes the measurement on what is held out. An iteration of
 * ALS solves for all users and all items once, an event is a pair of a user and an item. A ranker's
 * example is a row.
 */
public final class TrainingBenchmark {
  /** What can be measured. */
  public static final List<String> PARTS = List.of("encoder", "als", "ranker");

  private static final int DIMENSION = 64;
  private static final int BLOCKS = 2;
  private static final int FEATURES = 40;
  private static final int ROWS_OF_REQUEST = 20;
  private static final int ALS_ITERATIONS = 20;
  private static final double NO_BUDGET = 1e6;
  private static final double ENCODER_GOAL_SECONDS = 25;
  private static final double ALS_GOAL = 2_250_000;
  private static final double RANKER_GOAL = 25_000;

  private final Config config;
  private final Consumer<String> progress;
  private final Figures.Builder figures = new Figures.Builder("training");

  /**
   * What to train.
   *
   * @param interactions what encoder and ALS learn from
   * @param maxLength L, how many events the encoder reads
   * @param epochs of the encoder, at least 2
   * @param requests how many requests of 20 rows the ranker learns from
   * @param parts which of {@link #PARTS}
   * @param threads on how many threads ALS trains
   */
  public record Config(
      Interactions interactions,
      int maxLength,
      int epochs,
      int requests,
      Set<String> parts,
      int threads,
      Seed seed) {
    /**
     * MovieLens-1M, or generated data of its size.
     *
     * @param dataset the folder with its sequences, or null
     */
    public static Config of(
        @Nullable Path dataset, int epochs, Set<String> parts, int threads, Seed seed) {
      Interactions interactions =
          dataset == null ? TrainingData.synthetic(seed) : TrainingData.sequences(dataset);
      return new Config(interactions, 200, epochs, 10_000, parts, threads, seed);
    }

    /** Generated data of a size. */
    static Config generated(int users, int items, int events, int requests, Seed seed) {
      Interactions interactions = TrainingData.synthetic(users, items, events, seed);
      return new Config(interactions, 20, 2, requests, Set.copyOf(PARTS), 2, seed);
    }

    /** Checks the ranges. */
    public Config {
      if (epochs < 2) {
        throw WinnowException.invalid("epochs", epochs, ">= 2: the first warms up");
      }
      if (threads < 1) {
        throw WinnowException.invalid("threads", threads, ">= 1");
      }
      for (String part : parts) {
        if (!PARTS.contains(part)) {
          throw WinnowException.invalid("parts", part, "of " + PARTS);
        }
      }
    }
  }

  private TrainingBenchmark(Config config, Consumer<String> progress) {
    this.config = config;
    this.progress = progress;
  }

  /**
   * Runs it to the end.
   *
   * @param progress hears a line now and then
   */
  public static Figures run(Config config, Consumer<String> progress) {
    TrainingBenchmark benchmark = new TrainingBenchmark(config, progress);
    benchmark.figures.count("events", config.interactions().size(), "events");
    if (config.parts().contains("encoder")) {
      benchmark.encoder();
    }
    if (config.parts().contains("als")) {
      benchmark.als();
    }
    if (config.parts().contains("ranker")) {
      benchmark.ranker();
    }
    return benchmark.figures.build();
  }

  /** When epochs or iterations ended. */
  private static final class Laps {
    private final List<Long> nanos = new ArrayList<>();

    void end() {
      nanos.add(System.nanoTime());
    }

    /** How many ended; the quickest is looked for among one less. */
    int count() {
      return nanos.size();
    }

    /** The quickest but the first, in seconds. */
    double best() {
      return IntStream.range(1, nanos.size())
          .mapToDouble(i -> (nanos.get(i) - nanos.get(i - 1)) / 1e9)
          .min()
          .orElseThrow(() -> new IllegalStateException("there was but one"));
    }
  }

  private void encoder() {
    EncoderConfig defaults = EncoderConfig.defaults().withLimits(config.epochs(), NO_BUDGET);
    EncoderConfig.Network usual = defaults.network();
    EncoderConfig encoder =
        new EncoderConfig(
            new EncoderConfig.Network(
                DIMENSION, BLOCKS, usual.heads(), config.maxLength(), usual.dropout()),
            defaults.sampling(),
            defaults.training());
    Interactions data = config.interactions();
    Laps laps = new Laps();
    new EncoderTrainer(encoder, config.seed(), TimeSource.system())
        .train(
            data,
            ItemTokens.none(data.itemCount()),
            null,
            epoch -> {
              laps.end();
              progress.accept(
                  "encoder: epoch %d of %d, loss %.4f, %s %.4f"
                      .formatted(
                          epoch.epoch(),
                          epoch.epochs(),
                          epoch.loss(),
                          epoch.metricName(),
                          epoch.metric()));
            });
    int negatives = encoder.sampling().negatives();
    figures
        .count("encoder.batch_positions", encoder.training().batchPositions(), "positions")
        .count(
            "encoder.negatives",
            data.itemCount() <= 2 * negatives ? data.itemCount() : negatives,
            "items a step")
        .add("encoder.seconds_per_epoch", laps.best(), "s", Goal.below(ENCODER_GOAL_SECONDS));
  }

  private void als() {
    ImplicitAls.Config usual = ImplicitAls.Config.DEFAULT;
    ImplicitAls.Config als =
        new ImplicitAls.Config(
            new ImplicitAls.Factors(DIMENSION, usual.factors().blockSize(), ALS_ITERATIONS),
            usual.loss(),
            new ImplicitAls.Histories(10_000, usual.histories().memoryPower()));
    Laps laps = new Laps();
    ImplicitAls.train(
        config.interactions(),
        als,
        config.seed(),
        config.threads(),
        (model, step, steps, objective) -> laps.end());
    progress.accept("als: " + ALS_ITERATIONS + " iterations");
    double seconds = laps.best();
    figures
        .count("als.threads", config.threads(), "threads")
        .count("als.iterations", laps.count(), "iterations")
        .add("als.seconds_per_iteration", seconds, "s")
        .add(
            "als.events_per_second_core",
            TrainingData.pairs(config.interactions()) / (seconds * config.threads()),
            "events/s",
            Goal.atLeast(ALS_GOAL));
  }

  private void ranker() {
    Laps laps = new Laps();
    RankerConfig ranker = RankerConfig.defaults();
    TrainedRanker trained =
        new RankerTrainer(
                ranker.withLimits(ranker.training().epochs(), NO_BUDGET),
                config.seed(),
                TimeSource.system())
            .train(
                examples(config.requests(), config.seed()),
                epoch -> {
                  laps.end();
                  progress.accept(
                      "ranker: epoch %d of %d, loss %.4f"
                          .formatted(epoch.epoch(), epoch.epochs(), epoch.loss()));
                });
    figures
        .count("ranker.epochs", laps.count(), "epochs")
        .count("ranker.batch_rows", ranker.training().batchRows(), "rows")
        .count("ranker.features", FEATURES, "features")
        .add(
            "ranker.examples_per_second",
            trained.spec().metrics().trainRows() / laps.best(),
            "rows/s",
            Goal.atLeast(RANKER_GOAL));
  }

  /** Rows whose clicks follow some features, a few of them unknown; two objectives. */
  private static RankingExamples examples(int requests, Seed seed) {
    RandomGenerator random = seed.generator("ranker-rows");
    int rows = requests * ROWS_OF_REQUEST;
    float[] features = new float[rows * FEATURES];
    float[] labels = new float[rows * 2];
    int[] positions = new int[rows];
    for (int row = 0; row < rows; row++) {
      double logit = -2;
      for (int f = 0; f < FEATURES; f++) {
        float value = (float) random.nextGaussian();
        logit += f < 6 ? 0.5 * value : 0;
        boolean unknown = f >= FEATURES / 2 && random.nextInt(20) == 0;
        features[row * FEATURES + f] = unknown ? Float.NaN : value;
      }
      labels[row * 2] = random.nextDouble() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
      labels[row * 2 + 1] = random.nextDouble() < 1 / (1 + Math.exp(2 - logit)) ? 1 : 0;
      positions[row] = row % ROWS_OF_REQUEST;
    }
    return new RankingExamples(
        IntStream.range(0, FEATURES).mapToObj(f -> "feature" + f).toList(),
        features,
        IntStream.rangeClosed(0, requests).map(r -> r * ROWS_OF_REQUEST).toArray(),
        RankingExamples.Embeddings.none(),
        new RankingExamples.Outcomes(
            List.of("click", "buy"), new float[] {1, 2}, labels, positions));
  }
}
