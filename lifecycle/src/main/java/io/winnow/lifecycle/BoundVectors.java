package io.winnow.lifecycle;

import io.winnow.features.Catalog;
import io.winnow.models.encoder.TrainedEncoder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Item vectors by catalogue index: the trained ones, and for items that training did not know the
 * mean of their tokens' vectors. Thread-safe.
 */
final class BoundVectors {
  /**
   * Where an item came without attributes, they are looked for again after this much request time.
   */
  private static final long RETRY_MS = 60_000;

  private final TrainedEncoder encoder;
  private final ItemTokenizer tokenizer;
  private final Catalog catalog;
  private final ItemVectorListener listener;
  private volatile AtomicReferenceArray<float @Nullable []> vectors;
  private volatile int met;
  private volatile int waiting;
  private volatile long retryAtMs = Long.MIN_VALUE;

  /** Hears of vectors of new items. */
  @FunctionalInterface
  interface ItemVectorListener {
    /** An item got a vector. */
    void put(int item, float[] vector);
  }

  /**
   * @param newIndex catalogue index by the encoder's item index; -1 where the catalogue lacks the
   *     item
   */
  BoundVectors(
      TrainedEncoder encoder,
      ItemTokenizer tokenizer,
      Catalog catalog,
      int[] newIndex,
      ItemVectorListener listener) {
    this.encoder = encoder;
    this.tokenizer = tokenizer;
    this.catalog = catalog;
    this.listener = listener;
    int size = catalog.size();
    this.vectors = new AtomicReferenceArray<>(Math.max(16, size));
    int width = embeddingSize();
    for (int row = 0; row < newIndex.length; row++) {
      if (newIndex[row] >= 0) {
        vectors.set(
            newIndex[row],
            Arrays.copyOfRange(encoder.itemVectors(), row * width, (row + 1) * width));
      }
    }
    meet(0, size);
    this.met = size;
  }

  int embeddingSize() {
    return encoder.spec().embeddingSize();
  }

  float @Nullable [] vector(int item) {
    AtomicReferenceArray<float @Nullable []> current = vectors;
    return item < current.length() ? current.get(item) : null;
  }

  void meetNewItems(long timeMs) {
    if (catalog.size() > met || (waiting > 0 && timeMs >= retryAtMs)) {
      meetUpTo(catalog.size(), timeMs);
    }
  }

  private synchronized void meetUpTo(int size, long timeMs) {
    boolean retry = waiting > 0 && timeMs >= retryAtMs;
    if (size <= met && !retry) {
      return;
    }
    if (size > vectors.length()) {
      AtomicReferenceArray<float @Nullable []> larger =
          new AtomicReferenceArray<>(Math.max(size, vectors.length() * 2));
      for (int item = 0; item < vectors.length(); item++) {
        larger.set(item, vectors.get(item));
      }
      vectors = larger;
    }
    if (retry) {
      waiting = 0;
    }
    meet(retry ? 0 : met, size);
    met = size;
    retryAtMs = timeMs + RETRY_MS;
  }

  /**
   * Gives vectors to the items in {@code [from, to)} that have none and whose attributes say
   * something.
   */
  private synchronized void meet(int from, int to) {
    int without = waiting;
    for (int item = from; item < to; item++) {
      if (vectors.get(item) != null) {
        continue;
      }
      int[] tokens = tokenizer.tokens(catalog.attributes(item));
      if (tokens.length == 0) {
        without++;
        continue;
      }
      float[] vector = encoder.coldVector(tokens);
      vectors.set(item, vector);
      listener.put(item, vector);
    }
    waiting = without;
  }
}
