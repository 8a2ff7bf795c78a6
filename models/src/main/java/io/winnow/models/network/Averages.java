package io.winnow.models.network;

import io.winnow.models.ModelFile;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The exponential moving average of a training's weights: smoother than the last ones, and usually
 * better (Polyak, Juditsky 1992; as in Adam trainings since Mean Teacher, 2017). Step t forgets at
 * most (1 + t) / (10 + t), so that the start's noise is gone soon. Not thread-safe.
 *
 * <p>A table's rows are averaged when they are touched: a row that rested for k steps had the same
 * value all the while, so its average moved to it by the product of the k steps' decays, of which
 * only the logarithm's sum is kept.
 */
public final class Averages implements Resumable {
  private final double cap;
  private final List<float[]> values = new ArrayList<>();
  private final List<float[]> averages = new ArrayList<>();
  private final List<Table> tables = new ArrayList<>();
  private long steps;
  private float decay;
  private double logDecay;
  private double logDecays;

  /**
   * An average.
   *
   * @param cap the greatest decay; 0 means that the average is always the weights themselves
   */
  public Averages(double cap) {
    this.cap = cap;
  }

  /** Takes arrays that change in every step. */
  public void follow(List<Parameter> parameters) {
    for (Parameter parameter : parameters) {
      values.add(parameter.values);
      averages.add(isActive() ? parameter.values.clone() : parameter.values);
    }
  }

  /** Takes a table of which each step changes some rows, shape (rows, width). */
  public Table follow(float[] table, int width) {
    Table followed = new Table(table, width);
    tables.add(followed);
    return followed;
  }

  private boolean isActive() {
    return cap > 0;
  }

  /** Begins a step, before anything changes. */
  public void begin() {
    steps++;
    decay = (float) Math.min(cap, (1.0 + steps) / (10.0 + steps));
    logDecay = Math.log(decay);
  }

  /** Ends a step, after everything changed. */
  public void end() {
    if (!isActive()) {
      return;
    }
    for (int p = 0; p < values.size(); p++) {
      float[] now = values.get(p);
      average(averages.get(p), now, 0, now.length, decay);
    }
    logDecays += logDecay;
  }

  private static void average(float[] average, float[] now, int from, int to, float decay) {
    float rest = 1 - decay;
    for (int i = from; i < to; i++) {
      average[i] = decay * average[i] + rest * now[i];
    }
  }

  /** The averages of the arrays that change in every step; copies. */
  public List<float[]> parameters() {
    return averages.stream().map(float[]::clone).toList();
  }

  @Override
  public void write(DataOutputStream out) throws IOException {
    out.writeLong(steps);
    out.writeDouble(logDecays);
    for (float[] average : averages) {
      ModelFile.writeFloats(out, average);
    }
    for (Table table : tables) {
      ModelFile.writeFloats(out, table.averaged);
      for (double at : table.logDecaysAt) {
        out.writeDouble(at);
      }
    }
  }

  @Override
  public void read(DataInputStream in) throws IOException {
    steps = in.readLong();
    logDecays = in.readDouble();
    for (float[] average : averages) {
      Resumable.readInto(in, average);
    }
    for (Table table : tables) {
      Resumable.readInto(in, table.averaged);
      for (int row = 0; row < table.logDecaysAt.length; row++) {
        table.logDecaysAt[row] = in.readDouble();
      }
    }
  }

  /** A table of which each step changes some rows. */
  public final class Table {
    private final float[] now;
    private final float[] averaged;
    private final double[] logDecaysAt;
    private final int width;

    private Table(float[] now, int width) {
      this.now = now;
      this.width = width;
      this.averaged = isActive() ? now.clone() : now;
      this.logDecaysAt = new double[isActive() ? now.length / width : 0];
    }

    /** A row is about to change. */
    public void beforeChange(int row) {
      if (isActive()) {
        catchUp(row);
      }
    }

    /** A row has changed, once in this step. */
    public void afterChange(int row) {
      if (isActive()) {
        average(averaged, now, row * width, (row + 1) * width, decay);
        logDecaysAt[row] = logDecays + logDecay;
      }
    }

    private void catchUp(int row) {
      if (logDecaysAt[row] != logDecays) {
        float kept = (float) Math.exp(logDecays - logDecaysAt[row]);
        average(averaged, now, row * width, (row + 1) * width, kept);
        logDecaysAt[row] = logDecays;
      }
    }

    /** The average of the whole table, between steps: valid until the next step. */
    public float[] values() {
      for (int row = 0; row < logDecaysAt.length; row++) {
        catchUp(row);
      }
      return averaged;
    }
  }
}
