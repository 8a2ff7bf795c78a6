package io.winnow.models.encoder;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.models.network.OnnxModel;
import io.winnow.models.network.OnnxModel.Port;
import java.util.Arrays;
import java.util.List;

/**
 * A query encoder that serves: the vectors of a user's last items in, a query vector out.
 * Thread-safe; runs on the calling thread. It holds memory outside the heap until it is closed or
 * nothing can reach it any more.
 */
public final class QueryEncoder implements AutoCloseable {
  static final String HISTORY = "history";
  static final String LAST = "last";
  static final String OUTPUT = "query";

  private final OnnxModel model;
  private final EncoderSpec spec;

  private QueryEncoder(OnnxModel model, EncoderSpec spec) {
    this.model = model;
    this.spec = spec;
  }

  /**
   * Loads an encoder.
   *
   * @throws WinnowException CORRUPT if the bytes are no network or not the one that {@code spec}
   *     describes
   */
  public static QueryEncoder load(byte[] onnx, EncoderSpec spec) {
    List<Port> inputs =
        List.of(Port.of(HISTORY, -1, -1, spec.embeddingSize()), Port.of(LAST, -1, -1));
    Port output = Port.of(OUTPUT, -1, spec.embeddingSize());
    return new QueryEncoder(OnnxModel.load("encoder", onnx, inputs, output), spec);
  }

  /**
   * Tries a network of another maker on made-up histories.
   *
   * @return what is wrong with its answers; empty if they are finite up to the longest history, and
   *     the same whatever other histories are asked with it and whatever stands behind its latest
   *     item
   */
  public List<Problem> probe() {
    return new EncoderProbe(this, model).problems();
  }

  /** What it expects and gives. */
  public EncoderSpec spec() {
    return spec;
  }

  /**
   * The query vector of one user.
   *
   * @param history the vectors of the user's items, oldest first, shape (length, E); only the
   *     latest {@link EncoderSpec#maxLength()} are read
   * @param length at least 1
   * @return shape (E)
   */
  public float[] encode(float[] history, int length) {
    int width = spec.embeddingSize();
    if (length < 1 || history.length != length * width) {
      throw WinnowException.invalid(
          "history.length", history.length, "length " + length + ", at least 1, times " + width);
    }
    int read = Math.min(length, spec.maxLength());
    float[] latest =
        read == length
            ? history
            : Arrays.copyOfRange(history, (length - read) * width, length * width);
    float[] last = new float[read];
    last[read - 1] = 1;
    return model.run(
        List.of(latest, last), List.of(new long[] {1, read, width}, new long[] {1, read}));
  }

  /**
   * The query vectors of several users.
   *
   * @param histories each user's item vectors, oldest first, shapes (length, E), at least one item
   *     each
   * @return shape (B, E)
   */
  public float[] encode(List<float[]> histories) {
    if (histories.isEmpty()) {
      return new float[0];
    }
    int width = spec.embeddingSize();
    int longest = 1;
    for (float[] history : histories) {
      if (history.length == 0 || history.length % width != 0) {
        throw WinnowException.invalid(
            "history.length", history.length, "a multiple of " + width + ", at least one");
      }
      longest = Math.max(longest, Math.min(spec.maxLength(), history.length / width));
    }
    int batch = histories.size();
    float[] padded = new float[batch * longest * width];
    float[] last = new float[batch * longest];
    for (int b = 0; b < batch; b++) {
      float[] history = histories.get(b);
      int read = Math.min(spec.maxLength(), history.length / width);
      System.arraycopy(
          history, history.length - read * width, padded, b * longest * width, read * width);
      last[b * longest + read - 1] = 1;
    }
    return model.run(
        List.of(padded, last),
        List.of(new long[] {batch, longest, width}, new long[] {batch, longest}));
  }

  @Override
  public void close() {
    model.close();
  }
}
