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
import io.winnow.lifecycle.evaluation.EvaluationTable.Row;
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
    Split split =
        protocol == Protocol.TEMPORAL
            ? Split.temporal(application.definition(), records, cutQuantile)
            : Split.leaveOneOut(application.definition(), records);
    Trainer trainer = new Trainer(application, training, clock, progress);
    Release release = trainer.train(split.records(), split.trainingEnd());
    return measure(release, split, protocol, trainer.seconds());
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
    return measure(
        release,
        Split.from(application.definition(), records, fromOffset),
        Protocol.TEMPORAL,
        trainSeconds);
  }

  private EvaluationTable measure(
      Release release, Split split, Protocol protocol, Map<String, Double> trainSeconds) {
    progress.step("evaluate", "%,d targets".formatted(split.targets().size()));
    ApplicationDefinition definition = application.definition();
    if (split.targets().isEmpty()) {
      throw WinnowException.invalid("targets", 0, "at least one choice to predict");
    }
    int shards = Math.min(training.threads(), split.targets().size());
    List<EvaluationRows> results =
        Shards.run(shards, shard -> runShard(release, definition, split, shard, shards));
    EvaluationRows all = results.getFirst();
    results.stream().skip(1).forEach(all::merge);
    Map<String, Double> onImpressions = impressions(release, definition, split);
    List<Row> rows = new ArrayList<>();
    all.rows()
        .forEach((model, row) ->
            rows.add(
                new Row(
                    model,
                    row.kind(),
                    row.kind() == Kind.RANKER
                        ? joined(row.metrics().values(), onImpressions)
                        : row.metrics().values(),
                    row.metrics().intervals(new Seed(training.seed())),
                    seconds(model, row.kind(), trainSeconds))));
    return new EvaluationTable(protocol.label(), split.cutMs(), split.targets().size(), rows);
  }

  /** The whole path takes all trainings together. */
  private static double seconds(String model, Kind kind, Map<String, Double> trainSeconds) {
    return kind == Kind.PIPELINE
        ? trainSeconds.values().stream().mapToDouble(Double::doubleValue).sum()
        : trainSeconds.getOrDefault(TRAINED_AS.getOrDefault(model, model), 0.0);
  }

  private static Map<String, Double> joined(Map<String, Double> metrics, Map<String, Double> more) {
    Map<String, Double> all = new LinkedHashMap<>(metrics);
    all.putAll(more);
    return all;
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

  private static EvaluationRows runShard(
      Release release, ApplicationDefinition definition, Split split, int shard, int shards) {
    List<Split.Target> mine = new ArrayList<>();
    for (int i = shard; i < split.targets().size(); i += shards) {
      mine.add(split.targets().get(i));
    }
    List<EvaluationRows> rows = new ArrayList<>();
    PointInTimeReplay.play(
        split.records(),
        definition,
        mine.stream().mapToLong(Split.Target::asOfOffset).toArray(),
        (index, reader) -> {
          if (rows.isEmpty()) {
            ServingRelease serving = new ServingRelease(release, reader, new CallerRunsExecutor());
            rows.add(new EvaluationRows(serving, reader, split.userCount()));
          }
          rows.getFirst().add(mine.get(index));
        });
    return rows.getFirst();
  }
}
