package io.winnow.models.network;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Memory, outside the heap and on it, that one training step borrows and the next borrows again, so
 * that a training allocates its largest step once. Not thread-safe.
 */
final class Arena {
  private static final int CHUNK_BYTES = 8 << 20;
  private static final int ALIGNMENT = 64;

  private final List<ByteBuffer> chunks = new ArrayList<>();
  private final List<float[]> arrays = new ArrayList<>();
  private int chunk;
  private int position;
  private int array;

  /** Takes everything back. */
  void reset() {
    chunk = 0;
    position = 0;
    array = 0;
  }

  /** An array of at least {@code size} floats, of any values, valid until {@link #reset}. */
  float[] takeFloats(int size) {
    if (array == arrays.size()) {
      arrays.add(new float[size]);
    } else if (arrays.get(array).length < size) {
      arrays.set(array, new float[size]);
    }
    return arrays.get(array++);
  }

  /** A piece of {@code bytes} bytes, in the machine's byte order, valid until {@link #reset}. */
  ByteBuffer take(int bytes) {
    int size = Math.max(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
    while (chunk < chunks.size() && position + size > chunks.get(chunk).capacity()) {
      chunk++;
      position = 0;
    }
    if (chunk == chunks.size()) {
      chunks.add(
          ByteBuffer.allocateDirect(Math.max(CHUNK_BYTES, size) + ALIGNMENT)
              .alignedSlice(ALIGNMENT));
    }
    ByteBuffer piece = chunks.get(chunk).slice(position, bytes).order(ByteOrder.nativeOrder());
    position += size;
    return piece;
  }
}
