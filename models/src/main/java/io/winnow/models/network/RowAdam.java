package io.winnow.models.network;

import io.winnow.models.ModelFile;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * A table of embeddings (rows, E) with an Adam that touches only the rows of a batch, so that a
 * step costs the same for a thousand items and for ten million. A row's moments decay when the row
 * is used, not in between (the "lazy" variant of sparse Adam). Its saved state holds the table. Not
 * thread-safe.
 */
public final class RowAdam implements Resumable {
  private final int width;
  private final float[] values;
  private final float[] first;
  private final float[] second;
  private final int[] steps;

  /**
   * An optimiser of a table.
   *
   * @param values shape (rows, width), row-major; updated in place
   */
  public RowAdam(float[] values, int width) {
    this.values = values;
    this.width = width;
    this.first = new float[values.length];
    this.second = new float[values.length];
    this.steps = new int[values.length / width];
  }

  /** Moves one row against {@code gradient[from … from+width-1] · scale}. */
  public void step(int row, float[] gradient, int from, float scale, float learningRate) {
    int n = ++steps[row];
    float rate = learningRate / (1 - power(Adam.BETA1, n));
    float correction2 = 1 / (1 - power(Adam.BETA2, n));
    int base = row * width;
    for (int e = 0; e < width; e++) {
      float g = gradient[from + e] * scale;
      float m = Adam.BETA1 * first[base + e] + (1 - Adam.BETA1) * g;
      float v = Adam.BETA2 * second[base + e] + (1 - Adam.BETA2) * g * g;
      first[base + e] = m;
      second[base + e] = v;
      values[base + e] -= rate * m / ((float) Math.sqrt(v * correction2) + Adam.EPSILON);
    }
  }

  private static float power(float base, int exponent) {
    return exponent > 2000 ? 0 : (float) Math.pow(base, exponent);
  }

  @Override
  public void write(DataOutputStream out) throws IOException {
    ModelFile.writeFloats(out, values);
    ModelFile.writeFloats(out, first);
    ModelFile.writeFloats(out, second);
    ModelFile.writeInts(out, steps);
  }

  @Override
  public void read(DataInputStream in) throws IOException {
    Resumable.readInto(in, values);
    Resumable.readInto(in, first);
    Resumable.readInto(in, second);
    Resumable.readInto(in, steps);
  }
}
