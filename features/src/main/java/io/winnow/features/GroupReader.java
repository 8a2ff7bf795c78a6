package io.winnow.features;

import io.winnow.features.FeatureRead.Place;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads some features of a {@link FeatureGroup} off states. What stands in tables is read a table
 * at a time, with the totals found once for all its columns. Immutable and thread-safe.
 */
final class GroupReader {
  private static final int COUNT = 0;
  private static final int SUM = 1;
  private static final int EXTREME = 2;
  private static final int MEAN = 3;
  private static final int RATE = 4;

  private final int size;
  private final long ttlMs;
  private final TableReads[] tables;
  private final Other[] others;
  private final int scratch;
  private final double[] empty;

  /**
   * The features that are read off the totals of one table.
   *
   * @param to where each goes
   * @param kinds how each is computed
   * @param first its column
   * @param second its other column, if it has one
   * @param prior what its numerator begins with
   * @param weight what its denominator begins with
   */
  private record TableReads(
      TileTable table,
      int[] to,
      int[] kinds,
      int[] first,
      int[] second,
      double[] prior,
      double[] weight) {}

  /** A feature that is not read off totals. */
  private record Other(int to, FeatureRead read, @Nullable TileTable table) {}

  /**
   * A reader.
   *
   * @param reads of all features of the group
   * @param wanted places among the reads
   */
  GroupReader(TileTable[] tables, List<FeatureRead> reads, int[] wanted, long ttlMs) {
    this.size = wanted.length;
    this.ttlMs = ttlMs;
    List<List<Integer>> byTable = new ArrayList<>();
    for (int table = 0; table < tables.length; table++) {
      byTable.add(new ArrayList<>());
    }
    List<Other> rest = new ArrayList<>();
    for (int to = 0; to < wanted.length; to++) {
      FeatureRead read = reads.get(wanted[to]);
      switch (read) {
        case FeatureRead.Count(Place place) -> byTable.get(place.table()).add(to);
        case FeatureRead.Value value -> byTable.get(value.value().table()).add(to);
        case FeatureRead.Mean mean -> byTable.get(mean.sum().table()).add(to);
        case FeatureRead.Rate rate -> byTable.get(rate.numerator().table()).add(to);
        case FeatureRead.Decayed(Place place) ->
            rest.add(new Other(to, read, tables[place.table()]));
        case FeatureRead.Newest _, FeatureRead.Estimate _ -> rest.add(new Other(to, read, null));
      }
    }
    List<TableReads> perTable = new ArrayList<>();
    int most = 1;
    for (int table = 0; table < tables.length; table++) {
      if (!byTable.get(table).isEmpty()) {
        perTable.add(tableReads(tables[table], byTable.get(table), reads, wanted));
        most = Math.max(most, tables[table].width());
      }
    }
    this.tables = perTable.toArray(TableReads[]::new);
    this.others = rest.toArray(Other[]::new);
    this.scratch = most;
    this.empty = empty();
  }

  /** What is read of a state that is not there. */
  private double[] empty() {
    double[] values = new double[size];
    long[] totals = new long[scratch];
    for (TableReads reads : tables) {
      reads.table.empty(totals);
      read(reads, totals, 0, values);
    }
    for (Other other : others) {
      values[other.to] = readOther(other, null, 0);
    }
    return values;
  }

  private static TableReads tableReads(
      TileTable table, List<Integer> to, List<FeatureRead> reads, int[] wanted) {
    int n = to.size();
    TableReads of =
        new TableReads(
            table,
            to.stream().mapToInt(i -> i).toArray(),
            new int[n],
            new int[n],
            new int[n],
            new double[n],
            new double[n]);
    for (int i = 0; i < n; i++) {
      switch (reads.get(wanted[to.get(i)])) {
        case FeatureRead.Count(Place count) -> {
          of.kinds[i] = COUNT;
          of.first[i] = count.column();
        }
        case FeatureRead.Value(Place value, long empty) -> {
          of.kinds[i] = empty == 0 ? SUM : EXTREME;
          of.first[i] = value.column();
        }
        case FeatureRead.Mean(Place sum, Place count) -> {
          of.kinds[i] = MEAN;
          of.first[i] = sum.column();
          of.second[i] = count.column();
        }
        case FeatureRead.Rate rate -> {
          of.kinds[i] = RATE;
          of.first[i] = rate.numerator().column();
          of.second[i] = rate.denominator().column();
          of.prior[i] = rate.prior();
          of.weight[i] = rate.weight();
        }
        case FeatureRead.Decayed _, FeatureRead.Newest _, FeatureRead.Estimate _ ->
            throw new IllegalStateException("not read off totals");
      }
    }
    return of;
  }

  /** How many features are read. */
  int size() {
    return size;
  }

  /** How long the array is that {@link #read} works in. */
  int scratch() {
    return scratch;
  }

  /**
   * Reads the features at a time.
   *
   * @param state null if there is none
   * @param values takes them, from 0 on
   * @param scratch at least {@link #scratch()} long
   */
  void read(@Nullable EntityState state, long timeMs, double[] values, long[] scratch) {
    if (state == null || timeMs - ttlMs > state.newestMs()) {
      System.arraycopy(empty, 0, values, 0, size);
      return;
    }
    for (TableReads reads : tables) {
      int at = reads.table.totals(state.cells, timeMs, scratch);
      read(reads, at > 0 ? state.cells : scratch, at, values);
    }
    for (Other other : others) {
      values[other.to] = readOther(other, state, timeMs);
    }
  }

  private static void read(TableReads reads, long[] totals, int at, double[] values) {
    for (int i = 0; i < reads.to.length; i++) {
      long first = totals[at + reads.first[i]];
      values[reads.to[i]] =
          switch (reads.kinds[i]) {
            case COUNT -> first;
            case SUM -> FixedPoint.toDouble(first);
            case EXTREME ->
                first == Long.MAX_VALUE || first == Long.MIN_VALUE
                    ? Double.NaN
                    : FixedPoint.toDouble(first);
            case MEAN -> {
              long count = totals[at + reads.second[i]];
              yield count == 0 ? Double.NaN : FixedPoint.toDouble(first) / count;
            }
            default -> {
              double of = reads.weight[i] + totals[at + reads.second[i]];
              yield of == 0 ? Double.NaN : (reads.prior[i] + first) / of;
            }
          };
    }
  }

  private static double readOther(Other other, @Nullable EntityState state, long timeMs) {
    return switch (other.read) {
      case FeatureRead.Decayed(Place sum) ->
          state == null || other.table == null
              ? 0
              : other.table.decayed(state.cells, sum.column(), timeMs) / FixedPoint.ONE;
      case FeatureRead.Newest(int summary, boolean age) -> {
        if (state == null || !(state.summaries[summary] instanceof NewestEvents events)) {
          yield Double.NaN;
        }
        int newest = events.visible(timeMs) - 1;
        if (newest < 0) {
          yield Double.NaN;
        }
        yield age ? (timeMs - events.timeMs(newest)) / 1000.0 : events.payload(newest);
      }
      case FeatureRead.Estimate(int summary, double ofNothing) ->
          state == null || !(state.summaries[summary] instanceof TiledSketches sketches)
              ? ofNothing
              : sketches.read(timeMs);
      case FeatureRead.Count _, FeatureRead.Value _, FeatureRead.Mean _, FeatureRead.Rate _ ->
          throw new IllegalStateException("read off totals");
    };
  }
}
