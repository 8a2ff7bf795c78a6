package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.features.FeatureRead.Place;
import io.winnow.features.TileColumn.Amount;
import io.winnow.features.TileTable.Combine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The features with state of one entity, such as all of {@code user}, compiled: the layout of their
 * {@link EntityState}, what an event of each type changes in it, and how each feature is read.
 *
 * <p>It is the one algebra of states (empty, add, merge, read at a time, bytes) that online stores
 * and replay have in common. Features that need the same number share it: a mean over 7 days reads
 * the column of the sum over 7 days. Immutable and thread-safe; the states are guarded by {@link
 * FeatureState}'s lock.
 */
final class FeatureGroup {
  private final List<FeatureDefinition> definitions;
  private final List<FeatureRead> reads = new ArrayList<>();
  private final Map<Tiling, List<TileColumn>> columns = new LinkedHashMap<>();
  private final List<SummaryPlan> summaries = new ArrayList<>();
  private final TileTable[] tables;
  private final long[] emptyCells;
  private final Program[] programs;
  private final long ttlMs;

  /** What events of one type change. */
  private record Program(TableStep[] tables, SummaryStep[] summaries) {
    boolean isEmpty() {
      return tables.length == 0 && summaries.length == 0;
    }
  }

  private record TableStep(TileTable table, ColumnStep[] columns) {}

  private record ColumnStep(
      int column, Amount amount, EventFilter.@Nullable Comparison comparison) {
    boolean selects(Event event) {
      return amount.takes(event) && (comparison == null || comparison.test(event.value()));
    }
  }

  private record SummaryStep(
      int summary, SummaryPlan plan, EventFilter.@Nullable Comparison comparison) {
    boolean selects(Event event) {
      return plan.takes(event) && (comparison == null || comparison.test(event.value()));
    }
  }

  /**
   * Compiles the definitions.
   *
   * @param definitions of one entity, all with state
   * @param types every event type that the application knows; elsewhere a type is its place here
   * @param ttlMs a state whose newest event is older reads as empty
   */
  FeatureGroup(List<FeatureDefinition> definitions, List<String> types, long ttlMs) {
    this.definitions = List.copyOf(definitions);
    this.ttlMs = ttlMs;
    for (FeatureDefinition definition : definitions) {
      reads.add(compile(definition.aggregation()));
    }
    this.tables = new TileTable[columns.size()];
    int head = EntityState.NEWEST_MS + 1;
    int next = 0;
    for (Map.Entry<Tiling, List<TileColumn>> entry : columns.entrySet()) {
      Combine[] combines =
          entry.getValue().stream().map(TileColumn::combine).toArray(Combine[]::new);
      tables[next++] = new TileTable(entry.getKey(), combines, head);
      head += TileTable.headCells(combines.length);
    }
    this.emptyCells = emptyCells(head);
    this.programs = types.stream().map(this::program).toArray(Program[]::new);
  }

  private long[] emptyCells(int heads) {
    int size = heads;
    for (TileTable table : tables) {
      size += table.rowCellsAtFirst();
    }
    long[] cells = new long[size];
    cells[EntityState.NEWEST_MS] = Long.MIN_VALUE;
    int rows = heads;
    for (TileTable table : tables) {
      table.initialize(cells, rows);
      rows += table.rowCellsAtFirst();
    }
    return cells;
  }

