package io.winnow.features;

import java.util.Arrays;

/**
 * Numbers by tile, for all features of an entity that share a {@link Tiling}: a row a tile, a
 * column for each count, sum, minimum or maximum. It describes the layout within {@link
 * EntityState#cells} and has no state of its own.
 *
 * <p>The head holds the totals of the window that ends in the newest tile, so that the usual read
 * adds nothing up. They are exact, as the numbers are whole, and so equal to what adding the rows
 * gives.
 */
final class TileTable {
  /** How rows of a column are combined. */
  enum Combine {
    ADD(0),
    MIN(Long.MAX_VALUE),
    MAX(Long.MIN_VALUE);

    /** The value of a row without events. */
    final long empty;

    Combine(long empty) {
      this.empty = empty;
    }

    long of(long a, long b) {
      return switch (this) {
        case ADD -> add(a, b);
        case MIN -> Math.min(a, b);
        case MAX -> Math.max(a, b);
      };
    }
  }

  /**
   * The sum, or the bound that it passes: a count or sum that is too large does not change sign.
   */
  private static long add(long a, long b) {
    long sum = a + b;
    return ((a ^ sum) & (b ^ sum)) < 0 ? (a < 0 ? Long.MIN_VALUE : Long.MAX_VALUE) : sum;
  }

  private static final int NEWEST = 0;
  private static final int OLDEST = 1;
  private static final int ROWS = 2;
  private static final int SIZE = 3;
  private static final int CAPACITY = 4;
  private static final int TOTALS = 5;
  private static final int CAPACITY_AT_FIRST = 2;

  private final Tiling tiling;
  private final Combine[] columns;
  private final int head;
  private final int width;
  private final boolean addsOnly;

  /**
   * A table.
   *
   * @param head where its head stands in the cells
   */
  TileTable(Tiling tiling, Combine[] columns, int head) {
    this.tiling = tiling;
    this.columns = columns.clone();
    this.head = head;
    this.width = 1 + columns.length;
    this.addsOnly = Arrays.stream(columns).allMatch(column -> column == Combine.ADD);
  }

  Tiling tiling() {
    return tiling;
  }

  /** How many cells a row takes. */
  int width() {
    return width;
  }

  /** How many cells a head takes. */
  static int headCells(int columns) {
    return TOTALS + columns;
  }

  /** How many cells the first rows take. */
  int rowCellsAtFirst() {
    return CAPACITY_AT_FIRST * width;
  }

  /** Prepares the head of a state without events. */
  void initialize(long[] cells, int rows) {
    cells[head + ROWS] = rows;
    cells[head + CAPACITY] = CAPACITY_AT_FIRST;
    clear(cells);
  }

  private void clear(long[] cells) {
    cells[head + NEWEST] = Long.MIN_VALUE;
    cells[head + OLDEST] = Long.MAX_VALUE;
    clear(cells, head + TOTALS);
  }

  private void clear(long[] cells, int at) {
    if (addsOnly) {
      Arrays.fill(cells, at, at + width - 1, 0);
      return;
    }
    for (int column = 0; column < columns.length; column++) {
      cells[at + column] = columns[column].empty;
    }
  }

  /**
   * The row of a tile, made if there is none.
   *
   * @param tables all tables of the entity, as those behind this one may have to move
   * @return where it stands in the cells, or -1 if the tile is too old to be kept
   */
  int row(EntityState state, long tile, TileTable[] tables) {
    long[] cells = state.cells;
    int rows = (int) cells[head + ROWS];
    int size = (int) cells[head + SIZE];
    int place = size;
    while (place > 0 && cells[rows + (place - 1) * width] > tile) {
      place--;
    }
    if (place > 0 && cells[rows + (place - 1) * width] == tile) {
      return rows + (place - 1) * width;
    }
    if (size >= Tiling.SPARE
        && tile < tiling.oldestKept(cells[rows + (size - Tiling.SPARE) * width])) {
      return -1;
    }
    int at = insert(state, place, tile, tables);
    if (tile > state.cells[head + NEWEST]) {
      advance(state.cells, tile);
    } else if (tile >= tiling.firstOf(state.cells[head + NEWEST])) {
      state.cells[head + OLDEST] = Math.min(state.cells[head + OLDEST], tile);
    }
    return at;
  }

