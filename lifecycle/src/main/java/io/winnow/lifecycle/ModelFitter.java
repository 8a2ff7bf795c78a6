package io.winnow.lifecycle;

import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.features.Catalog;
import io.winnow.models.Interactions;
import io.winnow.models.encoder.EncoderTrainer;
import io.winnow.models.encoder.ItemTokens;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.linear.Ease;
import io.winnow.models.linear.ImplicitAls;
import io.winnow.models.linear.Popularity;
import io.winnow.models.linear.Transitions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Fits every retrieval model to one training set. Not thread-safe. */
final class ModelFitter {
  private final ApplicationDefinition application;
  private final TrainerConfig config;
  private final TrainingProgress progress;
  private final Map<String, Double> seconds;

  /**
   * @param seconds receives how long each model took; a second fit overwrites the first
   */
  ModelFitter(
      ApplicationDefinition application,
      TrainerConfig config,
      TrainingProgress progress,
      Map<String, Double> seconds) {
    this.application = application;
    this.config = config;
    this.progress = progress;
    this.seconds = seconds;
  }

  /** What the models learn from. Indices are positions in {@code vocabulary}. */
  record TrainingSet(
      List<ItemId> vocabulary,
      Interactions interactions,
      ItemTokenizer tokenizer,
      ItemTokens tokens) {
    static TrainingSet of(
        ApplicationDefinition application, Interactions interactions, Catalog catalog) {
      ItemTokenizer tokenizer = ItemTokenizer.fit(application.schema(), catalog);
      List<ItemId> vocabulary = new ArrayList<>(catalog.size());
      List<int[]> tokens = new ArrayList<>(catalog.size());
      for (int item = 0; item < catalog.size(); item++) {
        vocabulary.add(catalog.item(item));
        tokens.add(tokenizer.tokens(catalog.attributes(item)));
      }
      return new TrainingSet(
          vocabulary, interactions, tokenizer, ItemTokens.of(tokenizer.vocabulary().size(), tokens));
    }
  }

  RetrievalModels fit(TrainingSet set, @Nullable TrainedEncoder previous) {
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
            () ->
                ImplicitAls.train(
                    interactions, config.linear().ials(), seed.derive("ials"), threads));
    TrainedEncoder encoder =
        timed(
            "encoder",
            interactions,
            () ->
                EncoderTrainer.train(
                    interactions,
                    set.tokens(),
                    previous == null ? config.encoder() : config.encoderRefit(),
                    seed.derive("encoder"),
                    progress::epoch,
                    previous));
    return new RetrievalModels(
        set.vocabulary(),
        set.tokenizer(),
        encoder,
        new RetrievalModels.Linear(popularity, transitions, ease, ials));
  }

  private <T> T timed(String model, Interactions interactions, Supplier<T> training) {
    progress.step(
        model, "%,d events, %,d items".formatted(interactions.size(), interactions.itemCount()));
    long began = System.nanoTime();
    T result = training.get();
    seconds.put(model, (System.nanoTime() - began) / 1e9);
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
