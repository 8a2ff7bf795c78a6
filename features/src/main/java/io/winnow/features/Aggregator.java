package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.application.EventFilter;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import org.jspecify.annotations.Nullable;

/**
 * The algebra of one feature over its states: empty, add, merge, read at a time, and bytes. One
 * aggregator serves every entity; it has no state of its own and is thread-safe. A state that was
 * never added to is not created: {@code null} reads as empty.
 */
sealed interface Aggregator {
  /** Whether the event changes the state. */
  boolean selects(Event event);

  /** Whether events of a type can be selected at all. */
  boolean selectsType(String type);

  /** A state without events. */
  AggregationState empty();

  /**
   * Takes a selected event in.
   *
   * @param item the catalogue index of the event's item
   * @return false if the event was too old to be kept
   */
  boolean add(AggregationState state, Event event, int item);

  /** Takes another state of this aggregator in, whose events came later in the log. */
  void merge(AggregationState into, AggregationState other);

  /** The feature's value at a time; NaN if nothing is known. */
  double read(@Nullable AggregationState state, long timeMs);

  /** Reads a state's bytes. */
  AggregationState load(ByteSource source);

  /** The aggregator of an aggregation, or null if it keeps no state. */
  static @Nullable Aggregator of(Aggregation aggregation) {
    return switch (aggregation) {
      case Aggregation.Count count ->
          new WindowedSum(count.filter(), false, Tiling.of(count.window().length()));
      case Aggregation.Sum sum ->
          new WindowedSum(sum.filter(), true, Tiling.of(sum.window().length()));
      case Aggregation.Rate rate -> new WindowedRate(rate, Tiling.of(rate.window().length()));
      case Aggregation.LastItems last ->
          new Newest(last.filter(), last.n(), Newest.Result.LAST_ITEM);
      case Aggregation.LastValue last -> new Newest(last.filter(), 1, Newest.Result.VALUE);
      case Aggregation.SinceEvent since ->
          new Newest(since.filter(), 1, Newest.Result.SECONDS_SINCE);
      case Aggregation.Mean _,
          Aggregation.Min _,
          Aggregation.Max _,
          Aggregation.Distinct _,
          Aggregation.Quantile _,
          Aggregation.Decay _ ->
          throw new IllegalArgumentException(aggregation + " is not computed yet");
      case Aggregation.SinceAttribute _,
          Aggregation.HourOfDay _,
          Aggregation.DayOfWeek _,
          Aggregation.Context _ ->
          null;
    };
  }

  private static boolean typeMatches(EventFilter filter, String type) {
    return filter.type().equals("*") ? !type.equals(Event.IMPRESSION) : filter.type().equals(type);
  }

  /** Counts events, or sums their values; an event without a value adds nothing to a sum. */
  record WindowedSum(EventFilter filter, boolean ofValues, Tiling tiling) implements Aggregator {
    @Override
    public boolean selects(Event event) {
      return filter.test(event) && (!ofValues || event.hasValue());
    }

    @Override
    public boolean selectsType(String type) {
      return typeMatches(filter, type);
    }

    @Override
    public AggregationState empty() {
      return new TiledSums();
    }

    @Override
    public boolean add(AggregationState state, Event event, int item) {
      return ((TiledSums) state).add(tiling.tile(event.timeMs()), ofValues ? event.value() : 1);
    }

    @Override
    public void merge(AggregationState into, AggregationState other) {
      ((TiledSums) into).merge((TiledSums) other);
    }

    @Override
    public double read(@Nullable AggregationState state, long timeMs) {
      return state == null ? 0 : ((TiledSums) state).sum(tiling.tile(timeMs));
    }

    @Override
    public AggregationState load(ByteSource source) {
      return TiledSums.read(source);
    }
  }

  /** Numerator by denominator, drawn to the prior: (n + prior · weight) / (d + weight). */
  record WindowedRate(Aggregation.Rate rate, Tiling tiling) implements Aggregator {
    @Override
    public boolean selects(Event event) {
      return rate.numerator().test(event) || rate.denominator().test(event);
    }

    @Override
    public boolean selectsType(String type) {
      return typeMatches(rate.numerator(), type) || typeMatches(rate.denominator(), type);
    }

    @Override
    public AggregationState empty() {
      return AggregationState.Ratio.empty();
    }

    @Override
    public boolean add(AggregationState state, Event event, int item) {
      AggregationState.Ratio ratio = (AggregationState.Ratio) state;
      long tile = tiling.tile(event.timeMs());
      boolean kept = true;
      if (rate.numerator().test(event)) {
        kept = ratio.numerator().add(tile, 1);
      }
      if (rate.denominator().test(event)) {
        kept &= ratio.denominator().add(tile, 1);
      }
      return kept;
    }

    @Override
    public void merge(AggregationState into, AggregationState other) {
      AggregationState.Ratio ratio = (AggregationState.Ratio) into;
      ratio.numerator().merge(((AggregationState.Ratio) other).numerator());
      ratio.denominator().merge(((AggregationState.Ratio) other).denominator());
    }

    @Override
    public double read(@Nullable AggregationState state, long timeMs) {
      double numerator = rate.prior() * rate.priorWeight();
      double denominator = rate.priorWeight();
      if (state instanceof AggregationState.Ratio ratio) {
        long tile = tiling.tile(timeMs);
        numerator += ratio.numerator().sum(tile);
        denominator += ratio.denominator().sum(tile);
      }
      return denominator == 0 ? Double.NaN : numerator / denominator;
    }

    @Override
    public AggregationState load(ByteSource source) {
      return AggregationState.Ratio.read(source);
    }
  }

  /**
   * What is known of the newest event that is not later than the read.
   *
   * @param asked how many events a reader may ask for
   */
  record Newest(EventFilter filter, int asked, Result result) implements Aggregator {
    enum Result {
      VALUE,
      SECONDS_SINCE,
      LAST_ITEM
    }

    @Override
    public boolean selects(Event event) {
      return filter.test(event);
    }

    @Override
    public boolean selectsType(String type) {
      return typeMatches(filter, type);
    }

    @Override
    public AggregationState empty() {
      return new NewestEvents(asked);
    }

    @Override
    public boolean add(AggregationState state, Event event, int item) {
      double payload =
          switch (result) {
            case VALUE -> event.value();
            case SECONDS_SINCE -> 0;
            case LAST_ITEM -> item;
          };
      return ((NewestEvents) state).add(event.timeMs(), payload);
    }

    @Override
    public void merge(AggregationState into, AggregationState other) {
      ((NewestEvents) into).merge((NewestEvents) other);
    }

    @Override
    public double read(@Nullable AggregationState state, long timeMs) {
      if (!(state instanceof NewestEvents events)) {
        return Double.NaN;
      }
      int newest = events.visible(timeMs) - 1;
      if (newest < 0) {
        return Double.NaN;
      }
      return switch (result) {
        case VALUE, LAST_ITEM -> events.payload(newest);
        case SECONDS_SINCE -> (timeMs - events.timeMs(newest)) / 1000.0;
      };
    }

    /** The payloads of the newest events that are not later than a time, newest last. */
    int[] items(@Nullable AggregationState state, long timeMs) {
      if (!(state instanceof NewestEvents events)) {
        return new int[0];
      }
      int visible = events.visible(timeMs);
      int[] items = new int[Math.min(asked, visible)];
      for (int i = 0; i < items.length; i++) {
        items[i] = (int) events.payload(visible - items.length + i);
      }
      return items;
    }

    @Override
    public AggregationState load(ByteSource source) {
      return NewestEvents.read(source, asked);
    }
  }
}
