package io.winnow.lifecycle;

import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.RecordSource;
import io.winnow.features.PointInTimeReplay;
import io.winnow.models.ItemScorer;
import io.winnow.models.encoder.EncoderTrainer;
import io.winnow.models.encoder.QueryEncoder;
import io.winnow.models.encoder.TrainedEncoder;
import io.winnow.models.linear.Ease;
import io.winnow.models.linear.ImplicitAls;
import io.winnow.models.linear.Transitions;
import io.winnow.models.ranker.RankerTrainer;
import io.winnow.models.ranker.RankingExamples;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says how good one model is with some settings, by the newest choices of a prefix of the log.
 *
 * <p>The prefix is all that is ever read. A retrieval model learns from what lies before the newest
 * tenth of the prefix's choices, and is asked for those, each from its user's choices so far, among
 * all items that the user did not have (where the application does not repeat items). The ranker
 * learns as it does in {@link Trainer}, with the retrieval models of the same settings, and its
 * figure is that of its own held-out requests, the newest of the prefix.
 *
 * <p>Not thread-safe; uses the configuration's threads.
 */
public final class ModelTrials {
  private static final double VALIDATION_SHARE = 0.1;

  /** More choices would make the figure a little surer and each trial slower. */
  private static final int TARGETS_MAX = 4000;

  private static final int TOP = 10;
  private static final int BATCH = 64;

  private final ApplicationFile application;
  private final RecordSource prefix;
  private final TrainingProgress progress;
  private final ModelFitter.TrainingSet set;
  private final List<Target> targets;
  private final int[] popularity;

  private String examplesOf = "";
  private @Nullable RankingExamples examples;

  /** What can be tried alone. */
  public enum Part {
    /** {@link Transitions}. */
    TRANSITIONS,
    /** {@link Ease}. */
    EASE,
    /** {@link ImplicitAls}. */
    IALS,
    /** The query encoder. */
    ENCODER,
    /** The ranker, over all of the others. */
    RANKER
  }

  /**
   * A choice to predict.
   *
   * @param history what its user chose before, oldest first, as indices; items that training did
   *     not know are left out
   * @param timesMs when
   * @param item its index; -1 if training did not know it
   */
  private record Target(int[] history, long[] timesMs, int item, long timeMs) {}

  /**
   * Looks at the prefix once.
   *
   * @param endOffset where the prefix ends; nothing at or behind it is read
   * @throws WinnowException with {@code INVALID_ARGUMENT} if the prefix has too few choices
   */
  public ModelTrials(
      ApplicationFile application,
      RecordSource records,
      long endOffset,
      TrainerConfig base,
      TrainingProgress progress) {
    this.application = application;
    this.prefix = guarded(records, endOffset);
    this.progress = progress;
    TrainingRequests requests = new TrainingRequests(application.definition());
    prefix.replay(requests);
    List<TrainingRequest.Chosen> choices = requests.choices();
    if (choices.size() < base.split().minChoices()) {
      throw WinnowException.invalid(
          "events",
          choices.size() + " outcomes of an objective",
          "at least " + base.split().minChoices() + " to tune on");
    }
    long from = choices.get((int) (choices.size() * (1 - VALIDATION_SHARE))).asOfOffset();
    this.set = trainingSet(from);
    this.targets = targets(choices, from);
    this.popularity = set.interactions().itemCounts();
  }

  /** The records below an offset; whoever would get another one fails. */
  private static RecordSource guarded(RecordSource records, long endOffset) {
    RecordSource prefix = RecordSource.prefix(records, endOffset);
    return new RecordSource() {
      @Override
      public long endOffset() {
        return prefix.endOffset();
      }

      @Override
      public void replay(long from, long to, Visitor visitor) {
        prefix.replay(
            from,
            to,
            (offset, record) -> {
              if (offset >= endOffset) {
                // An Error, so that no search takes it for a training that failed.
                throw new AssertionError(
                    "record " + offset + " was read (expected: below " + endOffset + ")");
              }
              visitor.visit(offset, record);
            });
      }
    };
  }

  private ModelFitter.TrainingSet trainingSet(long toOffset) {
    InteractionSequences sequences = new InteractionSequences(application.definition());
    prefix.replay(0, toOffset, sequences);
    List<ModelFitter.TrainingSet> result = new ArrayList<>();
    PointInTimeReplay.play(
        prefix,
        ModelFitter.catalogOnly(application.definition()),
        new long[] {toOffset},
        (_, reader) ->
            result.add(
                ModelFitter.TrainingSet.of(
                    application.definition(),
                    sequences.toInteractions(reader.catalog()),
                    reader.catalog(),
                    null)));
    return result.getFirst();
  }

  private List<Target> targets(List<TrainingRequest.Chosen> choices, long from) {
    Map<ItemId, Integer> indexOf = new HashMap<>();
    for (int item = 0; item < set.vocabulary().size(); item++) {
      indexOf.put(set.vocabulary().get(item), item);
    }
    Map<UserId, List<TrainingRequest.Chosen>> before = new HashMap<>();
    List<Target> all = new ArrayList<>();
    for (TrainingRequest.Chosen choice : choices) {
      List<TrainingRequest.Chosen> history =
          before.computeIfAbsent(choice.user(), _ -> new ArrayList<>());
      if (choice.asOfOffset() >= from) {
        List<TrainingRequest.Chosen> known =
            history.stream().filter(past -> indexOf.containsKey(past.item())).toList();
        all.add(
            new Target(
                known.stream()
                    .mapToInt(past -> Objects.requireNonNull(indexOf.get(past.item())))
                    .toArray(),
                known.stream().mapToLong(TrainingRequest.Chosen::timeMs).toArray(),
                indexOf.getOrDefault(choice.item(), -1),
                choice.timeMs()));
      }
      history.add(choice);
    }
    int kept = Math.min(all.size(), TARGETS_MAX);
    List<Target> thinned = new ArrayList<>(kept);
    for (int i = 0; i < kept; i++) {
      thinned.add(all.get((int) ((long) i * all.size() / kept)));
    }
    return thinned;
  }

