package io.winnow.models.network;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.winnow.models.network.Gemm.Matrix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * {@link TrainingGraph#softmaxLoss} on a CPU, with its gradient in closed form: the logits'
 * gradient is softmax − one-hot, so a chunk of rows of logits gives its share of the loss and of
 * the queries' and items' gradients while it is in the cache, and is forgotten. Automatic
 * differentiation would write and read the whole matrix of P × C several times.
 *
 * <p>What goes into the graph is a linear function of queries and items that has this value and
 * these gradients. Used once; not thread-safe.
 */
final class SoftmaxLoss {
  private static final int CHUNK_FLOATS = 1 << 17;
  private static final int DEPTH = 128;

  private final NDManager manager;
  private final Arena arena;
  private final NDArray queryTensor;
  private final NDArray itemTensor;
  private final SoftmaxTargets choice;
  private final boolean corrected;
  private final int positions;
  private final int rows;
  private final int candidates;
  private final int width;
  private final int stride;
  private final int chunkRows;

  /** Rows are padded with zeros to {@link #stride}, and both counts of rows to whole blocks. */
  private final float[] queries;

  private final float[] items;
  private final float[] queryGradient;
  private final float[] itemGradient;

  /**
   * The candidates by panels of a block's columns: element (e, j) of a panel at e · columns + j.
   */
  private final float[] panels;

  private final float[] chunk;
  private final int chunkStride;
  private final float[] scaled;
  private final float[] product;
  private final float[] rowScale;

  SoftmaxLoss(
      NDManager manager, Arena arena, NDArray queries, NDArray items, SoftmaxTargets choice) {
    this.manager = manager;
    this.arena = arena;
    this.queryTensor = queries;
    this.itemTensor = items;
    this.choice = choice;
    this.corrected = anyOf(choice.corrections());
    this.positions = Math.toIntExact(queries.getShape().get(0));
    this.rows = Math.toIntExact(items.getShape().get(0));
    this.candidates = choice.candidates();
    this.width = Math.toIntExact(queries.getShape().get(1));
    if (choice.targets().length != positions) {
      throw new IllegalArgumentException(
          "targets: " + choice.targets().length + " (expected: " + positions + ")");
    }
    this.stride = Gemm.padded(width, Gemm.COLUMNS);
    this.chunkStride = Gemm.padded(candidates, Gemm.COLUMNS);
    this.chunkRows =
        Math.min(
            Gemm.padded(positions, Gemm.ROWS),
            Gemm.padded(Math.max(1, CHUNK_FLOATS / chunkStride), Gemm.ROWS));
    int paddedPositions = Gemm.padded(positions, Gemm.ROWS);
    int paddedRows = Gemm.padded(rows, Gemm.ROWS);
    this.queries = padded(queries, paddedPositions);
    this.items = padded(items, paddedRows);
    this.queryGradient = zeros(paddedPositions);
    this.itemGradient = zeros(paddedRows);
    this.panels = panels();
    this.chunk = arena.takeFloats(chunkRows * chunkStride);
    this.scaled = zeros(chunkRows);
    this.product = new float[chunkRows * stride];
    this.rowScale = new float[chunkRows];
  }

  private static boolean anyOf(float[] values) {
    for (float value : values) {
      if (value != 0) {
        return true;
      }
    }
    return false;
  }

  private float[] zeros(int count) {
    float[] values = arena.takeFloats(count * stride);
    Arrays.fill(values, 0, count * stride, 0);
    return values;
  }

  private float[] padded(NDArray tensor, int count) {
    float[] values = zeros(count);
    FloatBuffer floats = tensor.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    for (int row = 0; floats.hasRemaining(); row++) {
      floats.get(values, row * stride, width);
    }
    return values;
  }

  private float[] panels() {
    int columns = Gemm.COLUMNS;
    float[] result = arena.takeFloats(chunkStride * width);
    for (int c = 0; c < chunkStride; c++) {
      int at = c / columns * columns * width + c % columns;
      for (int e = 0; e < width; e++) {
        result[at + e * columns] = c < candidates ? items[c * stride + e] : 0;
      }
    }
    return result;
  }

  /** The loss, shape (1); with gradients if {@code differentiated}. */
  NDArray run(boolean differentiated) {
    double sum = 0;
    for (int from = 0; from < positions; from += chunkRows) {
      int count = Math.min(chunkRows, positions - from);
      multiply(from, count);
      for (int r = 0; r < count; r++) {
        sum += row(from + r, r);
      }
      if (differentiated) {
        addQueryGradients(from, count);
        addItemGradients(count);
      }
    }
    double loss = sum * choice.scale();
    if (!differentiated) {
      return manager.create(new float[] {(float) loss});
    }
    NDArray byQuery = tensor(queryGradient, queryTensor);
    NDArray byItem = tensor(itemGradient, itemTensor);
    NDArray linear = queryTensor.mul(byQuery).sum().add(itemTensor.mul(byItem).sum());
    return linear.add((float) (loss - linear.toFloatArray()[0]));
  }

  private NDArray tensor(float[] values, NDArray like) {
    ByteBuffer bytes = arena.take(Math.toIntExact(like.size()) * Float.BYTES);
    FloatBuffer floats = bytes.asFloatBuffer();
    for (int row = 0; floats.hasRemaining(); row++) {
      floats.put(values, row * stride, width);
    }
    return manager.create(bytes, like.getShape(), DataType.FLOAT32);
  }

  /** The logits of a chunk. */
  private void multiply(int from, int count) {
    int columns = Gemm.COLUMNS;
    Arrays.fill(chunk, 0, Gemm.padded(count, Gemm.ROWS) * chunkStride, 0);
    Matrix logits = new Matrix(chunk, 0, chunkStride, 1);
    Matrix left = new Matrix(queries, from * stride, stride, 1);
    for (int c = 0; c < chunkStride; c += columns) {
      Matrix panel = new Matrix(panels, c * width, columns, 1);
      for (int r = 0; r < count; r += Gemm.ROWS) {
        Gemm.addProduct(left.from(r, 0), panel, width, logits.from(r, c));
      }
    }
  }

  /**
   * Turns row {@code r} of a chunk, the logits of position {@code p}, into their gradient but for a
   * factor, which {@link #rowScale} gets, and says its loss.
   */
  private double row(int p, int r) {
    int at = r * chunkStride;
    int target = choice.targets()[p];
    if (target < 0) {
      Arrays.fill(chunk, at, at + candidates, 0);
      rowScale[r] = 0;
      Arrays.fill(scaled, r * stride, (r + 1) * stride, 0);
      return 0;
    }
    float right = target < candidates ? chunk[at + target] : dot(p, target);
    float highest =
        corrected
            ? SoftmaxRows.addAndMax(chunk, at, candidates, choice.corrections())
            : SoftmaxRows.max(chunk, at, candidates);
    float shift = Math.max(highest, right);
    if (target < candidates) {
      chunk[at + target] = right;
    }
    float sum = SoftmaxRows.exponentials(chunk, at, candidates, shift);
    float own = SoftmaxRows.exp(right - shift);
    if (target >= candidates) {
      sum += own;
    }
    rowScale[r] = choice.scale() / sum;
    if (target < candidates) {
      chunk[at + target] = own - sum;
    } else {
      float slope = rowScale[r] * (own - sum);
      SoftmaxRows.addScaled(slope, items, target * stride, queryGradient, p * stride, stride);
      SoftmaxRows.addScaled(slope, queries, p * stride, itemGradient, target * stride, stride);
    }
    for (int e = 0; e < width; e++) {
      scaled[r * stride + e] = rowScale[r] * queries[p * stride + e];
    }
    return Math.log(sum) + shift - right;
  }

  /** Adds {@code rowScale · chunk · candidates}. */
  private void addQueryGradients(int from, int count) {
    Arrays.fill(product, 0);
    Matrix slopes = new Matrix(chunk, 0, chunkStride, 1);
    Matrix right = new Matrix(items, 0, stride, 1);
    Matrix sums = new Matrix(product, 0, stride, 1);
    for (int c = 0; c < candidates; c += DEPTH) {
      int depth = Math.min(DEPTH, candidates - c);
      for (int r = 0; r < count; r += Gemm.ROWS) {
        for (int e = 0; e < stride; e += Gemm.COLUMNS) {
          Gemm.addProduct(slopes.from(r, c), right.from(c, e), depth, sums.from(r, e));
        }
      }
    }
    for (int r = 0; r < count; r++) {
      SoftmaxRows.addScaled(
          rowScale[r], product, r * stride, queryGradient, (from + r) * stride, stride);
    }
  }

  /** Adds {@code chunkᵀ · scaled}. The last block may reach into rows that nothing reads. */
  private void addItemGradients(int count) {
    Matrix slopes = new Matrix(chunk, 0, 1, chunkStride);
    Matrix right = new Matrix(scaled, 0, stride, 1);
    Matrix sums = new Matrix(itemGradient, 0, stride, 1);
    for (int c = 0; c < candidates; c += Gemm.ROWS) {
      for (int e = 0; e < stride; e += Gemm.COLUMNS) {
        Gemm.addProduct(slopes.from(c, 0), right.from(0, e), count, sums.from(c, e));
      }
    }
  }

  private float dot(int p, int item) {
    float sum = 0;
    for (int e = 0; e < width; e++) {
      sum += queries[p * stride + e] * items[item * stride + e];
    }
    return sum;
  }
}
