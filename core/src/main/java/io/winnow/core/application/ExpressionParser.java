package io.winnow.core.application;

import io.winnow.core.application.EventFilter.Comparison;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Aggregation.Distinct.Counted;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.core.application.Lexer.Kind;
import io.winnow.core.application.Lexer.Token;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads the expressions of the application file by recursive descent. Event types and attributes
 * are looked up in the schema, so what comes out refers to nothing that is not declared.
 *
 * <pre>{@code
 * feature   = "count" "(" filter ")" windows
 *           | ( "sum" | "mean" | "min" | "max" ) "(" values ")" windows
 *           | "rate" "(" filter "," filter ")" windows [ "prior" NUMBER ] [ "weight" NUMBER ]
 *           | "distinct" "(" type "." ( "item" | "user" ) [ where ] ")" windows
 *           | "quantile" "(" NUMBER "," values ")" windows
 *           | "decay" "(" ( filter | values ) ")" "half_life" DURATION
 *           | "last" "(" NUMBER "," type "." "item" [ where ] ")"
 *           | "last" "(" values ")"
 *           | "since" "(" ( ATTRIBUTE | filter ) ")"
 *           | "hour_of_day" | "day_of_week" | "context" "." NAME
 * windows   = over { "," DURATION } [ "late" DURATION ]
 * over      = "over" DURATION
 * exclusion = filter [ over ]
 * }</pre>
 *
 * <p>See {@link ExpressionReader} for filter, values, where and type.
 *
 * <p>{@link AggregationText} writes what this reads.
 */
final class ExpressionParser extends ExpressionReader {
  static final Duration WINDOW_MIN = Duration.ofMinutes(1);
  static final Duration WINDOW_MAX = Duration.ofDays(400);
  static final int MAX_WINDOWS = 10;

  /** The most lateness, in lengths of the window: it decides how many tiles a state keeps. */
  static final int MAX_LATENESS_WINDOWS = 10;

  static final int LAST_MAX = 1000;
  static final double DEFAULT_PRIOR = 0.05;
  static final double DEFAULT_PRIOR_WEIGHT = 20;

  private static final List<String> FEATURES =
      List.of(
          "count",
          "sum",
          "mean",
          "min",
          "max",
          "rate",
          "distinct",
          "quantile",
          "decay",
          "last",
          "since",
          "hour_of_day",
          "day_of_week",
          "context");

  private ExpressionParser(String text, Schema schema) {
    super(text, schema);
  }

  /**
   * One of the features of a declaration.
   *
   * @param suffix what its window adds to the declared name, such as {@code _7d}; empty if the
   *     declaration has one window or none
   */
  record Declared(String suffix, Aggregation aggregation) {}

  /** Reads a declaration: one feature, or one for each of its windows in their order. */
  static List<Declared> features(String text, Schema schema) {
    ExpressionParser parser = new ExpressionParser(text, schema);
    List<Declared> features = parser.features();
    parser.end();
    return features;
  }

  /** Reads a selection of events. */
  static EventFilter filter(String text, Schema schema) {
    ExpressionParser parser = new ExpressionParser(text, schema);
    EventFilter filter = parser.filter();
    parser.end();
    return filter;
  }

  /** Reads an exclusion rule. */
  static Policy.Exclusion exclusion(String text, Schema schema) {
    ExpressionParser parser = new ExpressionParser(text, schema);
    EventFilter filter = parser.filter();
    Duration within = parser.peek().is("over") ? parser.over() : null;
    parser.end();
    return new Policy.Exclusion(filter, within);
  }

  private List<Declared> features() {
    Token function = take(Kind.NAME, "a feature such as count(" + anEvent() + ") over 7d");
    return switch (function.text()) {
      case "count" -> {
        EventFilter filter = inParentheses(this::filter);
        yield windows().each(window -> new Aggregation.Count(filter, window));
      }
      case "sum" -> ofValues(Aggregation.Sum::new);
      case "mean" -> ofValues(Aggregation.Mean::new);
      case "min" -> ofValues(Aggregation.Min::new);
      case "max" -> ofValues(Aggregation.Max::new);
      case "rate" -> rate();
      case "distinct" -> distinct();
      case "quantile" -> quantile();
      case "decay" -> one(decay());
      case "last" -> one(last());
      case "since" -> one(since());
      case "hour_of_day" -> one(new Aggregation.HourOfDay());
      case "day_of_week" -> one(new Aggregation.DayOfWeek());
      case "context" -> {
        expect(".");
        yield one(
            new Aggregation.Context(take(Kind.NAME, "a field of the request's context").text()));
      }
      default -> throw error(function, NearestName.expectation(function.text(), FEATURES));
    };
  }

  private static List<Declared> one(Aggregation aggregation) {
    return List.of(new Declared("", aggregation));
  }

  private List<Declared> ofValues(BiFunction<EventFilter, Window, Aggregation> aggregation) {
    EventFilter filter = inParentheses(this::values);
    return windows().each(window -> aggregation.apply(filter, window));
  }

  private EventFilter inParentheses(Supplier<EventFilter> reader) {
    expect("(");
    EventFilter filter = reader.get();
    expect(")");
    return filter;
  }

