package io.winnow.experiments.analysis;

import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.core.application.AttributeType;
import io.winnow.core.application.Experiment;
import io.winnow.core.application.Experiments;
import io.winnow.core.application.Metric;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a replay has to collect for an experiment's metrics.
 *
 * @param metrics of the experiment, the primary first
 * @param attributes of items whose values are groups
 * @param dimensions over which exposure is counted: attributes, {@link #ITEMS} and {@link #AGE}
 */
record Needs(List<Metric> metrics, Set<String> attributes, Set<String> dimensions) {
  /** The items themselves, as a dimension. */
  static final String ITEMS = "item";

  /** New items against older ones, as a dimension. */
  static final String AGE = "age";

  /** Most attributes that the report on exposure shows without being asked. */
  private static final int SHOWN_ATTRIBUTES = 2;

  static Needs of(ApplicationDefinition application, Experiment experiment) {
    Experiments experiments = application.operations().experiments();
    Set<String> names = new LinkedHashSet<>();
    names.add(experiment.goals().primary());
    names.addAll(experiment.goals().secondary());
    names.addAll(experiment.goals().guardrails().keySet());
    if (experiment.design() instanceof Experiment.Design.Bandit bandit) {
      names.add(bandit.metric());
    }
    List<Metric> metrics = new ArrayList<>();
    for (String name : names) {
      metrics.add(
          experiments
              .metric(name)
              .orElseThrow(() ->
                  WinnowException.invalid(
                      "metric",
                      name,
                      "one of " + experiments.metrics().stream().map(Metric::name).toList())));
    }
    Set<String> attributes = new LinkedHashSet<>();
    Set<String> dimensions = new LinkedHashSet<>(List.of(ITEMS, AGE));
    for (Metric metric : metrics) {
      switch (metric.definition()) {
        case Metric.Definition.ExposureShare(Metric.ItemGroup.WithValue(String name, String _)) ->
            attributes.add(name);
        case Metric.Definition.Gini(String name) -> add(name, attributes, dimensions);
        case Metric.Definition.Coverage(String name) -> add(name, attributes, dimensions);
        case Metric.Definition.Disparity(String name, Metric.Against _) ->
            add(name, attributes, dimensions);
        case Metric.Definition.ExposureShare _,
            Metric.Definition.Ratio _,
            Metric.Definition.Mean _,
            Metric.Definition.Conversion _,
            Metric.Definition.Retention _,
            Metric.Definition.Quantile _ -> {}
      }
    }
    application.schema().itemAttributes().entrySet().stream()
        .filter(entry ->
            entry.getValue() == AttributeType.STRING || entry.getValue() == AttributeType.STRINGS)
        .limit(SHOWN_ATTRIBUTES)
        .forEach(entry -> add(entry.getKey(), attributes, dimensions));
    return new Needs(metrics, attributes, dimensions);
  }

  /** One of the metrics. */
  Metric metric(String name) {
    return metrics.stream().filter(of -> of.name().equals(name)).findFirst().orElseThrow();
  }

  private static void add(@Nullable String name, Set<String> attributes, Set<String> dimensions) {
    if (name != null) {
      attributes.add(name);
      dimensions.add(name);
    }
  }
}