  /** Makes a row at a place among the rows and forgets those that are too old then. */
  private int insert(EntityState state, int place, long tile, TileTable[] tables) {
    long[] cells = state.cells;
    int rows = (int) cells[head + ROWS];
    int size = (int) cells[head + SIZE];
    int forgotten = 0;
    int deciding = size + 1 - Tiling.SPARE;
    if (deciding >= 0) {
      long decides =
          deciding == place
              ? tile
              : cells[rows + (deciding < place ? deciding : deciding - 1) * width];
      long oldest = tiling.oldestKept(decides);
      while (forgotten < place && cells[rows + forgotten * width] < oldest) {
        forgotten++;
      }
    }
    if (size + 1 - forgotten > cells[head + CAPACITY]) {
      grow(state, tables);
      cells = state.cells;
    }
    int at = place - forgotten;
    if (forgotten > 0) {
      System.arraycopy(cells, rows + forgotten * width, cells, rows, at * width);
    }
    System.arraycopy(
        cells, rows + place * width, cells, rows + (at + 1) * width, (size - place) * width);
    cells[head + SIZE] = 1L + size - forgotten;
    int row = rows + at * width;
    cells[row] = tile;
    clear(cells, row + 1);
    return row;
  }

  private void grow(EntityState state, TileTable[] tables) {
    long[] old = state.cells;
    int rows = (int) old[head + ROWS];
    int capacity = (int) old[head + CAPACITY];
    int moreRows = Math.min(capacity, tiling.maxTiles() - capacity);
    int more = moreRows * width;
    int end = rows + capacity * width;
    long[] cells = new long[old.length + more];
    System.arraycopy(old, 0, cells, 0, end);
    System.arraycopy(old, end, cells, end + more, old.length - end);
    cells[head + CAPACITY] = (long) capacity + moreRows;
    for (TileTable table : tables) {
      if (cells[table.head + ROWS] >= end) {
        cells[table.head + ROWS] += more;
      }
    }
    state.cells = cells;
  }

  /** Moves the totals to the window that ends in a tile, whose row is there and is empty. */
  private void advance(long[] cells, long tile) {
    long before = cells[head + NEWEST];
    cells[head + NEWEST] = tile;
    if (addsOnly && before != Long.MIN_VALUE && !isAnyAtItsBound(cells)) {
      takeOut(cells, tiling.firstOf(before), tiling.firstOf(tile));
    } else {
      cells[head + OLDEST] = sum(cells, tile, cells, head + TOTALS);
    }
  }

  /** Takes the rows from one tile on, and before another, out of the totals. */
  private void takeOut(long[] cells, long from, long first) {
    int row = (int) cells[head + ROWS];
    while (cells[row] < first) {
      if (cells[row] >= from) {
        for (int column = 0; column < width - 1; column++) {
          cells[head + TOTALS + column] -= cells[row + 1 + column];
        }
      }
      row += width;
    }
    cells[head + OLDEST] = cells[row];
  }

  private boolean isAnyAtItsBound(long[] cells) {
    for (int at = head + TOTALS; at < head + TOTALS + width - 1; at++) {
      if (cells[at] == Long.MIN_VALUE || cells[at] == Long.MAX_VALUE) {
        return true;
      }
    }
    return false;
  }

  /** Combines an amount with a column of a row, and with the totals if the row counts there. */
  void combine(long[] cells, int row, int column, long amount) {
    if (addsOnly) {
      cells[row + 1 + column] = add(cells[row + 1 + column], amount);
      if (cells[row] >= tiling.firstOf(cells[head + NEWEST])) {
        cells[head + TOTALS + column] = add(cells[head + TOTALS + column], amount);
      }
      return;
    }
    Combine how = columns[column];
    cells[row + 1 + column] = how.of(cells[row + 1 + column], amount);
    if (cells[row] >= tiling.firstOf(cells[head + NEWEST])) {
      int total = head + TOTALS + column;
      cells[total] = how.of(cells[total], amount);
    }
  }

