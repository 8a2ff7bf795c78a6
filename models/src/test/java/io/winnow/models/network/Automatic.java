package io.winnow.models.network;

import java.util.List;

/** A graph whose {@link #softmaxLoss} is left to automatic differentiation. */
final class Automatic<V> implements TrainingGraph<V> {
  private final TrainingGraph<V> graph;

  Automatic(TrainingGraph<V> graph) {
    this.graph = graph;
  }

  @Override
  public V parameter(Parameter parameter) {
    return graph.parameter(parameter);
  }

  @Override
  public V constant(float[] values, int... shape) {
    return graph.constant(values, shape);
  }

  @Override
  public V add(V a, V b) {
    return graph.add(a, b);
  }

  @Override
  public V subtract(V a, V b) {
    return graph.subtract(a, b);
  }

  @Override
  public V multiply(V a, V b) {
    return graph.multiply(a, b);
  }

  @Override
  public V divide(V a, V b) {
    return graph.divide(a, b);
  }

  @Override
  public V matMul(V a, V b) {
    return graph.matMul(a, b);
  }

  @Override
  public V relu(V x) {
    return graph.relu(x);
  }

  @Override
  public V sigmoid(V x) {
    return graph.sigmoid(x);
  }

  @Override
  public V log(V x) {
    return graph.log(x);
  }

  @Override
  public V sqrt(V x) {
    return graph.sqrt(x);
  }

  @Override
  public V abs(V x) {
    return graph.abs(x);
  }

  @Override
  public V sign(V x) {
    return graph.sign(x);
  }

  @Override
  public V clip(V x, float minimum, float maximum) {
    return graph.clip(x, minimum, maximum);
  }

  @Override
  public V isUnknown(V x) {
    return graph.isUnknown(x);
  }

  @Override
  public V zeroUnknown(V x) {
    return graph.zeroUnknown(x);
  }

  @Override
  public V softmax(V x) {
    return graph.softmax(x);
  }

  @Override
  public V sum(V x) {
    return graph.sum(x);
  }

  @Override
  public V concat(V first, V second) {
    return graph.concat(first, second);
  }

  @Override
  public List<V> split(V x, int parts) {
    return graph.split(x, parts);
  }

  @Override
  public V reshape(V x, int... shape) {
    return graph.reshape(x, shape);
  }

  @Override
  public V transpose(V x, int... axes) {
    return graph.transpose(x, axes);
  }

  @Override
  public V layerNorm(V x, V gain, V bias) {
    return graph.layerNorm(x, gain, bias);
  }

  @Override
  public V dropout(V x) {
    return graph.dropout(x);
  }

  @Override
  public V data(float[] values, int... shape) {
    return graph.data(values, shape);
  }

  @Override
  public V indices(int[] values, int... shape) {
    return graph.indices(values, shape);
  }

  @Override
  public V lookup(V table, V indices) {
    return graph.lookup(table, indices);
  }

  @Override
  public V logSoftmax(V x) {
    return graph.logSoftmax(x);
  }

  @Override
  public V column(V matrix, int column) {
    return graph.column(matrix, column);
  }

  @Override
  public V exp(V x) {
    return graph.exp(x);
  }

  @Override
  public V sumAll(V x) {
    return graph.sumAll(x);
  }

  @Override
  public V maskEqual(V logits, V rowIds, V columnIds) {
    return graph.maskEqual(logits, rowIds, columnIds);
  }

  @Override
  public V distanceBias(V table, int length) {
    return graph.distanceBias(table, length);
  }
}
