package io.winnow.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import io.winnow.models.network.Torch.DropoutMasks;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The graph on PyTorch tensors. Every tensor belongs to the step's manager, inputs included, so
 * closing that manager frees all of them.
 */
final class TorchGraph implements TrainingGraph<NDArray> {
  private static final float EPSILON = 1e-5f;
  private static final float MASKED = -1e9f;

  private final NDManager manager;
  private final Arena arena;
  private final DropoutMasks.@Nullable Sequence masks;
  private final boolean differentiated;
  private final Map<String, ByteBuffer> weights;
  private final Map<String, NDArray> leaves = new HashMap<>();

  /** A graph that is differentiated, with parameters of which some are in {@code weights}. */
  TorchGraph(
      NDManager manager,
      Arena arena,
      DropoutMasks.Sequence masks,
      Map<String, ByteBuffer> weights) {
    this.manager = manager;
    this.arena = arena;
    this.masks = masks.isActive() ? masks : null;
    this.differentiated = true;
    this.weights = weights;
  }

  /** A graph that only runs forward, without dropout. */
  TorchGraph(NDManager manager, Arena arena) {
    this.manager = manager;
    this.arena = arena;
    this.masks = null;
    this.differentiated = false;
    this.weights = Map.of();
  }

  /** The weights of parameters as graphs on several threads may read them, by name. */
  static Map<String, ByteBuffer> weights(List<Parameter> parameters, Arena arena) {
    Map<String, ByteBuffer> weights = new HashMap<>();
    for (Parameter parameter : parameters) {
      ByteBuffer bytes = arena.take(parameter.values.length * Float.BYTES);
      bytes.asFloatBuffer().put(parameter.values);
      weights.put(parameter.name(), bytes);
    }
    return weights;
  }

  /** Copies a parameter's gradient; zeros if the loss does not depend on it. */
  void readGradient(Parameter parameter, float[] target) {
    NDArray leaf = leaves.get(parameter.name());
    if (leaf == null || !leaf.hasGradient()) {
      Arrays.fill(target, 0);
      return;
    }
    try (NDArray gradient = leaf.getGradient()) {
      gradient
          .toByteBuffer(true)
          .order(ByteOrder.nativeOrder())
          .asFloatBuffer()
          .get(target, 0, target.length);
    }
  }

  @Override
  public NDArray parameter(Parameter parameter) {
    return leaves.computeIfAbsent(
        parameter.name(),
        name -> {
          ByteBuffer shared = weights.get(name);
          NDArray leaf =
              shared == null
                  ? floats(parameter.values, parameter.shape())
                  : manager.create(
                      shared.duplicate().order(ByteOrder.nativeOrder()),
                      shape(parameter.shape()),
                      DataType.FLOAT32);
          leaf.setRequiresGradient(differentiated);
          return leaf;
        });
  }

  @Override
  public NDArray constant(float[] values, int... shape) {
    return floats(values, shape);
  }

  @Override
  public NDArray data(float[] values, int... shape) {
    return floats(values, shape);
  }

  private NDArray floats(float[] values, int[] shape) {
    int size = Parameter.size(shape);
    ByteBuffer bytes = arena.take(size * Float.BYTES);
    bytes.asFloatBuffer().put(values, 0, size);
    return manager.create(bytes, shape(shape), DataType.FLOAT32);
  }

  @Override
  public NDArray indices(int[] values, int... shape) {
    int size = Parameter.size(shape);
    ByteBuffer bytes = arena.take(size * Long.BYTES);
    LongBuffer longs = bytes.asLongBuffer();
    for (int i = 0; i < size; i++) {
      longs.put(i, values[i]);
    }
    return manager.create(bytes, shape(shape), DataType.INT64);
  }

  private static Shape shape(int[] dimensions) {
    long[] longs = new long[dimensions.length];
    for (int i = 0; i < longs.length; i++) {
      longs[i] = dimensions[i];
    }
    return new Shape(longs);
  }

  @Override
  public NDArray add(NDArray a, NDArray b) {
    return a.add(b);
  }

  @Override
  public NDArray subtract(NDArray a, NDArray b) {
    return a.sub(b);
  }

  @Override
  public NDArray multiply(NDArray a, NDArray b) {
    return a.mul(b);
  }

  @Override
  public NDArray divide(NDArray a, NDArray b) {
    return a.div(b);
  }

  @Override
  public NDArray matMul(NDArray a, NDArray b) {
    return a.matMul(b);
  }

  @Override
  public NDArray linear(NDArray x, Parameter weight, Parameter bias) {
    NDArray transposed = parameter(weight).transpose(1, 0);
    return x.getNDArrayInternal().linear(x, transposed, parameter(bias)).singletonOrThrow();
  }

  @Override
  public NDArray relu(NDArray x) {
    return x.getNDArrayInternal().relu();
  }

  @Override
  public NDArray sigmoid(NDArray x) {
    return x.getNDArrayInternal().sigmoid();
  }