  /**
   * Adds up the window that ends in a tile.
   *
   * @param to where the totals go in {@code into}
   * @return the oldest tile that counts; {@link Long#MAX_VALUE} if none
   */
  private long sum(long[] cells, long tile, long[] into, int to) {
    clear(into, to);
    int rows = (int) cells[head + ROWS];
    long first = tiling.firstOf(tile);
    long oldest = Long.MAX_VALUE;
    for (int i = (int) cells[head + SIZE] - 1; i >= 0; i--) {
      int row = rows + i * width;
      if (cells[row] < first) {
        break;
      }
      if (cells[row] <= tile) {
        oldest = cells[row];
        if (addsOnly) {
          for (int column = 0; column < width - 1; column++) {
            into[to + column] = add(into[to + column], cells[row + 1 + column]);
          }
        } else {
          combineRow(cells, row, into, to);
        }
      }
    }
    return oldest;
  }

  private void combineRow(long[] cells, int row, long[] into, int to) {
    for (int column = 0; column < columns.length; column++) {
      into[to + column] = columns[column].of(into[to + column], cells[row + 1 + column]);
    }
  }

  /**
   * The totals of the window that ends at a time.
   *
   * @param scratch takes them, at 0, if they have to be added up
   * @return the place of the totals: in the cells if it is positive, otherwise in the scratch
   */
  int totals(long[] cells, long timeMs, long[] scratch) {
    long tile = tiling.tile(timeMs);
    if (cells[head + NEWEST] <= tile && cells[head + OLDEST] >= tiling.firstOf(tile)) {
      return head + TOTALS;
    }
    sum(cells, tile, scratch, 0);
    return 0;
  }

  /** Totals of a state that is not there, at 0. */
  void empty(long[] scratch) {
    clear(scratch, 0);
  }

  /** The decaying sum of a column at a time, in units of {@link FixedPoint}. */
  double decayed(long[] cells, int column, long timeMs) {
    long tile = tiling.tile(timeMs);
    int rows = (int) cells[head + ROWS];
    double sum = 0;
    for (int i = 0; i < (int) cells[head + SIZE]; i++) {
      int row = rows + i * width;
      if (cells[row] <= tile && cells[row] >= tiling.firstOf(tile)) {
        sum += cells[row + 1 + column] * tiling.decay(cells[row], timeMs);
      }
    }
    return sum;
  }

  /** Takes in another state's rows. */
  void merge(EntityState into, EntityState other, TileTable[] tables) {
    long[] from = other.cells;
    int rows = (int) from[head + ROWS];
    for (int i = 0; i < (int) from[head + SIZE]; i++) {
      int row = rows + i * width;
      int target = row(into, from[row], tables);
      for (int column = 0; target >= 0 && column < columns.length; column++) {
        combine(into.cells, target, column, from[row + 1 + column]);
      }
    }
  }

  void write(long[] cells, ByteSink sink) {
    int rows = (int) cells[head + ROWS];
    int size = (int) cells[head + SIZE];
    sink.varint(size);
    for (int i = 0; i < size; i++) {
      int row = rows + i * width;
      if (i == 0) {
        sink.signed(cells[row]);
      } else {
        sink.varint(cells[row] - cells[row - width]);
      }
      for (int column = 1; column < width; column++) {
        sink.signed(cells[row + column]);
      }
    }
  }

  /** Reads what {@link #write} wrote into a state without rows of this table. */
  void load(EntityState state, ByteSource source, TileTable[] tables) {
    int size = source.count(tiling.maxTiles());
    while (state.cells[head + CAPACITY] < size) {
      grow(state, tables);
    }
    long[] cells = state.cells;
    int rows = (int) cells[head + ROWS];
    for (int i = 0; i < size; i++) {
      int row = rows + i * width;
      cells[row] = i == 0 ? source.signed() : cells[row - width] + source.varint();
      for (int column = 1; column < width; column++) {
        cells[row + column] = source.signed();
      }
    }
    cells[head + SIZE] = size;
    if (size > 0) {
      advance(cells, cells[rows + (size - 1) * width]);
    }
  }
}
