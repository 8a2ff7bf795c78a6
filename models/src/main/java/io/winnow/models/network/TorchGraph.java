package io.winnow.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
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
  private final Torch.@Nullable DropoutMasks masks;
  private final boolean differentiated;
  private final Map<String, NDArray> leaves = new HashMap<>();

  TorchGraph(
      NDManager manager, Arena arena, Torch.@Nullable DropoutMasks masks, boolean differentiated) {
    this.manager = manager;
    this.arena = arena;
    this.masks = masks;
    this.differentiated = differentiated;
  }

  /** Copies the gradient into the parameter; zeros if the loss does not depend on it. */
  void readGradient(Parameter parameter) {
    NDArray leaf = leaves.get(parameter.name());
    if (leaf == null || !leaf.hasGradient()) {
      Arrays.fill(parameter.gradient, 0);
      return;
    }
    try (NDArray gradient = leaf.getGradient()) {
      gradient
          .toByteBuffer()
          .order(ByteOrder.nativeOrder())
          .asFloatBuffer()
          .get(parameter.gradient);
    }
  }

  @Override
  public NDArray parameter(Parameter parameter) {
    return leaves.computeIfAbsent(
        parameter.name(),
        name -> {
          NDArray leaf = floats(parameter.values, parameter.shape());
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
}
