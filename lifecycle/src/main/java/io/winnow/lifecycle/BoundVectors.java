package io.winnow.lifecycle;

import io.winnow.features.Catalog;
import io.winnow.models.encoder.TrainedEncoder;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.IntStream;
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
  private final ReentrantLock meeting = new ReentrantLock();
  private volatile AtomicReferenceArray<float @Nullable []> vectors;
  private volatile int met;
  private volatile int[] waiting = new int[0];
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
      float[] vector = Arrays.copyOfRange(encoder.itemVectors(), row * width, (row + 1) * width);
      // An imported encoder need not have a vector for every item.
      if (newIndex[row] >= 0 && !isZero(vector)) {
        vectors.set(newIndex[row], vector);
      }
    }
    meet(IntStream.range(0, size));
    this.met = size;
  }

  private static boolean isZero(float[] vector) {
    for (float value : vector) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  int embeddingSize() {
    return encoder.spec().embeddingSize();
  }

  float @Nullable [] vector(int item) {
    AtomicReferenceArray<float @Nullable []> current = vectors;
    return item < current.length() ? current.get(item) : null;
  }

  /**
   * Looks at items that came since the last call and, at most every {@value #RETRY_MS} ms of
   * request time, again at those without tokens. One thread does it; others that come meanwhile go
   * on.
   */
  void meetNewItems(long timeMs) {
    int size = catalog.size();
    if ((size > met || isTimeToRetry(timeMs)) && meeting.tryLock()) {
      try {
        grow(size);
        if (isTimeToRetry(timeMs)) {
          int[] again = waiting;
          waiting = new int[0];
          meet(IntStream.of(again));
          retryAtMs = timeMs + RETRY_MS;
        }
        meet(IntStream.range(met, size));
        met = Math.max(met, size);
      } finally {
        meeting.unlock();
      }
    }
  }

  private boolean isTimeToRetry(long timeMs) {
    return waiting.length > 0 && timeMs >= retryAtMs;
  }

  private void grow(int size) {
    AtomicReferenceArray<float @Nullable []> current = vectors;
    if (size > current.length()) {
      AtomicReferenceArray<float @Nullable []> larger =
          new AtomicReferenceArray<>(Math.max(size, current.length() * 2));
      for (int item = 0; item < current.length(); item++) {
        larger.set(item, current.get(item));
      }
      vectors = larger;
    }
  }

  /** Gives vectors to those that have none and whose attributes say something; others wait. */
  private void meet(IntStream items) {
    IntStream.Builder without = IntStream.builder();
    for (int item : items.toArray()) {
      if (vectors.get(item) == null) {
        int[] tokens = tokenizer.tokens(catalog.attributes(item));
        if (tokens.length == 0) {
          without.add(item);
        } else {
          float[] vector = encoder.coldVector(tokens);
          vectors.set(item, vector);
          listener.put(item, vector);
        }
      }
    }
    // Without a vocabulary nothing that an item could say would help.
    if (!tokenizer.vocabulary().isEmpty()) {
      waiting = IntStream.concat(Arrays.stream(waiting), without.build()).toArray();
    }
  }
}
