package io.winnow.experiments.analysis;

import io.winnow.core.ErrorCode;
import io.winnow.core.Nearest;
import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.Metric;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The holdout as an experiment: users who are in no experiment are the control, all others the
 * treatment, so the lift is what all experiments brought together.
 */
public final class Holdout {
  private static final Duration DURATION = Duration.ofDays(90);

  private Holdout() {}

  /**
   * The experiment, judged at any time by the first metric that is a number by unit; empty without
   * a holdout or such a metric.
   */
  public static Optional<Experiment> experiment(Experiments experiments) {
    List<String> metrics =
        experiments.metrics().stream().filter(UnitTally::isUnitMetric).map(Metric::name).toList();
    if (experiments.holdout() <= 0 || metrics.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Experiment(
            Experiments.HOLDOUT,
            Experiments.holdoutRun(experiments.holdout()),
            new Experiment.Population(
                Experiment.Unit.USER,
                Experiments.HOLDOUT,
                Experiment.Range.ALL,
                1,
                List.of(),
                null,
                null),
            new Experiment.Design.Split(),
            List.of(
                new Experiment.Arm("held_out", experiments.holdout(), Experiment.Settings.NONE),
                new Experiment.Arm("open", 1 - experiments.holdout(), Experiment.Settings.NONE)),
            new Experiment.Goals(
                metrics.getFirst(), metrics.subList(1, metrics.size()), Map.of(), List.of()),
            new Experiment.Plan(
                new Experiment.Looks.Always(), DURATION, 0.05, 0.8, 0.02, Duration.ZERO)));
  }

  /** The experiment of a name: one of the application's, or the holdout. */
  public static Optional<Experiment> find(Experiments experiments, String name) {
    return name.equals(Experiments.HOLDOUT)
        ? experiment(experiments)
        : experiments.experiment(name);
  }

  /**
   * The experiment of a name: one of the application's, or the holdout.
   *
   * @throws WinnowException with {@code NOT_FOUND} that names the nearest one
   */
  public static Experiment named(Experiments experiments, String name) {
    return find(experiments, name)
        .orElseThrow(() -> {
          List<String> names = new ArrayList<>();
          experiments.list().forEach(experiment -> names.add(experiment.name()));
          experiment(experiments).ifPresent(holdout -> names.add(holdout.name()));
          Problem problem =
              new Problem("experiment", name, Nearest.expectation("experiment", name, names));
          return new WinnowException(
              ErrorCode.NOT_FOUND, problem.toString(), List.of(problem), null);
        });
  }
}
