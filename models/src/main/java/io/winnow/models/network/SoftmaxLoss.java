package io.winnow.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * {@link TrainingGraph#softmaxLoss} on a CPU, with its gradient in closed form: the logits'
 * gradient is softmax − one-hot, so a chunk of rows of logits gives its share of the loss and of
 * the queries' and items' gradients while it is in the cache, and is forgotten. Automatic
 * differentiation would write and read the whole matrix of P × C several times.
 *
 * <p>What goes into the graph is a linear function of queries and items that has this value and
 * these gradients.
 */
final class SoftmaxLoss {
  private static final int CHUNK_FLOATS = 1 << 18;
  private static final int MIN_CHUNK_ROWS = 16;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private final NDManager manager;
  private final Arena arena;
  private final NDArray queries;
  private final NDArray items;
  private final SoftmaxTargets choice;
  private final int positions;
  private final int width;
  private final boolean corrected;

  SoftmaxLoss(
      NDManager manager, Arena arena, NDArray queries, NDArray items, SoftmaxTargets choice) {
    this.manager = manager;
    this.arena = arena;
    this.queries = queries;
    this.items = items;
    this.choice = choice;
    this.positions = Math.toIntExact(queries.getShape().get(0));
    this.width = Math.toIntExact(queries.getShape().get(1));
    this.corrected = anyOf(choice.corrections());
    if (choice.targets().length != positions) {
      throw new IllegalArgumentException(
          "targets: " + choice.targets().length + " (expected: " + positions + ")");
    }
  }

  private static boolean anyOf(float[] values) {
    for (float value : values) {
      if (value != 0) {
        return true;
      }
    }
    return false;
  }

  /** The loss, shape (1); with gradients if {@code differentiated}. */
  NDArray run(boolean differentiated) {
    ByteBuffer queryGradient = zeros(positions * width);
    int rows = Math.toIntExact(items.getShape().get(0));
    ByteBuffer itemGradient = zeros(rows * width);
    boolean before = JniUtils.isGradMode();
    JniUtils.setGradMode(false);
    double loss;
    try (NDManager temporary = manager.newSubManager()) {
      Chunks chunks = new Chunks(temporary, queryGradient, itemGradient, differentiated);
      loss = chunks.run() * choice.scale();
    } finally {
      JniUtils.setGradMode(before);
    }
    if (!differentiated) {
      return manager.create(new float[] {(float) loss});
    }
    NDArray byQuery = manager.create(queryGradient, queries.getShape(), DataType.FLOAT32);
    NDArray byItem = manager.create(itemGradient, items.getShape(), DataType.FLOAT32);
    NDArray linear = queries.mul(byQuery).sum().add(items.mul(byItem).sum());
    return linear.add((float) (loss - linear.toFloatArray()[0]));
  }

  private ByteBuffer zeros(int size) {
    ByteBuffer bytes = arena.take(size * Float.BYTES);
    MemorySegment.ofBuffer(bytes).fill((byte) 0);
    return bytes;
  }

  /** The work chunk by chunk, without PyTorch's tape. */
  private final class Chunks {
    private final NDManager temporary;
    private final boolean differentiated;
    private final NDArray candidates;
    private final NDArray candidatesTurned;
    private final MemorySegment itemRows;
    private final MemorySegment queryRows;
    private final MemorySegment queryGradient;
    private final MemorySegment itemGradient;
    private final NDArray candidateGradient;
    private final ByteBuffer scaledBytes;
    private final MemorySegment scaled;
    private final int chunkRows;
    private final float[] rowScale;

    Chunks(
        NDManager temporary,
        ByteBuffer queryGradient,
        ByteBuffer itemGradient,
        boolean differentiated) {
      this.temporary = temporary;
      this.differentiated = differentiated;
      this.candidates = mine(items.get(slice(0, choice.candidates())));
      this.candidatesTurned = mine(candidates.transpose(1, 0));
      this.itemRows = memory(items);
      this.queryRows = memory(queries);
      this.queryGradient = MemorySegment.ofBuffer(queryGradient);
      this.itemGradient = MemorySegment.ofBuffer(itemGradient);
      ByteBuffer leading =
          itemGradient
              .slice(0, choice.candidates() * width * Float.BYTES)
              .order(ByteOrder.nativeOrder());
      this.candidateGradient =
          temporary.create(leading, new Shape(choice.candidates(), width), DataType.FLOAT32);
      this.chunkRows =
          Math.min(positions, Math.max(MIN_CHUNK_ROWS, CHUNK_FLOATS / choice.candidates()));
      this.scaledBytes = arena.take(chunkRows * width * Float.BYTES);
      this.scaled = MemorySegment.ofBuffer(scaledBytes);
      this.rowScale = new float[chunkRows];
    }

    /** A result belongs to its first operand's manager; this gives it to the temporary one. */
    private NDArray mine(NDArray array) {
      array.attach(temporary);
      return array;
    }

    double run() {
      double loss = 0;
      for (int from = 0; from < positions; from += chunkRows) {
        int to = Math.min(positions, from + chunkRows);
        NDArray some = mine(queries.get(slice(from, to)));
        try (NDArray logits = some.matMul(candidatesTurned)) {
          MemorySegment memory = memory(logits);
          for (int p = from; p < to; p++) {
            loss += row(memory, 4L * choice.candidates() * (p - from), p, p - from);
          }
          if (differentiated) {
            addGradients(logits, from, to);
          }
        }
        some.close();
      }
      return loss;
    }

    /**
     * Turns a row of logits into the exponentials' part of its gradient, which {@link #rowScale}
     * times them is, and says its loss.
     */
    private double row(MemorySegment logits, long at, int p, int r) {
      int n = choice.candidates();
      int target = choice.targets()[p];
      if (target < 0) {
        logits.asSlice(at, 4L * n).fill((byte) 0);
        rowScale[r] = 0;
        SoftmaxRows.scale(0, queryRows, row(p), scaled, row(r), width);
        return 0;
      }
      long targetAt = at + 4L * target;
      float right = target < n ? logits.get(FLOAT, targetAt) : dot(queryRows, p, itemRows, target);
      float highest =
          corrected
              ? SoftmaxRows.addAndMax(logits, at, n, choice.corrections())
              : SoftmaxRows.max(logits, at, n);
      float shift = Math.max(highest, right);
      if (target < n) {
        logits.set(FLOAT, targetAt, right);
      }
      float sum = SoftmaxRows.exponentials(logits, at, n, shift);
      float own = SoftmaxRows.exp(right - shift);
      if (target >= n) {
        sum += own;
      }
      rowScale[r] = choice.scale() / sum;
      if (differentiated) {
        if (target < n) {
          logits.set(FLOAT, targetAt, own - sum);
        } else {
          float slope = rowScale[r] * (own - sum);
          SoftmaxRows.addScaled(slope, itemRows, row(target), queryGradient, row(p), width);
          SoftmaxRows.addScaled(slope, queryRows, row(p), itemGradient, row(target), width);
        }
        SoftmaxRows.scale(rowScale[r], queryRows, row(p), scaled, row(r), width);
      }
      return Math.log(sum) + shift - right;
    }

    private void addGradients(NDArray slopes, int from, int to) {
      try (NDArray product = slopes.matMul(candidates)) {
        MemorySegment memory = memory(product);
        for (int p = from; p < to; p++) {
          int r = p - from;
          SoftmaxRows.addScaled(rowScale[r], memory, row(r), queryGradient, row(p), width);
        }
      }
      Shape shape = new Shape(to - from, width);
      ByteBuffer bytes =
          scaledBytes.slice(0, (to - from) * width * Float.BYTES).order(ByteOrder.nativeOrder());
      try (NDArray turned = slopes.transpose(1, 0);
          NDArray some = temporary.create(bytes, shape, DataType.FLOAT32);
          NDArray product = turned.matMul(some)) {
        candidateGradient.addi(product);
      }
    }

    private long row(int index) {
      return 4L * width * index;
    }

    private float dot(MemorySegment a, int rowA, MemorySegment b, int rowB) {
      float sum = 0;
      for (int e = 0; e < width; e++) {
        sum += a.get(FLOAT, row(rowA) + 4L * e) * b.get(FLOAT, row(rowB) + 4L * e);
      }
      return sum;
    }
  }

  private static NDIndex slice(int from, int to) {
    return new NDIndex().addSliceDim(from, to);
  }

  /** A tensor's own memory. It must lie row by row. */
  private static MemorySegment memory(NDArray array) {
    return MemorySegment.ofBuffer(array.toByteBuffer(true));
  }
}
