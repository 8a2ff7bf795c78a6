package io.winnow.lifecycle.evaluation;

import io.winnow.core.Seed;
import io.winnow.core.TimeSource;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.ApplicationFile;
import io.winnow.core.application.Objectives;
import io.winnow.events.RecordSource;
import io.winnow.features.PointInTimeReplay;
import io.winnow.lifecycle.CallerRunsExecutor;
import io.winnow.lifecycle.Release;
import io.winnow.lifecycle.ServingRelease;
import io.winnow.lifecycle.Shards;
import io.winnow.lifecycle.Trainer;
import io.winnow.lifecycle.TrainerConfig;
import io.winnow.lifecycle.TrainingProgress;
import io.winnow.lifecycle.TrainingRequest;
import io.winnow.lifecycle.evaluation.EvaluationTable.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Trains on the past of a data set and measures on its future.
 *
 * <p>Protocol {@code temporal}: a cut in time; every later choice of any user is a target,
 * predicted from the true history at that moment (with what happened after the cut, as it would be
 * in production) by models that are frozen at the cut. Protocol {@code leave-one-out}: the last
 * choice of each user is the target, all others are for training; it lets models see the future of
 * other users and is there only to compare with published tables.
 *
 * <p>All rows rank the full catalogue for the same targets under the same filter.
 */
public final class Evaluator {
  /** Under which name the trainer reports the time of a row's model. */
  private static final Map<String, String> TRAINED_AS = Map.of("two_tower", "encoder");

  private final ApplicationFile application;
  private final TrainerConfig training;
  private final TimeSource clock;
  private final TrainingProgress progress;

  /** An evaluator with the trainer's configuration. */
  public Evaluator(
      ApplicationFile application,
      TrainerConfig training,
      TimeSource clock,
      TrainingProgress progress) {
    this.application = application;
    this.training = training;
    this.clock = clock;
    this.progress = progress;
  }

  /** Which events are targets. */
  public enum Protocol {
    /** Every choice after a cut. */
    TEMPORAL("temporal"),
    /** Each user's last choice. */
    LEAVE_ONE_OUT("leave-one-out");

    private final String label;

    Protocol(String label) {
      this.label = label;
    }

    /** How it is written. */
    public String label() {
      return label;
    }
  }

  /** Trains before the cut and evaluates behind it. */
  public EvaluationTable evaluate(RecordSource records, Protocol protocol, double cutQuantile) {
    return evaluate(records, protocol, cutQuantile, List.of(training.seed()));
  }

  /**
   * Trains once for each seed before the cut, and evaluates behind it: the table's figures are the
   * means.
   *
   * @param seeds at least one; they stand in for the configuration's
   */
  public EvaluationTable evaluate(
      RecordSource records, Protocol protocol, double cutQuantile, List<Long> seeds) {
    Split split =
        protocol == Protocol.TEMPORAL
            ? Split.temporal(application.definition(), records, cutQuantile)
            : Split.leaveOneOut(application.definition(), records);
    requireTargets(split);
    Publications publications = Publications.of(application.definition(), split.records());
    Known known = Known.before(split);
    RemainingTime runsLeft = new RemainingTime(seeds.size());
    List<Measured> runs = new ArrayList<>();
    for (long seed : seeds) {
      if (seeds.size() > 1) {
        progress.step(
            "seed %d".formatted(seed),
            "training %d of %d%s".formatted(runs.size() + 1, seeds.size(), runsLeft.text()));
      }
      TrainerConfig config = training.withSeed(seed);
      Trainer trainer = new Trainer(application, config, clock, progress);
      Release release = trainer.train(split.records(), split.trainingEnd());
      runs.add(measure(release, split, known, publications, seed, trainer.seconds()));
      runsLeft.done();
    }
    return table(split, known, runs, protocol);
  }

