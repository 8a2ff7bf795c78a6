package io.winnow.models.network;

import java.util.List;

/**
 * The operations of which networks are written, over values V: tensors while training, names of
 * ONNX values while exporting. Binary operations broadcast as NumPy does. Axes count from 0; "last
 * axis" means what it says.
 *
 * @param <V> a tensor of 32-bit floats
 */
public interface Graph<V> {
  /** The current weights of a parameter. */
  V parameter(Parameter parameter);

  /** A tensor of fixed numbers, row-major; {@code values} is read now. */
  V constant(float[] values, int... shape);

  /** a + b. */
  V add(V a, V b);

  /** a − b. */
  V subtract(V a, V b);

  /** a · b, element by element. */
  V multiply(V a, V b);

  /** a / b, element by element. */
  V divide(V a, V b);

  /** The matrix product over the last two axes; leading axes broadcast. */
  V matMul(V a, V b);

  /** max(x, 0). */
  V relu(V x);

  /** 1 / (1 + e⁻ˣ). */
  V sigmoid(V x);

  /** The natural logarithm. */
  V log(V x);

  /** The square root. */
  V sqrt(V x);

  /** The absolute value. */
  V abs(V x);

  /** −1, 0 or 1. */
  V sign(V x);

  /** x, limited to minimum … maximum. */
  V clip(V x, float minimum, float maximum);

  /** 1 where x is NaN, else 0. */
  V isUnknown(V x);

  /** x with 0 in place of NaN. */
  V zeroUnknown(V x);

  /** Exponentials that sum to 1 over the last axis. */
  V softmax(V x);

  /** The sum over the last axis, which stays with length 1. */
  V sum(V x);

  /** Joins along the last axis. */
  V concat(V first, V second);

  /** Cuts the last axis into equal parts; it must be a multiple of {@code parts}. */
  List<V> split(V x, int parts);

  /**
   * The same numbers in another shape: a 0 keeps the dimension at its place, one −1 takes what is
   * left.
   */
  V reshape(V x, int... shape);

  /** Reorders the axes. */
  V transpose(V x, int... axes);

  /** Normalises over the last axis to mean 0 and variance 1, then scales and shifts (ε 1e-5). */
  V layerNorm(V x, V gain, V bias);

  /** Drops elements at random while training; returns x itself otherwise. */
  V dropout(V x);

  /** x · weight + bias over the last axis. */
  default V linear(V x, Parameter weight, Parameter bias) {
    return add(matMul(x, parameter(weight)), parameter(bias));
  }
}
