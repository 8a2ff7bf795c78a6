package io.winnow.core.application;

import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Window;
import java.math.BigDecimal;
import java.util.Locale;

/**
 * Definitions of features as people read them: the expression of the application file, with
 * defaults that differ from the usual ones spelled out. For lists and messages; what a release
 * needs is told by {@link FeatureDefinition#version()}.
 */
public final class DefinitionText {
  private DefinitionText() {}

  /** An aggregation, such as {@code count(watch where value >= 30) over 7d}. */
  public static String of(Aggregation aggregation) {
    return switch (aggregation) {
      case Aggregation.Count(EventFilter filter, Window window) ->
          "count(" + filter(filter) + ")" + over(window);
      case Aggregation.Sum(EventFilter filter, Window window) -> ofValues("sum", filter, window);
      case Aggregation.Mean(EventFilter filter, Window window) -> ofValues("mean", filter, window);
      case Aggregation.Min(EventFilter filter, Window window) -> ofValues("min", filter, window);
      case Aggregation.Max(EventFilter filter, Window window) -> ofValues("max", filter, window);
      case Aggregation.Rate(
              EventFilter numerator,
              EventFilter denominator,
              Window window,
              double prior,
              double priorWeight) ->
          "rate(%s, %s)%s prior %s weight %s"
              .formatted(
                  filter(numerator),
                  filter(denominator),
                  over(window),
                  number(prior),
                  number(priorWeight));
      case Aggregation.Distinct(
              EventFilter filter,
              Aggregation.Distinct.Counted counted,
              Window window) ->
          "distinct(%s)%s"
              .formatted(part(filter, counted.name().toLowerCase(Locale.ROOT)), over(window));
      case Aggregation.Quantile(EventFilter filter, double share, Window window) ->
          "quantile(%s, %s)%s".formatted(number(share), part(filter, "value"), over(window));
      case Aggregation.Decay(EventFilter filter, boolean ofValues, java.time.Duration halfLife) ->
          "decay(%s) half_life %s"
              .formatted(
                  ofValues ? part(filter, "value") : filter(filter), Durations.format(halfLife));
      case Aggregation.LastItems(EventFilter filter, int n) ->
          "last(" + n + ", " + part(filter, "item") + ")";
      case Aggregation.LastValue(EventFilter filter) -> "last(" + part(filter, "value") + ")";
      case Aggregation.SinceEvent(EventFilter filter) -> "since(" + filter(filter) + ")";
      case Aggregation.SinceAttribute(String attribute) -> "since(" + attribute + ")";
      case Aggregation.HourOfDay _ -> "hour_of_day";
      case Aggregation.DayOfWeek _ -> "day_of_week";
      case Aggregation.Context(String field) -> "context." + field;
    };
  }

  private static String ofValues(String function, EventFilter filter, Window window) {
    return function + "(" + part(filter, "value") + ")" + over(window);
  }

  static String filter(EventFilter filter) {
    return filter.type() + where(filter);
  }

  /** Something of each selected event, such as {@code watch.value where value >= 30}. */
  static String part(EventFilter filter, String part) {
    return filter.type() + "." + part + where(filter);
  }

  private static String where(EventFilter filter) {
    EventFilter.Comparison comparison = filter.comparison();
    return comparison == null
        ? ""
        : " where value " + comparison.operator().symbol() + " " + number(comparison.constant());
  }

  private static String over(Window window) {
    String length = " over " + Durations.format(window.length());
    return window.equals(Window.of(window.length()))
        ? length
        : length + " late " + Durations.format(window.lateness());
  }

  /** Without an exponent and without zeros that say nothing. */
  static String number(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }
}
