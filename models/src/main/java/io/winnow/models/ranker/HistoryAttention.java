package io.winnow.models.ranker;

import io.winnow.models.network.Graph;
import io.winnow.models.network.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Target attention: what the history says about one candidate (Zhou et al., Deep interest network,
 * KDD 2018, on relations in place of embeddings).
 *
 * <p>A hidden layer h reads each event's relations with the candidate. K heads weigh the events by
 * a softmax over a linear function of h, and take the weighted mean of h: <i>what do the events say
 * that matter for this candidate</i>. The plain sum of h, over {@value #SUM_SCALE}, says how much
 * there is of it. One linear layer reads both. Padding weighs exactly nothing, and a user without
 * history gets zeros before that layer.
 */
final class HistoryAttention {
  private static final float MASKED = -1e9f;
  private static final int SUM_SCALE = 8;

  private final int columns;
  private final int hidden;
  private final int heads;
  private final int outputs;
  private final List<Parameter> parameters = new ArrayList<>();

  /**
   * Fresh weights.
   *
   * @param columns R
   */
  HistoryAttention(
      String name, RankerConfig.Attention config, int columns, RandomGenerator random) {
    this.columns = columns;
    this.hidden = config.hidden();
    this.heads = config.heads();
    this.outputs = config.outputs();
    parameters.add(Parameter.matrix(name + ".hidden.weight", columns, hidden, random));
    parameters.add(Parameter.vector(name + ".hidden.bias", hidden, 0));
    parameters.add(Parameter.matrix(name + ".heads.weight", hidden, heads, random));
    parameters.add(Parameter.vector(name + ".heads.bias", heads, 0));
    parameters.add(
        Parameter.matrix(name + ".output.weight", (heads + 1) * hidden, outputs, random));
    parameters.add(Parameter.vector(name + ".output.bias", outputs, 0));
  }

  /** Everything that learns. */
  List<Parameter> parameters() {
    return parameters;
  }

  /** How many columns come out. */
  int outputs() {
    return outputs;
  }

  /**
   * What the history says.
   *
   * @param relations shape (C, L, R)
   * @return shape (C, {@link #outputs()})
   */
  <V> V apply(Graph<V> g, V relations) {
    float[] selection = new float[columns];
    selection[HistorySpec.PRESENT] = 1;
    V present = g.transpose(g.matMul(relations, g.constant(selection, columns, 1)), 0, 2, 1);
    V h = g.relu(g.linear(relations, parameters.get(0), parameters.get(1)));
    V logits = g.transpose(g.linear(h, parameters.get(2), parameters.get(3)), 0, 2, 1);
    V one = g.constant(new float[] {1}, 1, 1, 1);
    V masked =
        g.add(
            logits,
            g.multiply(g.subtract(one, present), g.constant(new float[] {MASKED}, 1, 1, 1)));
    // Once more by 'present': where there is only padding, the softmax is even, not zero.
    V weights = g.multiply(g.softmax(masked), present);
    V means = g.reshape(g.matMul(weights, h), 0, heads * hidden);
    V scale = g.constant(new float[] {1f / SUM_SCALE}, 1, 1, 1);
    V sums = g.reshape(g.matMul(g.multiply(present, scale), h), 0, hidden);
    return g.linear(g.concat(means, sums), parameters.get(4), parameters.get(5));
  }
}