  private FeatureRead compile(Aggregation aggregation) {
    return switch (aggregation) {
      case Aggregation.Count(EventFilter filter, Window window) ->
          new FeatureRead.Count(place(window, filter, Amount.ONE, Combine.ADD));
      case Aggregation.Sum(EventFilter filter, Window window) ->
          new FeatureRead.Value(place(window, filter, Amount.VALUE, Combine.ADD), 0);
      case Aggregation.Mean(EventFilter filter, Window window) ->
          new FeatureRead.Mean(
              place(window, filter, Amount.VALUE, Combine.ADD),
              place(window, filter, Amount.ONE_WITH_VALUE, Combine.ADD));
      case Aggregation.Min(EventFilter filter, Window window) ->
          new FeatureRead.Value(
              place(window, filter, Amount.VALUE, Combine.MIN), Combine.MIN.empty);
      case Aggregation.Max(EventFilter filter, Window window) ->
          new FeatureRead.Value(
              place(window, filter, Amount.VALUE, Combine.MAX), Combine.MAX.empty);
      case Aggregation.Rate rate ->
          new FeatureRead.Rate(
              place(rate.window(), rate.numerator(), Amount.ONE, Combine.ADD),
              place(rate.window(), rate.denominator(), Amount.ONE, Combine.ADD),
              rate.prior() * rate.priorWeight(),
              rate.priorWeight());
      case Aggregation.Decay decay ->
          new FeatureRead.Decayed(
              place(
                  Tiling.ofHalfLife(decay.halfLife()),
                  new TileColumn(
                      decay.filter(),
                      decay.ofValues() ? Amount.WEIGHTED_VALUE : Amount.WEIGHT,
                      Combine.ADD)));
      case Aggregation.Distinct distinct ->
          new FeatureRead.Estimate(
              sketches(
                  distinct.filter(), distinct.window(), new TileSketch.OfIds(distinct.counted())),
              0);
      case Aggregation.Quantile quantile ->
          new FeatureRead.Estimate(
              sketches(
                  quantile.filter(), quantile.window(), new TileSketch.OfValues(quantile.share())),
              Double.NaN);
      case Aggregation.LastItems(EventFilter filter, int n) ->
          new FeatureRead.Newest(
              summary(new SummaryPlan.Newest(filter, n, SummaryPlan.Payload.ITEM)), false);
      case Aggregation.LastValue(EventFilter filter) ->
          new FeatureRead.Newest(
              summary(new SummaryPlan.Newest(filter, 1, SummaryPlan.Payload.VALUE)), false);
      case Aggregation.SinceEvent(EventFilter filter) ->
          new FeatureRead.Newest(
              summary(new SummaryPlan.Newest(filter, 1, SummaryPlan.Payload.NOTHING)), true);
      case Aggregation.SinceAttribute _,
          Aggregation.HourOfDay _,
          Aggregation.DayOfWeek _,
          Aggregation.Context _ ->
          throw new IllegalArgumentException(aggregation + " keeps no state");
    };
  }

  /** Whether an aggregation remembers events. */
  static boolean keepsState(Aggregation aggregation) {
    return switch (aggregation) {
      case Aggregation.SinceAttribute _,
          Aggregation.HourOfDay _,
          Aggregation.DayOfWeek _,
          Aggregation.Context _ ->
          false;
      case Aggregation.Count _,
          Aggregation.Sum _,
          Aggregation.Mean _,
          Aggregation.Min _,
          Aggregation.Max _,
          Aggregation.Rate _,
          Aggregation.Distinct _,
          Aggregation.Quantile _,
          Aggregation.Decay _,
          Aggregation.LastItems _,
          Aggregation.LastValue _,
          Aggregation.SinceEvent _ ->
          true;
    };
  }

  private Place place(Window window, EventFilter filter, Amount amount, Combine combine) {
    return place(Tiling.of(window), new TileColumn(filter, amount, combine));
  }

  private Place place(Tiling tiling, TileColumn column) {
    List<TileColumn> of = columns.computeIfAbsent(tiling, _ -> new ArrayList<>());
    if (!of.contains(column)) {
      of.add(column);
    }
    return new Place(List.copyOf(columns.keySet()).indexOf(tiling), of.indexOf(column));
  }

  private int sketches(EventFilter filter, Window window, TileSketch.Kind kind) {
    return summary(new SummaryPlan.Sketches(filter, Tiling.of(window), kind));
  }

  private int summary(SummaryPlan plan) {
    if (!summaries.contains(plan)) {
      summaries.add(plan);
    }
    return summaries.indexOf(plan);
  }

  private Program program(String type) {
    List<TableStep> tableSteps = new ArrayList<>();
    int table = 0;
    for (List<TileColumn> of : columns.values()) {
      List<ColumnStep> steps = new ArrayList<>();
      for (int column = 0; column < of.size(); column++) {
        TileColumn each = of.get(column);
        if (each.filter().selectsType(type)) {
          steps.add(new ColumnStep(column, each.amount(), each.filter().comparison()));
        }
      }
      if (!steps.isEmpty()) {
        tableSteps.add(new TableStep(tables[table], steps.toArray(ColumnStep[]::new)));
      }
      table++;
    }
    List<SummaryStep> summarySteps = new ArrayList<>();
    for (int summary = 0; summary < summaries.size(); summary++) {
      SummaryPlan plan = summaries.get(summary);
      if (plan.filter().selectsType(type)) {
        summarySteps.add(new SummaryStep(summary, plan, plan.filter().comparison()));
      }
    }
    return new Program(
        tableSteps.toArray(TableStep[]::new), summarySteps.toArray(SummaryStep[]::new));
  }

  /** How many features there are. */
  int size() {
    return definitions.size();
  }

  List<FeatureDefinition> definitions() {
    return definitions;
  }

  /** A state whose newest event is longer ago reads as empty, in milliseconds. */
  long ttlMs() {
    return ttlMs;
  }

