package io.winnow.core.application;

import io.winnow.core.application.EventFilter.Comparison;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Window;

/**
 * Writes what {@link ExpressionParser} reads: one text for each aggregation, with everything that
 * it depends on. Versions of features are made of it, so a change of its form makes every stored
 * state one of another version. Durations are written in whole milliseconds at the finest.
 */
final class AggregationText {
  private AggregationText() {}

  static String of(Aggregation aggregation) {
    return switch (aggregation) {
      case Aggregation.Count a -> "count(" + events(a.filter()) + ")" + over(a.window());
      case Aggregation.Sum a -> "sum(" + values(a.filter()) + ")" + over(a.window());
      case Aggregation.Mean a -> "mean(" + values(a.filter()) + ")" + over(a.window());
      case Aggregation.Min a -> "min(" + values(a.filter()) + ")" + over(a.window());
      case Aggregation.Max a -> "max(" + values(a.filter()) + ")" + over(a.window());
      case Aggregation.Rate a ->
          "rate("
              + events(a.numerator())
              + ", "
              + events(a.denominator())
              + ")"
              + over(a.window())
              + " prior "
              + a.prior()
              + " weight "
              + a.priorWeight();
      case Aggregation.Distinct a ->
          switch (a.counted()) {
            case ITEM -> "distinct(" + of(a.filter(), ".item") + ")" + over(a.window());
            case USER -> "distinct(" + of(a.filter(), ".user") + ")" + over(a.window());
          };
      case Aggregation.Quantile a ->
          "quantile(" + a.share() + ", " + values(a.filter()) + ")" + over(a.window());
      case Aggregation.Decay a ->
          "decay("
              + (a.ofValues() ? values(a.filter()) : events(a.filter()))
              + ") half_life "
              + Durations.format(a.halfLife());
      case Aggregation.LastItems a -> "last(" + a.n() + ", " + of(a.filter(), ".item") + ")";
      case Aggregation.LastValue a -> "last(" + values(a.filter()) + ")";
      case Aggregation.SinceEvent a -> "since(" + events(a.filter()) + ")";
      case Aggregation.SinceAttribute a -> "since(" + a.attribute() + ")";
      case Aggregation.HourOfDay _ -> "hour_of_day";
      case Aggregation.DayOfWeek _ -> "day_of_week";
      case Aggregation.Context a -> "context." + a.field();
    };
  }

  private static String events(EventFilter filter) {
    return of(filter, "");
  }

  private static String values(EventFilter filter) {
    return of(filter, ".value");
  }

  private static String of(EventFilter filter, String part) {
    Comparison comparison = filter.comparison();
    String where =
        comparison == null
            ? ""
            : " where value " + comparison.operator().symbol() + " " + comparison.constant();
    return filter.type() + part + where;
  }

  private static String over(Window window) {
    return " over "
        + Durations.format(window.length())
        + " late "
        + Durations.format(window.lateness());
  }
}
