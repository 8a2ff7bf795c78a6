package io.winnow.models.network;

import io.winnow.models.ModelFile;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** State of a training that a checkpoint keeps. */
public interface Resumable {
  /** Writes the state. */
  void write(DataOutputStream out) throws IOException;

  /**
   * Replaces the state by one that {@link #write} wrote.
   *
   * @throws IllegalArgumentException if it is of another size
   */
  void read(DataInputStream in) throws IOException;

  /** Reads numbers into an array that has their number. */
  static void readInto(DataInputStream in, float[] target) throws IOException {
    float[] values = ModelFile.readFloats(in);
    expect(values.length, target.length);
    System.arraycopy(values, 0, target, 0, values.length);
  }

  /** Reads numbers into an array that has their number. */
  static void readInto(DataInputStream in, int[] target) throws IOException {
    int[] values = ModelFile.readInts(in);
    expect(values.length, target.length);
    System.arraycopy(values, 0, target, 0, values.length);
  }

  private static void expect(int actual, int expected) {
    if (actual != expected) {
      throw new IllegalArgumentException("values: " + actual + " (expected: " + expected + ")");
    }
  }
}
