package io.winnow.models.linear;

import io.winnow.core.WinnowException;
import io.winnow.models.ModelFile;
import io.winnow.models.Stripes;
import io.winnow.models.TopK;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * A sparse item × item matrix in compressed rows: row i's entries are at {@code offsets[i] …
 * offsets[i+1]-1}, the largest first. Owns its arrays.
 *
 * @param offsets shape (N + 1)
 * @param columns item indices
 * @param values same shape as columns
 */
record SparseRows(int[] offsets, int[] columns, float[] values) {
  private static final int ENTRIES_MAX = Integer.MAX_VALUE - 8;

  /** Checks that the shapes fit each other. */
  SparseRows {
    int entries = offsets.length == 0 ? -1 : offsets[offsets.length - 1];
    if (columns.length != entries || values.length != entries) {
      throw new IllegalArgumentException(
          "columns: "
              + columns.length
              + ", values: "
              + values.length
              + " (expected: "
              + entries
              + ")");
    }
    for (int i = 1; i < offsets.length; i++) {
      if (offsets[i] < offsets[i - 1]) {
        throw new IllegalArgumentException("offsets: falling at " + i + " (expected: rising)");
      }
    }
    for (int column : columns) {
      if (column < 0 || column >= offsets.length - 1) {
        throw new IllegalArgumentException(
            "column: " + column + " (expected: 0 to " + (offsets.length - 2) + ")");
      }
    }
  }

  /** Computes the entries of rows, one after another; not thread-safe, one for each stripe. */
  @FunctionalInterface
  interface RowSource {
    /** The kept entries of one row. */
    TopK.Ranked row(int item);
  }

  /** Makes a {@link RowSource} with its own scratch memory. */
  @FunctionalInterface
  interface RowSources {
    /** A new one. */
    RowSource open();
  }

  /**
   * Builds all rows, stripe by stripe.
   *
   * @throws WinnowException INVALID_ARGUMENT if there are more entries than fit one array
   */
  static SparseRows build(int itemCount, int threads, RowSources sources) {
    TopK.Ranked[] rows = new TopK.Ranked[itemCount];
    int stripe = Math.max(1, Math.ceilDiv(itemCount, 8 * threads));
    Stripes.run(
        threads,
        itemCount,
        stripe,
        (from, to) -> {
          RowSource source = sources.open();
          for (int item = from; item < to; item++) {
            rows[item] = source.row(item);
          }
        });
    int[] offsets = offsets(rows, ENTRIES_MAX);
    int[] columns = new int[offsets[itemCount]];
    float[] values = new float[offsets[itemCount]];
    for (int i = 0; i < itemCount; i++) {
      System.arraycopy(rows[i].items(), 0, columns, offsets[i], rows[i].size());
      System.arraycopy(rows[i].scores(), 0, values, offsets[i], rows[i].size());
    }
    return new SparseRows(offsets, columns, values);
  }

  /** Where each row begins; refuses more entries than {@code most}. */
  static int[] offsets(TopK.Ranked[] rows, int most) {
    int[] offsets = new int[rows.length + 1];
    long entries = 0;
    for (int i = 0; i < rows.length; i++) {
      entries += rows[i].size();
      if (entries > most) {
        throw WinnowException.invalid(
            "rowLimit",
            "more than " + most + " entries in " + rows.length + " rows",
            "fewer entries a row");
      }
      offsets[i + 1] = (int) entries;
    }
    return offsets;
  }

  /** N, how many rows. */
  int itemCount() {
    return offsets.length - 1;
  }

  /** {@code scores += weight · row(item)}; nothing if there is no such row. */
  void addRow(int item, float weight, float[] scores) {
    if (item < 0 || item >= itemCount()) {
      return;
    }
    for (int e = offsets[item]; e < offsets[item + 1]; e++) {
      scores[columns[e]] += weight * values[e];
    }
  }

  /** The same matrix under other indices. */
  SparseRows remap(int[] newIndexOfOld, int newItemCount) {
    checkMapping(newIndexOfOld, itemCount(), newItemCount);
    int[] oldIndexOfNew = new int[newItemCount];
    Arrays.fill(oldIndexOfNew, -1);
    for (int old = 0; old < newIndexOfOld.length; old++) {
      if (newIndexOfOld[old] >= 0) {
        oldIndexOfNew[newIndexOfOld[old]] = old;
      }
    }
    int[] newOffsets = new int[newItemCount + 1];
    int[] newColumns = new int[columns.length];
    float[] newValues = new float[columns.length];
    int at = 0;
    for (int item = 0; item < newItemCount; item++) {
      int old = oldIndexOfNew[item];
      for (int e = old < 0 ? 0 : offsets[old]; e < (old < 0 ? 0 : offsets[old + 1]); e++) {
        int column = newIndexOfOld[columns[e]];
        if (column >= 0) {
          newColumns[at] = column;
          newValues[at++] = values[e];
        }
      }
      newOffsets[item + 1] = at;
    }
    return new SparseRows(newOffsets, Arrays.copyOf(newColumns, at), Arrays.copyOf(newValues, at));
  }

  /** Refuses a mapping that does not lead every old index to -1 or to a new index of its own. */
  static void checkMapping(int[] newIndexOfOld, int itemCount, int newItemCount) {
    if (newIndexOfOld.length != itemCount) {
      throw new IllegalArgumentException(
          "newIndexOfOld.length: " + newIndexOfOld.length + " (expected: " + itemCount + ")");
    }
    boolean[] taken = new boolean[newItemCount];
    for (int index : newIndexOfOld) {
      if (index >= newItemCount || (index >= 0 && taken[index])) {
        throw new IllegalArgumentException(
            "newIndexOfOld: " + index + " (expected: once, below " + newItemCount + ")");
      }
      if (index >= 0) {
        taken[index] = true;
      }
    }
  }

  void write(DataOutputStream out) throws IOException {
    ModelFile.writeInts(out, offsets);
    ModelFile.writeInts(out, columns);
    ModelFile.writeFloats(out, values);
  }

  static SparseRows read(DataInputStream in) throws IOException {
    return new SparseRows(ModelFile.readInts(in), ModelFile.readInts(in), ModelFile.readFloats(in));
  }
}