  /**
   * Evaluates a release on the choices behind an offset that it did not see.
   *
   * @throws WinnowException if the release has seen targets
   */
  public EvaluationTable evaluate(
      Release release, RecordSource records, long fromOffset, Map<String, Double> trainSeconds) {
    if (release.manifest().provenance().toOffset() > fromOffset) {
      throw WinnowException.invalid(
          "release.provenance.to_offset",
          release.manifest().provenance().toOffset(),
          "at most " + fromOffset + ", where evaluation begins");
    }
    Split split = Split.from(application.definition(), records, fromOffset);
    requireTargets(split);
    Known known = Known.before(split);
    Publications publications = Publications.of(application.definition(), records);
    return table(
        split,
        known,
        List.of(measure(release, split, known, publications, training.seed(), trainSeconds)),
        Protocol.TEMPORAL);
  }

  private static void requireTargets(Split split) {
    if (split.targets().isEmpty()) {
      throw WinnowException.invalid("targets", 0, "at least one choice to predict");
    }
  }

  private EvaluationTable table(Split split, Known known, List<Measured> runs, Protocol protocol) {
    return new TableBuilder(split, known, runs, new Seed(training.seed()), training.threads())
        .build(
            protocol,
            ListMeasures.calibrationAttribute(application.definition().schema().itemAttributes()));
  }

  private Measured measure(
      Release release,
      Split split,
      Known known,
      Publications publications,
      long seed,
      Map<String, Double> trainSeconds) {
    ApplicationDefinition definition = application.definition();
    int targets = split.targets().size();
    TargetProgress counted = new TargetProgress(progress, targets);
    int shards = Math.min(training.threads(), targets);
    List<EvaluationRows> results =
        Shards.run(
            shards, shard -> runShard(release, split, known, publications, counted, shard, shards));
    Map<String, Double> seconds = new LinkedHashMap<>();
    results
        .getFirst()
        .rows()
        .forEach((model, row) -> seconds.put(model, seconds(model, row.kind(), trainSeconds)));
    return Measured.of(seed, results, targets, impressions(release, definition, split), seconds);
  }

  /** The whole path takes all trainings together. */
  private static double seconds(String model, Kind kind, Map<String, Double> trainSeconds) {
    return kind == Kind.PIPELINE
        ? trainSeconds.values().stream().mapToDouble(Double::doubleValue).sum()
        : trainSeconds.getOrDefault(TRAINED_AS.getOrDefault(model, model), 0.0);
  }

  /**
   * How well the ranker's probabilities fit the slates shown behind the cut; empty if there are
   * none.
   */
  private static Map<String, Double> impressions(
      Release release, ApplicationDefinition definition, Split split) {
    ImpressionMetrics metrics =
        new ImpressionMetrics(
            definition.objectives().list().stream().map(Objectives.Objective::name).toList());
    List<ServingRelease> serving = new ArrayList<>();
    PointInTimeReplay.play(
        split.records(),
        definition,
        split.slates().stream().mapToLong(TrainingRequest.Shown::asOfOffset).toArray(),
        (index, reader) -> {
          if (serving.isEmpty()) {
            serving.add(new ServingRelease(release, reader, new CallerRunsExecutor()));
          }
          TrainingRequest.Shown shown =
              split.slates().get(index).keep(item -> reader.catalog().indexOf(item) >= 0);
          float[] probabilities = serving.getFirst().probabilities(shown);
          if (probabilities.length > 0) {
            metrics.add(shown, probabilities);
          }
        });
    return metrics.values();
  }

  private EvaluationRows runShard(
      Release release,
      Split split,
      Known known,
      Publications publications,
      TargetProgress counted,
      int shard,
      int shards) {
    List<Split.Target> mine = new ArrayList<>();
    for (int i = shard; i < split.targets().size(); i += shards) {
      mine.add(split.targets().get(i));
    }
    List<EvaluationRows> rows = new ArrayList<>();
    PointInTimeReplay.play(
        split.records(),
        application.definition(),
        mine.stream().mapToLong(Split.Target::asOfOffset).toArray(),
        (index, reader) -> {
          if (rows.isEmpty()) {
            ServingRelease serving = new ServingRelease(release, reader, new CallerRunsExecutor());
            rows.add(new EvaluationRows(serving, reader, known, publications, mine.size()));
          }
          rows.getFirst().add(mine.get(index));
          counted.done();
        });
    return rows.getFirst();
  }
}