  /** How many choices the retrieval models are asked for. */
  public int targetCount() {
    return targets.size();
  }

  /**
   * Trains a model and measures it.
   *
   * @return NDCG@10, 0 to 1
   * @throws WinnowException if the training fails with these settings
   */
  public double measure(Part part, TrainerConfig config) {
    Seed seed = new Seed(config.seed());
    return switch (part) {
      case TRANSITIONS ->
          measure(
              Transitions.train(
                  set.interactions(), config.linear().transitions(), config.threads()),
              config.threads());
      case EASE ->
          measure(
              Ease.train(set.interactions(), config.linear().ease(), config.threads()),
              config.threads());
      case IALS ->
          measure(
              ImplicitAls.train(
                  set.interactions(),
                  config.linear().ials(),
                  seed.derive("ials"),
                  config.threads()),
              config.threads());
      case ENCODER -> {
        TrainedEncoder encoder =
            new EncoderTrainer(config.encoder(), seed, TimeSource.system())
                .train(set.interactions(), set.tokens(), null, progress::epoch);
        yield measure(encoder, config.threads());
      }
      case RANKER ->
          new RankerTrainer(config.ranker(), seed, TimeSource.system())
              .train(examples(config), progress::epoch)
              .spec()
              .metrics()
              .ndcg10();
    };
  }

  /** Made anew only if other settings than the ranker's differ from the last time. */
  private RankingExamples examples(TrainerConfig config) {
    Map<String, String> others = TrainerSettings.values(config);
    others.keySet().removeIf(path -> path.startsWith("ranker."));
    String key = config.seed() + " " + others;
    RankingExamples made = examples;
    if (made == null || !key.equals(examplesOf)) {
      examples = null;
      made =
          new Trainer(application, config, TimeSource.system(), progress)
              .examples(prefix, prefix.endOffset());
      examples = made;
      examplesOf = key;
    }
    return made;
  }

  private double measure(ItemScorer model, int threads) {
    return sum(
            threads,
            shard -> {
              float[] scores = new float[model.itemCount()];
              double total = 0;
              for (int i = shard; i < targets.size(); i += threads) {
                Target target = targets.get(i);
                model.score(target.history(), target.timesMs(), target.timeMs(), scores);
                total += gain(target, scores);
              }
              return total;
            })
        / targets.size();
  }

  private double measure(TrainedEncoder trained, int threads) {
    int width = trained.spec().embeddingSize();
    try (QueryEncoder encoder = QueryEncoder.load(trained.onnx(), trained.spec())) {
      return sum(
              threads,
              shard -> {
                double total = 0;
                for (int from = shard * BATCH; from < targets.size(); from += threads * BATCH) {
                  total +=
                      gains(
                          targets.subList(from, Math.min(targets.size(), from + BATCH)),
                          encoder,
                          trained.itemVectors(),
                          width);
                }
                return total;
              })
          / targets.size();
    }
  }

  private double gains(List<Target> batch, QueryEncoder encoder, float[] itemVectors, int width) {
    List<Target> asked = batch.stream().filter(target -> target.history().length > 0).toList();
    List<float[]> histories = new ArrayList<>();
    for (Target target : asked) {
      int read = Math.min(target.history().length, encoder.spec().maxLength());
      float[] rows = new float[read * width];
      for (int i = 0; i < read; i++) {
        int item = target.history()[target.history().length - read + i];
        System.arraycopy(itemVectors, item * width, rows, i * width, width);
      }
      histories.add(rows);
    }
    float[] queries = encoder.encode(histories);
    float[] scores = new float[set.vocabulary().size()];
    double total = 0;
    for (int q = 0; q < asked.size(); q++) {
      for (int item = 0; item < scores.length; item++) {
        float product = 0;
        for (int e = 0; e < width; e++) {
          product += queries[q * width + e] * itemVectors[item * width + e];
        }
        scores[item] = product;
      }
      total += gain(asked.get(q), scores);
    }
    return total;
  }

  private double gain(Target target, float[] scores) {
    boolean[] had = new boolean[scores.length];
    if (!application.definition().schema().repeats()) {
      for (int past : target.history()) {
        had[past] = true;
      }
    }
    return gain(target.item(), had, scores, popularity);
  }

  /**
   * What a choice adds to NDCG@10, 0 to 1. Ties, as of items without evidence, go to the more
   * popular item. A score that is not finite is never to a model's credit: it makes a miss of the
   * item that was chosen, and stands before that item at any other.
   *
   * @param item that was chosen; -1 if the model does not know it
   * @param had items that are left out
   */
  static double gain(int item, boolean[] had, float[] scores, int[] popularity) {
    if (item < 0 || !Float.isFinite(scores[item])) {
      return 0;
    }
    int rank = 0;
    for (int other = 0; other < scores.length && rank < TOP; other++) {
      boolean better =
          scores[other] > scores[item]
              || !Float.isFinite(scores[other])
              || (scores[other] == scores[item] && popularity[other] > popularity[item]);
      rank += other != item && !had[other] && better ? 1 : 0;
    }
    return rank < TOP ? Math.log(2) / Math.log(rank + 2) : 0;
  }

  /** One shard's part of a sum. */
  private interface Share {
    double of(int shard);
  }

  private static double sum(int threads, Share share) {
    return Shards.run(threads, share::of).stream().mapToDouble(Double::doubleValue).sum();
  }
}
