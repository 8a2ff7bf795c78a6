package io.winnow.lifecycle;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureSchema;
import io.winnow.features.PointInTimeReplay;
import io.winnow.models.Interactions;
import io.winnow.models.ranker.RankerTrainer;
import io.winnow.models.ranker.RankingExamples;
import io.winnow.models.ranker.TrainedRanker;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a release from a prefix of the log.
 *
 * <p>The prefix is split by time. Retrieval models learn from the older part; the ranker learns,
 * from requests of the newer part, how far to trust them and the features; then the retrieval
 * models learn from all of it (the encoder goes on from its weights). No step sees anything behind
 * the prefix.
 *
 * <p>Not thread-safe; uses {@link TrainerConfig#threads()} threads.
 */
public final class Trainer {
  /** Always to the millisecond, so that the order of names is the order of creation. */
  private static final DateTimeFormatter VERSION =
      DateTimeFormatter.ofPattern("'r-'yyyyMMdd'T'HHmmssSSS'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final ApplicationFile application;
  private final TrainerConfig config;
  private final TimeSource clock;
  private final TrainingProgress progress;
  private final @Nullable TrainingCheckpoints checkpoints;
  private final Map<String, Double> seconds = new LinkedHashMap<>();
  private Consumer<RankingExamples> examplesListener = _ -> {};

  /** A trainer for one training that begins anew if it is interrupted. */
  public Trainer(
      ApplicationFile application,
      TrainerConfig config,
      TimeSource clock,
      TrainingProgress progress) {
    this(application, config, clock, progress, null);
  }

  /**
   * A trainer for one training.
   *
   * @param checkpoints where it keeps its state, so that the same training goes on there if it was
   *     interrupted; or null
   */
  public Trainer(
      ApplicationFile application,
      TrainerConfig config,
      TimeSource clock,
      TrainingProgress progress,
      @Nullable TrainingCheckpoints checkpoints) {
    this.application = application;
    this.config = config;
    this.clock = clock;
    this.progress = progress;
    this.checkpoints = checkpoints;
  }

  /** Has the examples, which the ranker learns from, shown to somebody before it does. */
  public Trainer showExamplesTo(Consumer<RankingExamples> listener) {
    examplesListener = listener;
    return this;
  }

  /** The name of a release created at a time; later ones sort behind earlier ones. */
  static String version(long createdMs) {
    return VERSION.format(Instant.ofEpochMilli(createdMs));
  }

  /** How long each step of the training took, by name, in seconds. */
  public Map<String, Double> seconds() {
    return seconds;
  }

  /**
   * Trains on the records below an offset.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if there is too little to learn from
   */
  public Release train(RecordSource records, long toOffset) {
    ApplicationDefinition definition = application.definition();
    RecordSource prefix = RecordSource.prefix(records, toOffset);
    TrainingRequests requests = new TrainingRequests(definition);
    TimeSpan span = new TimeSpan();
    prefix.replay((offset, record) -> {
      requests.visit(offset, record);
      span.visit(record.timeMs());
    });
    long split = split(requests);
    ModelFitter fitter = new ModelFitter(config, progress, seconds, checkpoints);

    RetrievalModels older = fitter.fit(training(prefix, split, null), null);
    TrainedRanker ranker = trainRanker(prefix, older, rankerRequests(requests, split));
    RetrievalModels models = fitter.fit(training(prefix, toOffset, older), older);

    long createdMs = clock.nowMs();
    FeatureSchema schema = FeatureSchema.of(definition);
    return new Release(
        new ReleaseManifest(
            version(createdMs),
            createdMs,
            definition.name(),
            schema.hash(),
            ReleaseManifest.Feature.of(schema),
            Map.of(),
            new ReleaseManifest.Provenance(
                toOffset,
                span.fromMs,
                span.toMs,
                config.seed(),
                Winnow.VERSION,
                Winnow.environment(),
                null,
                TrainerSettings.values(config),
                List.of()),
            metrics(ranker)),
        application,
        models,
        ranker);
  }

  /**
   * What the ranker would learn from in {@link #train}: requests of the newer part of the records
   * below an offset, seen with models of the older part.
   *
   * @throws WinnowException as {@link #train}
   */
  RankingExamples examples(RecordSource records, long toOffset) {
    RecordSource prefix = RecordSource.prefix(records, toOffset);
    TrainingRequests requests = new TrainingRequests(application.definition());
    prefix.replay(requests);
    long split = split(requests);
    RetrievalModels older =
        new ModelFitter(config, progress, seconds, null).fit(training(prefix, split, null), null);
    return examples(prefix, older, rankerRequests(requests, split));
  }

  private long split(TrainingRequests requests) {
    List<TrainingRequest.Chosen> choices = requests.choices();
    if (choices.size() < config.split().minChoices()) {
      throw WinnowException.invalid(
          "events",
          choices.size() + " outcomes of an objective",
          "at least " + config.split().minChoices() + " to train on");
    }
    return choices.get((int) (choices.size() * (1 - config.split().rankerShare()))).asOfOffset();
  }

  private ModelFitter.TrainingSet training(
      RecordSource records, long toOffset, @Nullable RetrievalModels older) {
    InteractionSequences sequences = new InteractionSequences(application.definition());
    records.replay(0, toOffset, sequences);
    List<ModelFitter.TrainingSet> result = new ArrayList<>();
    PointInTimeReplay.play(
        records,
        ModelFitter.catalogOnly(application.definition()),
        new long[] {toOffset},
        (_, reader) -> {
          Interactions interactions = sequences.toInteractions(reader.catalog());
          result.add(
              ModelFitter.TrainingSet.of(
                  application.definition(), interactions, reader.catalog(), older));
        });
    return result.getFirst();
  }

  /** Slates where there are enough with an outcome, else choices; evenly thinned to the bound. */
  private List<TrainingRequest> rankerRequests(TrainingRequests requests, long split) {
    List<TrainingRequest> slates = new ArrayList<>();
    int successes = 0;
    for (TrainingRequest.Shown slate : requests.slates()) {
      if (slate.asOfOffset() >= split) {
        slates.add(slate);
        for (float label : slate.labels()) {
          successes += label > 0 ? 1 : 0;
        }
      }
    }
    List<TrainingRequest> all = slates;
    if (successes < config.split().minSlateOutcomes()) {
      all = new ArrayList<>();
      for (TrainingRequest.Chosen choice : requests.choices()) {
        if (choice.asOfOffset() >= split) {
          all.add(choice);
        }
      }
    }
    int bound = Math.min(all.size(), config.split().maxRankerRequests());
    List<TrainingRequest> thinned = new ArrayList<>(bound);
    for (int i = 0; i < bound; i++) {
      thinned.add(all.get((int) ((long) i * all.size() / bound)));
    }
    return thinned;
  }

  private RankingExamples examples(
      RecordSource records, RetrievalModels older, List<TrainingRequest> requests) {
    long began = System.nanoTime();
    progress.step("examples", requests.size() + " requests");
    Release unranked = Release.unranked(application, older);
    RankingExamples examples =
        new ExampleBuilder(
                application.definition(),
                unranked,
                config.split().vectors(),
                config.split().history(),
                new Seed(config.seed()),
                config.threads())
            .build(records, requests);
    seconds.put("examples", (System.nanoTime() - began) / 1e9);
    examplesListener.accept(examples);
    return examples;
  }

  private @Nullable TrainedRanker trainRanker(
      RecordSource records, RetrievalModels older, List<TrainingRequest> requests) {
    RankingExamples examples = examples(records, older, requests);
    if (examples.requests() < config.split().minRankerRequests()) {
      progress.step("ranker", "skipped: only " + examples.requests() + " usable requests");
      return null;
    }
    progress.step("ranker", examples.rows() + " rows of " + examples.requests() + " requests");
    long began = System.nanoTime();
    TrainedRanker ranker =
        new RankerTrainer(config.ranker(), new Seed(config.seed()), TimeSource.system())
            .train(examples, progress::epoch);
    seconds.put("ranker", (System.nanoTime() - began) / 1e9);
    return ranker;
  }

  private static Map<String, Double> metrics(@Nullable TrainedRanker ranker) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    if (ranker != null) {
      ranker
          .spec()
          .metrics()
          .heads()
          .forEach(head -> {
            metrics.put("ranker." + head.objective() + ".auc", head.auc());
            metrics.put("ranker." + head.objective() + ".log_loss", head.logLoss());
            metrics.put("ranker." + head.objective() + ".ece", head.ece());
          });
      metrics.put("ranker.ndcg@10", ranker.spec().metrics().ndcg10());
      metrics.values().removeIf(value -> value.isNaN());
    }
    return metrics;
  }

  /** The times of the first and last record. */
  private static final class TimeSpan {
    private long fromMs = Long.MAX_VALUE;
    private long toMs = Long.MIN_VALUE;

    void visit(long timeMs) {
      fromMs = Math.min(fromMs, timeMs);
      toMs = Math.max(toMs, timeMs);
    }
  }
}