  /** A reader of some of the features, by their places among the definitions. */
  GroupReader reader(int[] features) {
    return new GroupReader(tables, reads, features, ttlMs);
  }

  /** Whether events of a type can change a state. */
  boolean selectsType(int type) {
    return !programs[type].isEmpty();
  }

  /** Whether any feature takes the event in. */
  boolean selects(int type, Event event) {
    Program program = programs[type];
    for (TableStep step : program.tables) {
      for (ColumnStep column : step.columns) {
        if (column.selects(event)) {
          return true;
        }
      }
    }
    for (SummaryStep step : program.summaries) {
      if (step.selects(event)) {
        return true;
      }
    }
    return false;
  }

  /** A state without events. */
  EntityState newState() {
    return new EntityState(emptyCells.clone(), summaries.size());
  }

  /**
   * Takes an event in.
   *
   * @param type the event's type
   * @param item the catalogue index of its item
   * @return how many numbers and summaries dropped it because it was too old
   */
  int add(EntityState state, int type, Event event, int item) {
    Program program = programs[type];
    int dropped = 0;
    boolean taken = false;
    for (TableStep step : program.tables) {
      int row = Integer.MIN_VALUE;
      for (ColumnStep column : step.columns) {
        if (!column.selects(event)) {
          continue;
        }
        Tiling tiling = step.table.tiling();
        if (row == Integer.MIN_VALUE) {
          row = step.table.row(state, tiling.tile(event.timeMs()), tables);
        }
        if (row < 0) {
          dropped++;
        } else {
          step.table.combine(state.cells, row, column.column, column.amount.of(event, tiling));
          taken = true;
        }
      }
    }
    for (SummaryStep step : program.summaries) {
      if (step.selects(event)) {
        Summary summary = state.summaries[step.summary];
        if (summary == null) {
          summary = step.plan.empty();
          state.summaries[step.summary] = summary;
        }
        boolean kept = step.plan.add(summary, event, item);
        dropped += kept ? 0 : 1;
        taken |= kept;
      }
    }
    if (taken && event.timeMs() > state.cells[EntityState.NEWEST_MS]) {
      state.cells[EntityState.NEWEST_MS] = event.timeMs();
    }
    return dropped;
  }

  /** Takes in another state of this group, whose events came later in the log. */
  void merge(EntityState into, EntityState later) {
    for (TileTable table : tables) {
      table.merge(into, later, tables);
    }
    for (int i = 0; i < summaries.size(); i++) {
      Summary from = later.summaries[i];
      if (from != null) {
        Summary to = into.summaries[i];
        if (to == null) {
          to = summaries.get(i).empty();
          into.summaries[i] = to;
        }
        summaries.get(i).merge(to, from);
      }
    }
    into.cells[EntityState.NEWEST_MS] =
        Math.max(into.cells[EntityState.NEWEST_MS], later.cells[EntityState.NEWEST_MS]);
  }

  /** The items of a {@code last(n, …)} feature, by its place among the definitions. */
  int[] items(@Nullable EntityState state, int feature, long timeMs) {
    if (!(reads.get(feature) instanceof FeatureRead.Newest(int summary, _))
        || !(summaries.get(summary) instanceof SummaryPlan.Newest plan)) {
      throw new IllegalArgumentException(definitions.get(feature) + " has no items");
    }
    if (state == null
        || expired(state, timeMs)
        || !(state.summaries[summary] instanceof NewestEvents events)) {
      return new int[0];
    }
    int visible = events.visible(timeMs);
    int[] items = new int[Math.min(plan.asked(), visible)];
    for (int i = 0; i < items.length; i++) {
      items[i] = (int) events.payload(visible - items.length + i);
    }
    return items;
  }

  /** Whether a state reads as empty at a time because its events are too long ago. */
  boolean expired(EntityState state, long timeMs) {
    return timeMs - ttlMs > state.newestMs();
  }

  /** Writes a state. */
  void write(EntityState state, ByteSink sink) {
    sink.signed(state.newestMs());
    for (TileTable table : tables) {
      table.write(state.cells, sink);
    }
    for (Summary summary : state.summaries) {
      sink.raw(summary == null ? 0 : 1);
      if (summary != null) {
        summary.write(sink);
      }
    }
  }

  /** Reads a state. */
  EntityState load(ByteSource source) {
    EntityState state = newState();
    state.cells[EntityState.NEWEST_MS] = source.signed();
    for (TileTable table : tables) {
      table.load(state, source, tables);
    }
    for (int i = 0; i < summaries.size(); i++) {
      if (source.count(1) == 1) {
        state.summaries[i] = summaries.get(i).read(source);
      }
    }
    return state;
  }
}
