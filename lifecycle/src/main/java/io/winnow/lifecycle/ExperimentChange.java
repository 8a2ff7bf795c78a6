package io.winnow.lifecycle;

import io.winnow.core.Problem;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiment.Arm;
import io.winnow.core.application.Experiment.Design;
import io.winnow.core.application.Experiment.Looks;
import io.winnow.core.application.Experiment.Population;
import io.winnow.core.application.Experiment.RerankingChange;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.Metric;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What must not change of an experiment that goes on: whatever would move units to another arm,
 * give an arm another meaning, or choose the rule of decision when results can be seen. Traffic,
 * targeting, the end, secondary metrics, guardrails and segments may.
 *
 * <p>What is frozen is a map of texts by the keys of the application file, so that it can be kept
 * on disk and compared later, and a difference can be named.
 */
public final class ExperimentChange {
  private static final String ARMS = "arms";
  private static final String METRICS = "metrics.";

  private ExperimentChange() {}

  /**
   * What is wrong with an experiment whose run began with other words.
   *
   * @param was what {@link #frozen} said of it then
   * @param after what the experiment is one of
   * @return empty if nothing is
   */
  public static List<Problem> problems(
      Map<String, String> was, Experiment experiment, Experiments after) {
    Map<String, String> is = frozen(experiment, after);
    Map<String, Boolean> keys = new LinkedHashMap<>();
    was.keySet().forEach(key -> keys.put(key, true));
    is.keySet().forEach(key -> keys.put(key, true));
    boolean otherArms = differs(ARMS, was, is);
    List<Problem> problems = new ArrayList<>();
    for (String key : keys.keySet()) {
      boolean ofAnArm = key.startsWith(ARMS + ".");
      // Another metric is a problem of 'primary' or 'bandit'; its definition may be its own.
      boolean ofOneMetric =
          key.startsWith(METRICS) && !(was.containsKey(key) && is.containsKey(key));
      if (differs(key, was, is) && !(ofAnArm && otherArms) && !ofOneMetric) {
        problems.add(
            new Problem(
                key.startsWith(METRICS) ? key : "experiments." + experiment.name() + "." + key,
                is.getOrDefault(key, "absent"),
                "%s, as run %d of experiment %s began; or run: %d, which begins anew"
                    .formatted(
                        was.getOrDefault(key, "absent"),
                        experiment.run(),
                        experiment.name(),
                        experiment.run() + 1)));
      }
    }
    return problems;
  }

  private static boolean differs(String key, Map<String, String> was, Map<String, String> is) {
    String one = was.get(key);
    return one == null ? is.containsKey(key) : !one.equals(is.get(key));
  }

  /**
   * What must not change of an experiment while its run lasts, by key. The texts are kept on disk:
   * who changes how one is written stops the experiments that run.
   */
  public static Map<String, String> frozen(Experiment experiment, Experiments of) {
    Population population = experiment.population();
    Map<String, String> frozen = new LinkedHashMap<>();
    frozen.put("unit", lower(population.unit()));
    frozen.put("layer", population.layer());
    frozen.put("from", population.from() == null ? "absent" : population.from().toString());
    String decisive = experiment.goals().primary();
    switch (experiment.design()) {
      case Design.Split _ -> frozen.put("design", "split");
      case Design.Interleaving _ -> frozen.put("design", "interleaving");
      case Design.Bandit(String metric, var period, double floor) -> {
        frozen.put("design", "bandit");
        frozen.put("bandit.metric", metric);
        frozen.put("bandit.period", period.toString());
        frozen.put("bandit.floor", Double.toString(floor));
        metric(metric, of, frozen);
      }
    }
    frozen.put(ARMS, String.join(", ", experiment.arms().stream().map(Arm::name).toList()));
    experiment.arms().forEach(arm -> arm(arm, frozen));
    frozen.put("primary", decisive);
    metric(decisive, of, frozen);
    frozen.put(
        "looks",
        switch (experiment.plan().looks()) {
          case Looks.Planned(int count) -> Integer.toString(count);
          case Looks.Always _ -> "always";
        });
    frozen.put("duration", experiment.plan().duration().toString());
    frozen.put("alpha", Double.toString(experiment.plan().alpha()));
    // These say when an always-valid rule is at its plan's end.
    frozen.put("power", Double.toString(experiment.plan().power()));
    frozen.put("minimum_effect", Double.toString(experiment.plan().minimumEffect()));
    frozen.put("before", experiment.plan().before().toString());
    return frozen;
  }

  private static void metric(String name, Experiments of, Map<String, String> frozen) {
    of.metric(name)
        .ifPresent(metric -> frozen.put(METRICS + name, metric.definition() + better(metric)));
  }

  private static String better(Metric metric) {
    return ", better: " + lower(metric.better());
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static void arm(Arm arm, Map<String, String> frozen) {
    String prefix = ARMS + "." + arm.name() + ".";
    frozen.put(prefix + "weight", Double.toString(arm.weight()));
    put(prefix + "release", arm.settings().release(), frozen);
    // Neither order means anything: both are looked up by name.
    arm.settings()
        .quotas()
        .forEach((source, quota) -> frozen.put(prefix + "retrieval." + source, quota.toString()));
    arm.settings()
        .objectives()
        .forEach((name, weight) -> frozen.put(prefix + "objectives." + name, weight.toString()));
    RerankingChange reranking = arm.settings().reranking();
    put(prefix + "reranking.diversity", reranking.diversity(), frozen);
    put(
        prefix + "reranking.cap",
        reranking.caps() == null ? null : new TreeMap<>(reranking.caps()),
        frozen);
    put(prefix + "reranking.explore", reranking.explore(), frozen);
    put(prefix + "reranking.exclude", reranking.exclude(), frozen);
  }

  private static void put(String key, @Nullable Object value, Map<String, String> frozen) {
    if (value != null) {
      frozen.put(key, value.toString());
    }
  }
}