  @Override
  public NDArray log(NDArray x) {
    return x.log();
  }

  @Override
  public NDArray sqrt(NDArray x) {
    return x.sqrt();
  }

  @Override
  public NDArray abs(NDArray x) {
    return x.abs();
  }

  @Override
  public NDArray sign(NDArray x) {
    return x.sign();
  }

  @Override
  public NDArray clip(NDArray x, float minimum, float maximum) {
    return x.clip(minimum, maximum);
  }

  @Override
  public NDArray isUnknown(NDArray x) {
    return x.isNaN().toType(DataType.FLOAT32, false);
  }

  @Override
  public NDArray zeroUnknown(NDArray x) {
    return NDArrays.where(x.isNaN(), x.zerosLike(), x);
  }

  @Override
  public NDArray softmax(NDArray x) {
    return x.softmax(-1);
  }

  @Override
  public NDArray logSoftmax(NDArray x) {
    return x.logSoftmax(-1);
  }

  @Override
  public NDArray sum(NDArray x) {
    return x.sum(new int[] {-1}, true);
  }

  @Override
  public NDArray sumAll(NDArray x) {
    return x.sum();
  }

  @Override
  public NDArray exp(NDArray x) {
    return x.exp();
  }

  @Override
  public NDArray concat(NDArray first, NDArray second) {
    return NDArrays.concat(new NDList(first, second), -1);
  }

  @Override
  public List<NDArray> split(NDArray x, int parts) {
    return x.split(parts, x.getShape().dimension() - 1);
  }

  @Override
  public NDArray column(NDArray matrix, int column) {
    return matrix.get(new NDIndex(":, {}:{}", column, column + 1));
  }

  @Override
  public NDArray reshape(NDArray x, int... shape) {
    Shape old = x.getShape();
    long[] dimensions = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      dimensions[i] = shape[i] == 0 ? old.get(i) : shape[i];
    }
    return x.reshape(dimensions);
  }

  @Override
  public NDArray transpose(NDArray x, int... axes) {
    return x.transpose(axes);
  }

  @Override
  public NDArray layerNorm(NDArray x, NDArray gain, NDArray bias) {
    Shape last = new Shape(x.getShape().get(x.getShape().dimension() - 1));
    return x.getNDArrayInternal().layerNorm(x, last, gain, bias, EPSILON).singletonOrThrow();
  }

  @Override
  public NDArray dropout(NDArray x) {
    if (masks == null) {
      return x;
    }
    ByteBuffer mask = masks.next(Math.toIntExact(x.size()), arena);
    return x.mul(manager.create(mask, x.getShape(), DataType.FLOAT32));
  }

  @Override
  public NDArray lookup(NDArray table, NDArray indices) {
    return indices
        .getNDArrayInternal()
        .embedding(indices, table, SparseFormat.DENSE)
        .singletonOrThrow();
  }

  @Override
  public NDArray maskEqual(NDArray logits, NDArray rowIds, NDArray columnIds) {
    NDArray masked = manager.create(new float[] {MASKED}, new Shape(1, 1));
    NDArray equal = rowIds.eq(columnIds);
    return NDArrays.where(equal, masked.broadcast(logits.getShape()), logits);
  }

  @Override
  public NDArray distanceBias(NDArray table, int length) {
    int heads = Math.toIntExact(table.getShape().get(1));
    // Row i of the square is a ring of 2 l cells, turned by i: the ring starts at distance 0 and
    // runs into the future, and its end is the past. Rows of 2 l cells, read as rows of 2 l − 1,
    // are just so turned.
    int[] distances = new int[2 * length];
    float[] mask = new float[2 * length];
    Arrays.fill(mask, 1, length + 1, MASKED);
    for (int m = length + 1; m < 2 * length; m++) {
      distances[m] = 2 * length - m;
    }
    NDArray ring = lookup(table, indices(distances, 2 * length)).transpose(1, 0);
    NDArray masked = ring.add(floats(mask, new int[] {1, 2 * length}));
    NDArray repeated =
        masked.reshape(heads, 1, 2L * length).broadcast(new Shape(heads, length, 2L * length));
    NDArray flat = repeated.reshape(heads, 2L * length * length);
    NDArray cut = flat.get(new NDIndex().addAllDim().addSliceDim(0, length * (2L * length - 1)));
    NDArray turned = cut.reshape(heads, length, 2L * length - 1);
    return turned
        .get(new NDIndex().addAllDim().addAllDim().addSliceDim(0, length))
        .reshape(1, heads, length, length);
  }

  @Override
  public NDArray softmaxLoss(NDArray queries, NDArray items, SoftmaxTargets choice) {
    return manager.getDevice().isGpu()
        ? TrainingGraph.super.softmaxLoss(queries, items, choice)
        : new SoftmaxLoss(manager, arena, queries, items, choice).run(differentiated);
  }
}
