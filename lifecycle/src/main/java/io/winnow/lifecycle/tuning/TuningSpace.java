package io.winnow.lifecycle.tuning;

import io.winnow.core.Seed;
import io.winnow.lifecycle.ModelTrials.Part;
import io.winnow.lifecycle.tuning.Dimension.Choice;
import io.winnow.lifecycle.tuning.Dimension.Real;
import io.winnow.lifecycle.tuning.Dimension.Whole;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * The settings that are searched, and the ranges; docs/tuning.md has them as a table.
 *
 * @param dimensions by the model that they belong to
 */
record TuningSpace(Map<Part, List<Dimension>> dimensions) {
  /** What a search looks through unless it is told otherwise. */
  static final TuningSpace DEFAULT =
      new TuningSpace(
          Map.of(
              Part.TRANSITIONS,
              List.of(
                  new Whole("linear.transitions.steps", 1, 20, true),
                  new Real("linear.transitions.decay", 0.3, 1, false),
                  new Real("linear.transitions.request_decay", 0.3, 1, false),
                  new Real("linear.transitions.backward", 0, 1, false),
                  new Real("linear.transitions.row_power", 0, 1.2, false),
                  new Real("linear.transitions.target_power", 0, 0.8, false),
                  new Real("linear.transitions.smoothing", 1, 200, true)),
              Part.EASE,
              List.of(
                  new Real("linear.ease.lambda", 10, 5000, true),
                  new Real("linear.ease.user_power", 0, 1, false),
                  new Real("linear.ease.half_life_items", 1, 100, true)),
              Part.IALS,
              List.of(
                  new Choice("linear.ials.dimension", List.of("32", "64", "96", "128")),
                  new Whole("linear.ials.iterations", 4, 12, false),
                  new Real("linear.ials.alpha", 1, 200, true),
                  new Real("linear.ials.lambda", 0.001, 1, true),
                  new Real("linear.ials.frequency_power", 0, 1, false),
                  new Real("linear.ials.half_life_items", 1, 50, true)),
              Part.ENCODER,
              List.of(
                  new Choice(
                      "encoder.network.embedding_size", List.of("32", "48", "64", "96", "128")),
                  new Whole("encoder.network.blocks", 1, 3, false),
                  new Real("encoder.network.dropout", 0, 0.5, false),
                  new Choice(
                      "encoder.sampling.negatives", List.of("128", "256", "512", "1024", "2048")),
                  new Whole("encoder.training.epochs", 6, 40, true),
                  new Real("encoder.training.learning_rate", 0.001, 0.01, true)),
              Part.RANKER,
              List.of(
                  new Choice("ranker.network.hidden1", List.of("64", "128", "256")),
                  new Choice("ranker.network.hidden2", List.of("32", "64", "128")),
                  new Whole("ranker.network.cross_layers", 0, 3, false),
                  new Real("ranker.network.dropout", 0, 0.4, false),
                  new Whole("ranker.training.epochs", 2, 8, true),
                  new Real("ranker.training.learning_rate", 0.0005, 0.01, true),
                  new Real("ranker.training.weight_decay", 0.0001, 0.1, true),
                  new Real("ranker.training.listwise_share", 0, 1, false))));

  /** Keeps the parts in their order. */
  TuningSpace {
    EnumMap<Part, List<Dimension>> ordered = new EnumMap<>(Part.class);
    dimensions.forEach((part, list) -> ordered.put(part, List.copyOf(list)));
    dimensions = Collections.unmodifiableMap(ordered);
  }

  /** The settings of one candidate, which the seed and its name decide. */
  Map<String, String> draw(Part part, Seed seed, String name) {
    RandomGenerator random = seed.generator("tuning " + name);
    Map<String, String> settings = new LinkedHashMap<>();
    for (Dimension dimension : Objects.requireNonNull(dimensions.get(part))) {
      settings.put(dimension.path(), dimension.draw(random));
    }
    return settings;
  }
}
