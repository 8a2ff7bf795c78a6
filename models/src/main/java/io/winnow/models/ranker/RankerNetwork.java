package io.winnow.models.ranker;

import io.winnow.models.network.Graph;
import io.winnow.models.network.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One ranking network: the columns x = [features, unknown flags, query ⊙ item, query · item, cos]
 * go side by side through cross layers x ← x₀ ⊙ (W x + b) + x (DCN-v2: Wang et al. 2021, section 3)
 * and through two hidden layers; one linear layer reads both into a logit an objective. The cross
 * layers' residual carries x itself to that layer: the linear, "wide" part.
 */
final class RankerNetwork {
  /** Positions from here on share one weight. */
  static final int MAX_POSITIONS = 64;

  private final Preprocessing features;
  private final Preprocessing similarity;
  private final int embeddingSize;
  private final List<Parameter> crossWeights = new ArrayList<>();
  private final List<Parameter> crossBiases = new ArrayList<>();
  private final List<Parameter> dense = new ArrayList<>();
  private final Parameter positions;
  private final @Nullable HistoryAttention attention;

  /**
   * Fresh weights.
   *
   * @param name a prefix of the parameters' names
   * @param features columns of the features
   * @param similarity columns of query and item together, E + 2; none if E = 0
   * @param history how the history is seen; null for none
   * @param rates where the logits start
   */
  RankerNetwork(
      String name,
      RankerConfig.Network config,
      Preprocessing features,
      Preprocessing similarity,
      @Nullable HistorySpec history,
      BaseRates rates,
      RandomGenerator random) {
    this.features = features;
    this.similarity = similarity;
    this.embeddingSize = Math.max(0, similarity.outputs() - 2);
    this.attention =
        history == null
            ? null
            : new HistoryAttention(
                name + ".attention", config.attention(), history.columns(), random);
    int width =
        features.outputs() + similarity.outputs() + (attention == null ? 0 : attention.outputs());
    for (int i = 0; i < config.crossLayers(); i++) {
      crossWeights.add(Parameter.matrix(name + ".cross" + i + ".weight", width, width, random));
      crossBiases.add(Parameter.vector(name + ".cross" + i + ".bias", width, 0));
    }
    float[] bias = rates.logits();
    int tasks = bias.length;
    dense.add(Parameter.matrix(name + ".hidden1.weight", width, config.hidden1(), random));
    dense.add(Parameter.vector(name + ".hidden1.bias", config.hidden1(), 0));
    dense.add(
        Parameter.matrix(name + ".hidden2.weight", config.hidden1(), config.hidden2(), random));
    dense.add(Parameter.vector(name + ".hidden2.bias", config.hidden2(), 0));
    dense.add(Parameter.matrix(name + ".heads.weight", width + config.hidden2(), tasks, random));
    dense.add(Parameter.of(name + ".heads.bias", bias, tasks));
    positions = Parameter.of(name + ".positions", rates.positionLogits(), MAX_POSITIONS, tasks);
  }

  /** Everything that learns. */
  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>(crossWeights);
    all.addAll(crossBiases);
    all.addAll(dense);
    all.add(positions);
    if (attention != null) {
      all.addAll(attention.parameters());
    }
    return all;
  }

  /** What a position adds to each objective's logit while training, shape (P, T). */
  Parameter positions() {
    return positions;
  }

  /** E. */
  int embeddingSize() {
    return embeddingSize;
  }

  /**
   * The logits, before calibration, position left out.
   *
   * @param rows shape (C, F), raw
   * @param query shape (1 or C, E); ignored if E = 0
   * @param items shape (C, E); ignored if E = 0
   * @param history shape (C, L, R); ignored without attention
   * @return shape (C, T)
   */
  <V> V logits(Graph<V> g, V rows, V query, V items, V history) {
    V x0 = features.apply(g, rows);
    if (embeddingSize > 0) {
      x0 = g.concat(x0, similarity.apply(g, similarities(g, query, items)));
    }
    if (attention != null) {
      x0 = g.concat(x0, attention.apply(g, history));
    }
    V crossed = x0;
    for (int i = 0; i < crossWeights.size(); i++) {
      V inner = g.linear(crossed, crossWeights.get(i), crossBiases.get(i));
      crossed = g.add(g.multiply(x0, inner), crossed);
    }
    V hidden = g.dropout(g.relu(g.linear(x0, dense.get(0), dense.get(1))));
    hidden = g.dropout(g.relu(g.linear(hidden, dense.get(2), dense.get(3))));
    return g.linear(g.concat(crossed, hidden), dense.get(4), dense.get(5));
  }

  /** [query ⊙ item, query · item, cosine]: shape (C, E + 2). */
  private static <V> V similarities(Graph<V> g, V query, V items) {
    V product = g.multiply(items, query);
    V dot = g.sum(product);
    V norms = g.multiply(g.sum(g.multiply(items, items)), g.sum(g.multiply(query, query)));
    V cosine = g.divide(dot, g.sqrt(g.add(norms, g.constant(new float[] {1e-12f}, 1, 1))));
    return g.concat(product, g.concat(dot, cosine));
  }
}
