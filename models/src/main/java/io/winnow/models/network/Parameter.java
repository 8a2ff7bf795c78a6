package io.winnow.models.network;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * A named tensor of weights with its gradient and its optimiser state. Owns its arrays; not
 * thread-safe.
 */
public final class Parameter {
  private final String name;
  private final int[] shape;
  final float[] values;
  final float[] gradient;
  private final boolean decays;

  private Parameter(String name, float[] values, boolean decays, int... shape) {
    this.name = name;
    this.values = values;
    this.gradient = new float[values.length];
    this.decays = decays;
    this.shape = shape.clone();
    if (values.length != size(shape)) {
      throw new IllegalArgumentException(
          name + ": " + values.length + " values (expected: " + size(shape) + ")");
    }
  }

  /** A matrix (inputs, outputs) with Glorot's uniform start (Glorot, Bengio 2010). */
  public static Parameter matrix(String name, int inputs, int outputs, RandomGenerator random) {
    float limit = (float) Math.sqrt(6.0 / (inputs + outputs));
    float[] values = new float[inputs * outputs];
    for (int i = 0; i < values.length; i++) {
      values[i] = (2 * random.nextFloat() - 1) * limit;
    }
    return new Parameter(name, values, true, inputs, outputs);
  }

  /** A vector of one number repeated: a bias or a gain. It does not decay. */
  public static Parameter vector(String name, int size, float value) {
    float[] values = new float[size];
    Arrays.fill(values, value);
    return new Parameter(name, values, false, size);
  }

  /** Given numbers, not copied, that do not decay. */
  public static Parameter of(String name, float[] values, int... shape) {
    return new Parameter(name, values, false, shape);
  }

  /** What it is called, unique within a network. */
  public String name() {
    return name;
  }

  /** Its shape; a copy. */
  public int[] shape() {
    return shape.clone();
  }

  /** The weights, row-major: the array itself. */
  public float[] values() {
    return values;
  }

  /** The gradient of the last step's loss, row-major: the array itself. */
  public float[] gradient() {
    return gradient;
  }

  /** Whether weight decay applies. */
  boolean decays() {
    return decays;
  }

  /** Replaces the weights by a copy of others of the same length. */
  public void set(float[] other) {
    if (other.length != values.length) {
      throw new IllegalArgumentException(
          name + ": " + other.length + " values (expected: " + values.length + ")");
    }
    System.arraycopy(other, 0, values, 0, values.length);
  }

  static int size(int[] shape) {
    int size = 1;
    for (int dimension : shape) {
      size = Math.multiplyExact(size, dimension);
    }
    return size;
  }
}