  private List<Declared> rate() {
    expect("(");
    EventFilter numerator = filter();
    expect(",");
    EventFilter denominator = filter();
    expect(")");
    Windows windows = windows();
    double prior = optionalNumber("prior", DEFAULT_PRIOR, 1);
    double weight = optionalNumber("weight", DEFAULT_PRIOR_WEIGHT, 1e6);
    return windows.each(
        window -> new Aggregation.Rate(numerator, denominator, window, prior, weight));
  }

  private double optionalNumber(String keyword, double fallback, double max) {
    if (!peek().is(keyword)) {
      return fallback;
    }
    skip();
    return number(0, max);
  }

  private List<Declared> distinct() {
    expect("(");
    String type = type();
    expect(".");
    Token token = peek();
    Counted counted =
        switch (token.text()) {
          case "item" -> Counted.ITEM;
          case "user" -> Counted.USER;
          default -> throw error(token, "'item' or 'user': what is told apart");
        };
    skip();
    EventFilter filter = new EventFilter(type, where(type));
    expect(")");
    return windows().each(window -> new Aggregation.Distinct(filter, counted, window));
  }

  private List<Declared> quantile() {
    expect("(");
    double share = number(0, 1);
    expect(",");
    EventFilter filter = values();
    expect(")");
    return windows().each(window -> new Aggregation.Quantile(filter, share, window));
  }

  /** {@code decay(watch.value >= 30)} counts events, {@code decay(watch.value)} sums values. */
  private Aggregation decay() {
    expect("(");
    String type = type();
    boolean ofValues = false;
    Comparison comparison;
    if (peek().is(".")) {
      value(type);
      ofValues = peek().is(")") || peek().is("where");
      comparison = ofValues ? where(type) : comparison();
    } else {
      comparison = where(type);
    }
    expect(")");
    expect("half_life");
    Duration halfLife = duration("a half-life such as 6h or 3d", WINDOW_MIN, WINDOW_MAX);
    return new Aggregation.Decay(new EventFilter(type, comparison), ofValues, halfLife);
  }

  private Aggregation last() {
    expect("(");
    if (peek().kind() != Kind.NUMBER) {
      EventFilter filter = values();
      expect(")");
      return new Aggregation.LastValue(filter);
    }
    Token count = peek();
    double n = number(1, LAST_MAX);
    if (n != Math.rint(n)) {
      throw error(count, "a whole number from 1 to " + LAST_MAX);
    }
    expect(",");
    String type = type();
    expect(".");
    expect("item");
    Comparison comparison = where(type);
    expect(")");
    return new Aggregation.LastItems(new EventFilter(type, comparison), (int) n);
  }

  private Aggregation since() {
    expect("(");
    Token name = peek();
    List<String> times = new ArrayList<>(FeaturesReader.times(schema.itemAttributes()));
    times.addAll(FeaturesReader.times(schema.userAttributes()));
    if (times.contains(name.text()) && !isEvent(name.text())) {
      skip();
      expect(")");
      return new Aggregation.SinceAttribute(name.text());
    }
    if (name.kind() == Kind.NAME && !isEvent(name.text())) {
      List<String> known = new ArrayList<>(eventTypes());
      times.stream().filter(time -> !known.contains(time)).forEach(known::add);
      throw error(
          name,
          "an event type or an attribute of type time: "
              + NearestName.expectation(name.text(), known));
    }
    EventFilter filter = filter();
    expect(")");
    return new Aggregation.SinceEvent(filter);
  }

  /**
   * Windows as they were written, and their common lateness.
   *
   * @param lengths by spelling, in their order; at least one
   * @param lateness or null for each window's default
   */
  private record Windows(Map<String, Duration> lengths, @Nullable Duration lateness) {
    List<Declared> each(Function<Window, Aggregation> aggregation) {
      List<Declared> features = new ArrayList<>();
      lengths.forEach((spelling, length) -> {
        Window window = lateness == null ? Window.of(length) : new Window(length, lateness);
        String suffix = lengths.size() == 1 ? "" : "_" + spelling;
        features.add(new Declared(suffix, aggregation.apply(window)));
      });
      return features;
    }
  }

  private Windows windows() {
    Map<String, Duration> lengths = new LinkedHashMap<>();
    expect("over");
    lengths.put(peek().text(), window());
    while (peek().is(",")) {
      skip();
      Token token = peek();
      Duration length = window();
      if (lengths.containsValue(length)) {
        throw error(token, "each window once");
      }
      if (lengths.size() == MAX_WINDOWS) {
        throw error(token, "at most " + MAX_WINDOWS + " windows");
      }
      lengths.put(token.text(), length);
    }
    return new Windows(lengths, peek().is("late") ? late(Collections.min(lengths.values())) : null);
  }

  private Duration late(Duration shortest) {
    skip();
    Duration most = shortest.multipliedBy(MAX_LATENESS_WINDOWS);
    return duration(
        "a lateness (at most "
            + MAX_LATENESS_WINDOWS
            + " times the shortest window and "
            + Durations.format(WINDOW_MAX)
            + ")",
        Duration.ZERO,
        most.compareTo(WINDOW_MAX) < 0 ? most : WINDOW_MAX);
  }

  private Duration over() {
    expect("over");
    return window();
  }

  private Duration window() {
    return duration("a window such as 1h or 7d", WINDOW_MIN, WINDOW_MAX);
  }
}
