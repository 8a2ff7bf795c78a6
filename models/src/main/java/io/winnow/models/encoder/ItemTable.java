package io.winnow.models.encoder;

import io.winnow.core.WinnowException;
import io.winnow.models.network.Averages;
import io.winnow.models.network.Parameter;
import io.winnow.models.network.Resumable;
import io.winnow.models.network.RowAdam;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The embeddings that learn: one an item, one a token; an item's vector is its own plus the mean of
 * its tokens'. A step gathers the rows it needs, and hands their gradients back; so its cost does
 * not depend on the size of the catalogue. Not thread-safe.
 */
final class ItemTable implements Resumable {
  private static final float START_DEVIATION = 0.05f;

  private final int width;
  private final ItemTokens tokens;
  private final float[] own;
  private final float[] shared;
  private final RowAdam ownAdam;
  private final RowAdam sharedAdam;
  private final float[] sharedGradient;
  private final boolean[] sharedTouched;
  private final Averages.Table ownAverage;
  private final Averages.Table sharedAverage;

  /**
   * Random embeddings, or a previous training's where there are any: an item's own is then what its
   * tokens do not explain. A new item with tokens starts at its tokens, at 0 of its own.
   *
   * @param averages gets to follow the embeddings
   */
  ItemTable(
      ItemTokens tokens,
      int width,
      @Nullable TrainedEncoder previous,
      RandomGenerator random,
      Averages averages) {
    this.width = width;
    this.tokens = tokens;
    int n = tokens.itemCount();
    own = gaussians(Math.multiplyExact(n, width), random);
    shared = gaussians(Math.multiplyExact(tokens.vocabularySize(), width), random);
    if (previous != null) {
      continueFrom(previous);
    }
    ownAdam = new RowAdam(own, width);
    sharedAdam = new RowAdam(shared, width);
    sharedGradient = new float[shared.length];
    sharedTouched = new boolean[tokens.vocabularySize()];
    ownAverage = averages.follow(own, width);
    sharedAverage = averages.follow(shared, width);
  }

  private static float[] gaussians(int size, RandomGenerator random) {
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      values[i] = START_DEVIATION * (float) random.nextGaussian();
    }
    return values;
  }

  private void continueFrom(TrainedEncoder previous) {
    EncoderSpec spec = previous.spec();
    if (spec.itemCount() > tokens.itemCount()) {
      throw WinnowException.invalid(
          "itemCount", tokens.itemCount(), "at least the previous encoder's " + spec.itemCount());
    }
    if (spec.vocabularySize() > tokens.vocabularySize()) {
      throw WinnowException.invalid(
          "vocabularySize",
          tokens.vocabularySize(),
          "at least the previous encoder's " + spec.vocabularySize());
    }
    System.arraycopy(previous.tokenVectors(), 0, shared, 0, previous.tokenVectors().length);
    float[] mean = new float[width];
    for (int item = 0; item < tokens.itemCount(); item++) {
      if (item < spec.itemCount()) {
        Arrays.fill(mean, 0);
        addTokens(shared, item, mean, 0);
        for (int e = 0; e < width; e++) {
          own[item * width + e] = previous.itemVectors()[item * width + e] - mean[e];
        }
      } else if (hasTokens(item)) {
        Arrays.fill(own, item * width, (item + 1) * width, 0);
      }
    }
  }

  /** Whether anything is known of an item. */
  boolean hasTokens(int item) {
    return tokens.offsets()[item + 1] > tokens.offsets()[item];
  }

  /** Adds the mean of an item's token embeddings to {@code target[at … at+E-1]}. */
  private void addTokens(float[] vectors, int item, float[] target, int at) {
    int from = tokens.offsets()[item];
    int to = tokens.offsets()[item + 1];
    for (int k = from; k < to; k++) {
      int base = tokens.tokens()[k] * width;
      for (int e = 0; e < width; e++) {
        target[at + e] += vectors[base + e] / (to - from);
      }
    }
  }

  /**
   * The vectors of some items as a parameter of one step.
   *
   * @param items U of them, each once
   * @param idDropped which go without their own embedding, shape (U)
   */
  Parameter gather(int[] items, boolean[] idDropped) {
    float[] rows = new float[items.length * width];
    for (int u = 0; u < items.length; u++) {
      if (!idDropped[u]) {
        System.arraycopy(own, items[u] * width, rows, u * width, width);
      }
      addTokens(shared, items[u], rows, u * width);
    }
    return Parameter.of("items", rows, items.length, width);
  }

  /** Moves the embeddings behind the gathered vectors against the vectors' gradient. */
  void step(int[] items, boolean[] idDropped, float[] gradient, float learningRate) {
    for (int u = 0; u < items.length; u++) {
      int item = items[u];
      if (!idDropped[u]) {
        ownAverage.beforeChange(item);
        ownAdam.step(item, gradient, u * width, 1, learningRate);
        ownAverage.afterChange(item);
      }
      int from = tokens.offsets()[item];
      int to = tokens.offsets()[item + 1];
      for (int k = from; k < to; k++) {
        int token = tokens.tokens()[k];
        sharedTouched[token] = true;
        for (int e = 0; e < width; e++) {
          sharedGradient[token * width + e] += gradient[u * width + e] / (to - from);
        }
      }
    }
    for (int token = 0; token < sharedTouched.length; token++) {
      if (sharedTouched[token]) {
        sharedAverage.beforeChange(token);
        sharedAdam.step(token, sharedGradient, token * width, 1, learningRate);
        sharedAverage.afterChange(token);
        Arrays.fill(sharedGradient, token * width, (token + 1) * width, 0);
        sharedTouched[token] = false;
      }
    }
  }

  /** Every item's averaged vector, shape (N, E); a copy. */
  float[] itemVectors() {
    float[] vectors = ownAverage.values().clone();
    float[] averaged = sharedAverage.values();
    for (int item = 0; item < tokens.itemCount(); item++) {
      addTokens(averaged, item, vectors, item * width);
    }
    return vectors;
  }

  /** Every token's averaged vector, shape (V, E); a copy. */
  float[] tokenVectors() {
    return sharedAverage.values().clone();
  }

  @Override
  public void write(DataOutputStream out) throws IOException {
    ownAdam.write(out);
    sharedAdam.write(out);
  }

  @Override
  public void read(DataInputStream in) throws IOException {
    ownAdam.read(in);
    sharedAdam.read(in);
  }
}
