package io.winnow.lifecycle;

import io.winnow.core.ItemId;
import io.winnow.core.Problem;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.FeatureSchema;
import io.winnow.features.PointInTimeReplay;
import io.winnow.models.Interactions;
import io.winnow.models.Interruption;
import io.winnow.models.encoder.News;
import io.winnow.models.ranker.RankerConfig;
import io.winnow.models.ranker.RankerTrainer;
import io.winnow.models.ranker.RankerWeights;
import io.winnow.models.ranker.RankingExamples;
import io.winnow.models.ranker.TrainedRanker;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes a release from a prefix of the log.
 *
 * <p>The prefix is split by time. Retrieval models learn from the older part; the ranker learns,
 * from requests of the newer part, how far to trust them and the features; then the retrieval
 * models learn from all of it (the encoder goes on from its weights). A training can also begin
 * with a release, see {@link TrainingStart}. No step sees anything behind the prefix.
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
   * Trains on the records below an offset, beginning with nothing.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if there is too little to learn from,
   *     {@code INTERNAL} if the training diverges, {@code UNAVAILABLE} soon after the thread is
   *     interrupted
   */
  public Release train(RecordSource records, long toOffset) {
    Survey survey = new Survey(records, toOffset);
    long split = split(survey.requests);
    ModelFitter fitter = new ModelFitter(config, progress, seconds, checkpoints);
    RetrievalModels older = fitter.fit(training(survey.prefix, split, null), null);
    TrainedRanker ranker =
        trainRanker(survey.prefix, older, rankerRequests(survey.requests, split, split));
    RetrievalModels models = fitter.fit(training(survey.prefix, toOffset, older), older);
    return release(survey, models, ranker, TrainingStart.full(), Map.of());
  }

  /**
   * Trains on the records below an offset.
   *
   * <p>A training that goes on from a release needs no models of an older part: the release's have
   * not seen what lies behind its data, so the ranker learns there how far to trust them. Then
   * encoder and factors learn what is new, and the other models are computed from the whole prefix.
   *
   * @throws WinnowException as {@link #train(RecordSource, long)}; {@code CONFLICT} with every
   *     reason if the training cannot go on from the release
   */
  public Release train(RecordSource records, long toOffset, TrainingStart start) {
    return switch (start) {
      case TrainingStart.Full _ -> train(records, toOffset);
      case TrainingStart.From(Release parent) -> goOn(records, toOffset, parent);
    };
  }

  private Release goOn(RecordSource records, long toOffset, Release parent) {
    TrainingStart.require(parent, application, config);
    long from = parent.manifest().provenance().toOffset();
    if (from > toOffset) {
      throw cannot(parent, "release.provenance.to_offset", from, "at most " + toOffset);
    }
    Survey survey = new Survey(records, toOffset);
    List<TrainingRequest.Chosen> choices = survey.requests.choices();
    long fresh = choices.stream().filter(choice -> choice.asOfOffset() >= from).count();
    if (fresh == 0) {
      throw cannot(parent, "events", "no choice behind offset " + from, "at least one");
    }
    progress.step(
        "start",
        "from release %s: %,d of %,d choices are new"
            .formatted(parent.version(), fresh, choices.size()));
    ModelFitter.TrainingSet set = training(survey.prefix, toOffset, parent.models());
    requireSameLog(parent, set);
    Map<String, String> notes = new LinkedHashMap<>();
    long kind = Math.min(split(survey.requests), from);
    TrainedRanker ranker =
        goOnRanker(survey, parent, rankerRequests(survey.requests, kind, from), notes);
    RetrievalModels models =
        new ModelFitter(config, progress, seconds, checkpoints)
            .fit(set, parent.models(), news(survey.prefix, from, set.interactions()));
    return release(survey, models, ranker, TrainingStart.from(parent), notes);
  }

  private static WinnowException cannot(
      Release parent, String field, Object value, String expected) {
    return TrainingStart.cannot(
        parent.version(), List.of(new Problem(field, value.toString(), expected)));
  }

  /** Items get their numbers by their first appearance, so a release's are the first of its log. */
  private static void requireSameLog(Release parent, ModelFitter.TrainingSet set) {
    List<ItemId> before = parent.models().vocabulary();
    List<ItemId> now = set.vocabulary();
    if (before.size() > now.size() || !before.equals(now.subList(0, before.size()))) {
      throw cannot(
          parent,
          "items",
          now.size() + " of this log",
          "those of the release's log first, of which there are " + before.size());
    }
  }

  private News news(RecordSource prefix, long from, Interactions interactions) {
    InteractionSequences known = new InteractionSequences(application.definition());
    prefix.replay(0, from, known);
    int[] lengths = Arrays.copyOf(known.lengths(), interactions.userCount());
    return new News(lengths, config.incremental().rehearsal());
  }

  private Release release(
      Survey survey,
      RetrievalModels models,
      @Nullable TrainedRanker ranker,
      TrainingStart start,
      Map<String, String> notes) {
    long createdMs = clock.nowMs();
    FeatureSchema schema = FeatureSchema.of(application.definition());
    Map<String, String> settings = new LinkedHashMap<>(TrainerSettings.values(config));
    settings.put(TrainingStart.SETTING, start.label());
    settings.putAll(notes);
    return new Release(
        new ReleaseManifest(
            version(createdMs),
            createdMs,
            application.definition().name(),
            schema.hash(),
            ReleaseManifest.Feature.of(schema),
            Map.of(),
            new ReleaseManifest.Provenance(
                survey.toOffset,
                survey.fromMs,
                survey.toMs,
                config.seed(),
                Winnow.VERSION,
                Winnow.environment(),
                start instanceof TrainingStart.From(Release parent) ? parent.version() : null,
                settings,
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
    return examples(prefix, older, rankerRequests(requests, split, split));
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

  /**
   * Slates where there are enough with an outcome, else choices; evenly thinned to the bound.
   *
   * @param kind slates behind this offset decide whether there are enough
   * @param from those behind this offset are taken
   */
  private List<TrainingRequest> rankerRequests(TrainingRequests requests, long kind, long from) {
    int successes = 0;
    for (TrainingRequest.Shown slate : requests.slates()) {
      for (float label : slate.labels()) {
        successes += slate.asOfOffset() >= kind && label > 0 ? 1 : 0;
      }
    }
    List<TrainingRequest> all =
        new ArrayList<>(
            successes < config.split().minSlateOutcomes() ? requests.choices() : requests.slates());
    all.removeIf(request -> request.asOfOffset() < from);
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
    return trainRanker(examples, config.ranker(), null);
  }

  private TrainedRanker trainRanker(
      RankingExamples examples, RankerConfig ranker, @Nullable RankerWeights start) {
    progress.step("ranker", examples.rows() + " rows of " + examples.requests() + " requests");
    long began = System.nanoTime();
    TrainedRanker trained =
        new RankerTrainer(ranker, new Seed(config.seed()), TimeSource.system())
            .train(examples, start, progress::epoch);
    seconds.put("ranker", (System.nanoTime() - began) / 1e9);
    return trained;
  }

  /**
   * The ranker of a training that goes on: the release's with what the new requests teach; where it
   * cannot go on, one of the new requests alone; where there are too few of them, the release's as
   * it is.
   *
   * @param notes gets to hold which of these it was
   */
  private @Nullable TrainedRanker goOnRanker(
      Survey survey, Release parent, List<TrainingRequest> requests, Map<String, String> notes) {
    TrainedRanker before = parent.trainedRanker();
    boolean sameFeatures =
        parent.manifest().schemaHash() == FeatureSchema.of(application.definition()).hash();
    RankingExamples examples = null;
    if (requests.size() >= config.split().minRankerRequests()) {
      examples = examples(survey.prefix, parent.models(), requests);
    }
    int usable = examples == null ? requests.size() : examples.requests();
    if (examples == null || usable < config.split().minRankerRequests()) {
      if (before != null && !sameFeatures) {
        throw cannot(
            parent,
            "ranker",
            "other features, and only " + usable + " requests behind the release's data",
            "at least " + config.split().minRankerRequests() + " to train it anew");
      }
      return note(notes, "kept: only " + usable + " usable requests are new", before);
    }
    String anew = anew(before, sameFeatures, examples);
    if (anew != null) {
      return note(notes, "anew: " + anew, trainRanker(examples, config.ranker(), null));
    }
    return note(
        notes,
        "continued",
        trainRanker(
            examples,
            config.incremental().ranker(config.ranker()),
            Objects.requireNonNull(before).weights()));
  }

  private @Nullable TrainedRanker note(
      Map<String, String> notes, String text, @Nullable TrainedRanker ranker) {
    progress.step("ranker", text);
    notes.put(TrainingStart.SETTING + ".ranker", text);
    return ranker;
  }

  /** Why a ranker cannot go on, or null if it can. */
  private @Nullable String anew(
      @Nullable TrainedRanker before, boolean sameFeatures, RankingExamples examples) {
    if (before == null) {
      return "the release has none";
    }
    if (!sameFeatures) {
      return "the application's features are others than the release's";
    }
    RankerWeights weights = before.weights();
    if (weights == null) {
      return "the release does not hold its weights";
    }
    List<Problem> obstacles = weights.obstacles(before.spec(), config.ranker(), examples);
    return obstacles.isEmpty() ? null : obstacles.getFirst().toString();
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

  /** What a training learns from: the records, the requests among them, and their times. */
  private final class Survey {
    private final RecordSource prefix;
    private final long toOffset;
    private final TrainingRequests requests = new TrainingRequests(application.definition());
    private long fromMs = Long.MAX_VALUE;
    private long toMs = Long.MIN_VALUE;

    Survey(RecordSource records, long toOffset) {
      this.prefix = RecordSource.prefix(records, toOffset);
      this.toOffset = toOffset;
      prefix.replay((offset, record) -> {
        Interruption.check("training");
        requests.visit(offset, record);
        fromMs = Math.min(fromMs, record.timeMs());
        toMs = Math.max(toMs, record.timeMs());
      });
    }
  }
}
