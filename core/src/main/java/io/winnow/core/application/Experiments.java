package io.winnow.core.application;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is tested, and by what it is judged.
 *
 * @param metrics in the file's order
 * @param list the experiments, in the file's order
 * @param holdout the share of users who are in no experiment, in [0, 0.5]
 * @param testers by user, then experiment: the arm that a tester sees whatever is drawn; never
 *     counted
 */
public record Experiments(
    List<Metric> metrics,
    List<Experiment> list,
    double holdout,
    Map<String, Map<String, String>> testers) {
  /** The name under which the holdout is exposed and analysed, as an experiment of its own. */
  public static final String HOLDOUT = "holdout";

  private static final int HOLDOUT_RUNS = 1_000_000;

  /** Nothing is tested. */
  public static final Experiments NONE = new Experiments(List.of(), List.of(), 0, Map.of());

  /** Copies the collections, keeping their order. */
  public Experiments {
    metrics = List.copyOf(metrics);
    list = List.copyOf(list);
    Map<String, Map<String, String>> copy = new LinkedHashMap<>();
    testers.forEach(
        (user, arms) -> copy.put(user, Collections.unmodifiableMap(new LinkedHashMap<>(arms))));
    testers = Collections.unmodifiableMap(copy);
  }

  /**
   * The run of the holdout's own experiment: its share in millionths. Another share moves users
   * between the sides, so what it shows is analysed by itself; who holds out the same share again
   * goes on with that run.
   *
   * @param share in (0, 0.5]
   * @return at least 1
   */
  public static int holdoutRun(double share) {
    return (int) Math.max(1, Math.round(share * HOLDOUT_RUNS));
  }

  /** The metric of a name. */
  public Optional<Metric> metric(String name) {
    return metrics.stream().filter(metric -> metric.name().equals(name)).findFirst();
  }

  /** The experiment of a name. */
  public Optional<Experiment> experiment(String name) {
    return list.stream().filter(experiment -> experiment.name().equals(name)).findFirst();
  }
}
