package io.winnow.lifecycle;

import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.features.Catalog;
import io.winnow.models.Interactions;
import io.winnow.models.encoder.EncoderConfig;
import io.winnow.models.encoder.EncoderTrainer;
import io.winnow.models.encoder.ItemTokens;
import io.winnow.models.encoder.News;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.linear.Ease;
import io.winnow.models.linear.ImplicitAls;
import io.winnow.models.linear.Popularity;
import io.winnow.models.linear.Transitions;
import io.winnow.retrieval.PartitionedIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Fits every retrieval model to one training set. Not thread-safe. */
final class ModelFitter {
  private final TrainerConfig config;
  private final TrainingProgress progress;
  private final Map<String, Double> seconds;
  private final @Nullable TrainingCheckpoints checkpoints;

  /**
   * @param seconds receives how long each model took, all its fits together
   * @param checkpoints where long trainings keep their state, or null
   */
  ModelFitter(
      TrainerConfig config,
      TrainingProgress progress,
      Map<String, Double> seconds,
      @Nullable TrainingCheckpoints checkpoints) {
    this.config = config;
    this.progress = progress;
    this.seconds = seconds;
    this.checkpoints = checkpoints;
  }

  /** What the models learn from. Indices are positions in {@code vocabulary}. */
  record TrainingSet(
      List<ItemId> vocabulary,
      Interactions interactions,
      ItemTokenizer tokenizer,
      ItemTokens tokens) {
    /**
     * @param previous the models whose encoder the training goes on from, or null
     */
    static TrainingSet of(
        ApplicationDefinition application,
        Interactions interactions,
        Catalog catalog,
        @Nullable RetrievalModels previous) {
      ItemTokenizer tokenizer =
          ItemTokenizer.fit(
              application.schema(),
              catalog,
              previous == null ? List.of() : previous.tokenizer().vocabulary());
      List<ItemId> vocabulary = new ArrayList<>(catalog.size());
      int[] offsets = new int[catalog.size() + 1];
      int[][] tokens = new int[catalog.size()][];
      for (int item = 0; item < catalog.size(); item++) {
        vocabulary.add(catalog.item(item));
        tokens[item] = tokenizer.tokens(catalog.attributes(item));
        offsets[item + 1] = offsets[item] + tokens[item].length;
      }
      int[] flat = Arrays.stream(tokens).flatMapToInt(Arrays::stream).toArray();
      return new TrainingSet(
          vocabulary,
          interactions,
          tokenizer,
          new ItemTokens(tokenizer.vocabulary().size(), offsets, flat));
    }
  }

  /**
   * Fits all models.
   *
   * @param older models of an older part of the same log, whose encoder goes on learning; or null
   */
  RetrievalModels fit(TrainingSet set, @Nullable RetrievalModels older) {
    return fit(set, older, null);
  }

  /**
   * Fits all models.
   *
   * @param older models of an older part of the same log, whose encoder goes on learning; or null
   * @param news what those have not seen, if they are a release's, whose factors go on, too; or
   *     null
   */
  RetrievalModels fit(TrainingSet set, @Nullable RetrievalModels older, @Nullable News news) {
    RetrievalModels.Deep deep = older == null ? null : older.deep();
    TrainedEncoder previous = deep == null ? null : deep.encoder();
    RetrievalModels.Linear linear = older == null || news == null ? null : older.linear();
    Interactions interactions = set.interactions();
    int threads = config.threads();
    Seed seed = new Seed(config.seed());
    Popularity popularity =
        timed(
            "popularity",
            interactions,
            () -> Popularity.train(interactions, Popularity.Config.COUNTS));
    Transitions transitions =
        timed(
            "transitions",
            interactions,
            () -> Transitions.train(interactions, config.linear().transitions(), threads));
    Ease ease =
        timed(
            "ease", interactions, () -> Ease.train(interactions, config.linear().ease(), threads));
    ImplicitAls ials =
        timed(
            "ials",
            interactions,
            () -> ials(interactions, linear == null ? null : linear.ials(), seed.derive("ials")));
    TrainedEncoder encoder =
        timed(
            "encoder",
            interactions,
            () ->
                new EncoderTrainer(encoder(previous, news), seed, TimeSource.system())
                    .train(
                        interactions,
                        set.tokens(),
                        previous,
                        news,
                        progress.network(),
                        checkpoints == null ? null : checkpoints.encoder(previous != null)));
    PartitionedIndex index =
        timed("index", interactions, () -> index(encoder, seed.derive("index"), threads));
    return new RetrievalModels(
        set.vocabulary(),
        set.tokenizer(),
        new RetrievalModels.Deep(encoder, index),
        new RetrievalModels.Linear(popularity, transitions, ease, ials));
  }

  private EncoderConfig encoder(@Nullable TrainedEncoder previous, @Nullable News news) {
    if (news != null) {
      return config.incremental().encoder(config.encoderRefit());
    }
    return previous == null ? config.encoder() : config.encoderRefit();
  }

  /** Factors of another size cannot go on; they are quick to begin anew. */
  private ImplicitAls ials(Interactions interactions, @Nullable ImplicitAls previous, Seed seed) {
    ImplicitAls.Config full = config.linear().ials();
    if (previous == null || previous.config().factors().dimension() != full.factors().dimension()) {
      return ImplicitAls.train(interactions, full, seed, config.threads());
    }
    return ImplicitAls.trainFrom(
        previous, interactions, config.incremental().ials(full), seed, config.threads());
  }

  private static PartitionedIndex index(TrainedEncoder encoder, Seed seed, int threads) {
    return PartitionedIndex.build(
        encoder.spec().embeddingSize(),
        IntStream.range(0, encoder.spec().itemCount()).toArray(),
        encoder.itemVectors(),
        new float[0],
        PartitionedIndex.Config.DEFAULT,
        seed,
        threads);
  }

  private <T> T timed(String model, Interactions interactions, Supplier<T> training) {
    progress.step(
        model, "%,d events, %,d items".formatted(interactions.size(), interactions.itemCount()));
    long began = System.nanoTime();
    T result = training.get();
    seconds.merge(model, (System.nanoTime() - began) / 1e9, Double::sum);
    return result;
  }

  /** The application without its features: a fold that only keeps the catalogue is quick. */
  static ApplicationDefinition catalogOnly(ApplicationDefinition application) {
    return new ApplicationDefinition(
        application.name(),
        application.schema(),
        List.of(),
        application.objectives(),
        application.policy(),
        application.imports());
  }
}
