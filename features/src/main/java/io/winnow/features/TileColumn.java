package io.winnow.features;

import io.winnow.core.Event;
import io.winnow.core.application.EventFilter;
import io.winnow.features.TileTable.Combine;

/**
 * A column of a {@link TileTable}: which events it takes in, what of them and how. Features that
 * need equal columns share one.
 *
 * @param filter which events
 * @param amount what each adds
 * @param combine how amounts are put together
 */
record TileColumn(EventFilter filter, Amount amount, Combine combine) {
  /** A weighted amount is cut off here, so that 256 of the largest still fit into a sum. */
  private static final double WEIGHTED_MAX = 0x1p55;

  /** What an event adds. */
  enum Amount {
    /** 1. */
    ONE,
    /** 1, if it has a value. */
    ONE_WITH_VALUE,
    /** Its value in units of {@link FixedPoint}, if it has one. */
    VALUE,
    /** Its {@link Tiling#weight}, in the same units. */
    WEIGHT,
    /** Value by weight, in the same units, if it has a value. */
    WEIGHTED_VALUE;

    /** Whether the event adds anything. */
    boolean takes(Event event) {
      return this == ONE || this == WEIGHT || event.hasValue();
    }

    long of(Event event, Tiling tiling) {
      return switch (this) {
        case ONE, ONE_WITH_VALUE -> 1;
        case VALUE -> FixedPoint.of(event.value());
        case WEIGHT -> weighted(1, event, tiling);
        case WEIGHTED_VALUE -> weighted(event.value(), event, tiling);
      };
    }

    private static long weighted(double value, Event event, Tiling tiling) {
      double units = tiling.weight(event.timeMs()) * FixedPoint.ONE * value;
      return (long) Math.rint(Math.clamp(units, -WEIGHTED_MAX, WEIGHTED_MAX));
    }
  }
}
