package io.winnow.core.application;

import io.winnow.core.Event;
import io.winnow.core.application.EventFilter.Comparison;
import io.winnow.core.application.EventFilter.Operator;
import io.winnow.core.application.FeatureDefinition.Aggregation;
import io.winnow.core.application.FeatureDefinition.Window;
import io.winnow.core.application.Lexer.Kind;
import io.winnow.core.application.Lexer.Token;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the expressions of the application file by recursive descent. Event types and attributes
 * are looked up in the schema, so what comes out refers to nothing that is not declared.
 *
 * <pre>{@code
 * feature   = "count" "(" filter ")" over
 *           | "sum" "(" values ")" over
 *           | "rate" "(" filter "," filter ")" over [ "prior" NUMBER ] [ "weight" NUMBER ]
 *           | "last" "(" NUMBER "," type "." "item" [ where ] ")"
 *           | "last" "(" values ")"
 *           | "since" "(" ( ATTRIBUTE | filter ) ")"
 *           | "hour_of_day" | "day_of_week" | "context" "." NAME
 * filter    = type [ "." "value" comparison | where ]
 * values    = type "." "value" [ where ]
 * where     = "where" "value" comparison
 * comparison = ( ">=" | ">" | "<=" | "<" | "==" ) NUMBER
 * type      = EVENT_TYPE | "impression" | "*"
 * over      = "over" DURATION
 * exclusion = filter [ over ]
 * }</pre>
 */
final class ExpressionParser {
  static final Duration WINDOW_MIN = Duration.ofMinutes(1);
  static final Duration WINDOW_MAX = Duration.ofDays(400);
  static final int LAST_MAX = 1000;
  static final double DEFAULT_PRIOR = 0.05;
  static final double DEFAULT_PRIOR_WEIGHT = 20;
  static final int MAX_LENGTH = 500;

  private static final List<String> FEATURES =
      List.of("count", "sum", "rate", "last", "since", "hour_of_day", "day_of_week", "context");

  private final Schema schema;
  private final List<Token> tokens;
  private int next;

  private ExpressionParser(String text, Schema schema) {
    if (text.length() > MAX_LENGTH) {
      throw new ExpressionException(
          MAX_LENGTH + 1, "more text", "at most " + MAX_LENGTH + " characters");
    }
    this.schema = schema;
    this.tokens = Lexer.tokens(text);
  }

  /** Reads a feature. */
  static Aggregation feature(String text, Schema schema) {
    ExpressionParser parser = new ExpressionParser(text, schema);
    Aggregation aggregation = parser.feature();
    parser.end();
    return aggregation;
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

  private Aggregation feature() {
    Token function = take(Kind.NAME, "a feature such as count(" + anEvent() + ") over 7d");
    return switch (function.text()) {
      case "count" -> {
        expect("(");
        EventFilter filter = filter();
        expect(")");
        yield new Aggregation.Count(filter, Window.of(over()));
      }
      case "sum" -> {
        expect("(");
        EventFilter filter = values();
        expect(")");
        yield new Aggregation.Sum(filter, Window.of(over()));
      }
      case "rate" -> rate();
      case "last" -> last();
      case "since" -> since();
      case "hour_of_day" -> new Aggregation.HourOfDay();
      case "day_of_week" -> new Aggregation.DayOfWeek();
      case "context" -> {
        expect(".");
        yield new Aggregation.Context(take(Kind.NAME, "a field of the request's context").text());
      }
      default -> throw error(function, NearestName.expectation(function.text(), FEATURES));
    };
  }

  private Aggregation rate() {
    expect("(");
    EventFilter numerator = filter();
    expect(",");
    EventFilter denominator = filter();
    expect(")");
    Window window = Window.of(over());
    double prior = DEFAULT_PRIOR;
    double weight = DEFAULT_PRIOR_WEIGHT;
    if (peek().is("prior")) {
      next++;
      prior = number(0, 1);
    }
    if (peek().is("weight")) {
      next++;
      weight = number(0, 1e6);
    }
    return new Aggregation.Rate(numerator, denominator, window, prior, weight);
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
    boolean attribute = schema.itemAttributes().get(name.text()) == AttributeType.TIME;
    if (attribute && !isEvent(name.text())) {
      next++;
      expect(")");
      return new Aggregation.SinceAttribute(name.text());
    }
    if (name.kind() == Kind.NAME && !isEvent(name.text())) {
      List<String> known = new ArrayList<>(eventTypes());
      schema
          .itemAttributes()
          .forEach((k, v) -> known.addAll(v == AttributeType.TIME ? List.of(k) : List.of()));
      throw error(
          name,
          "an event type or an item attribute of type time: "
              + NearestName.expectation(name.text(), known));
    }
    EventFilter filter = filter();
    expect(")");
    return new Aggregation.SinceEvent(filter);
  }

  private EventFilter filter() {
    String type = type();
    if (peek().is(".")) {
      value(type);
      return new EventFilter(type, comparison());
    }
    return new EventFilter(type, where(type));
  }

  private EventFilter values() {
    String type = type();
    value(type);
    return new EventFilter(type, where(type));
  }

  private @Nullable Comparison where(String type) {
    if (!peek().is("where")) {
      return null;
    }
    next++;
    Token value = peek();
    expect("value");
    requireValue(type, value);
    return comparison();
  }

  /** Reads {@code .value} behind a type. */
  private void value(String type) {
    expect(".");
    Token value = peek();
    expect("value");
    requireValue(type, value);
  }

  private void requireValue(String type, Token place) {
    boolean has =
        type.equals("*")
            ? schema.events().values().stream().anyMatch(Schema.EventType::hasValue)
            : Optional.ofNullable(schema.events().get(type))
                .map(Schema.EventType::hasValue)
                .orElse(false);
    if (!has) {
      throw error(
          place,
          "an event type that has a value; declare one with events: { "
              + (type.equals("*") ? anEvent() : type)
              + ": { value: UNIT } }");
    }
  }

  private Comparison comparison() {
    Token token = peek();
    for (Operator operator : Operator.values()) {
      if (token.is(operator.symbol())) {
        next++;
        return new Comparison(operator, number(-1e15, 1e15));
      }
    }
    throw error(token, "one of >=, >, <=, <, ==");
  }

  private String type() {
    Token token = peek();
    if (token.is("*") || (token.kind() == Kind.NAME && isEvent(token.text()))) {
      next++;
      return token.text();
    }
    throw error(
        token,
        "an event type or * for any but impressions: "
            + NearestName.expectation(token.text(), eventTypes()));
  }

  private Duration over() {
    expect("over");
    Token token = peek();
    String expectation =
        "a window such as 1h or 7d, from "
            + Durations.format(WINDOW_MIN)
            + " to "
            + Durations.format(WINDOW_MAX);
    if (token.kind() != Kind.DURATION) {
      throw error(token, expectation);
    }
    next++;
    return Durations.parse(token.text())
        .filter(d -> d.compareTo(WINDOW_MIN) >= 0 && d.compareTo(WINDOW_MAX) <= 0)
        .orElseThrow(() -> error(token, expectation));
  }

  private double number(double min, double max) {
    String expectation = "a number from " + bound(min) + " to " + bound(max);
    Token token = peek();
    if (token.kind() != Kind.NUMBER) {
      throw error(token, expectation);
    }
    next++;
    double value = Double.parseDouble(token.text());
    if (!(value >= min && value <= max)) {
      throw error(token, expectation);
    }
    return value;
  }

  private static String bound(double value) {
    return Math.abs(value) < 1e9 ? Long.toString((long) value) : Double.toString(value);
  }

  private boolean isEvent(String name) {
    return name.equals(Event.IMPRESSION) || schema.events().containsKey(name);
  }

  private List<String> eventTypes() {
    List<String> types = new ArrayList<>(schema.events().keySet());
    types.add(Event.IMPRESSION);
    return types;
  }

  private String anEvent() {
    return schema.events().keySet().stream().findFirst().orElse("click");
  }

  private Token peek() {
    return tokens.get(next);
  }

  private Token take(Kind kind, String expectation) {
    Token token = peek();
    if (token.kind() != kind) {
      throw error(token, expectation);
    }
    next++;
    return token;
  }

  private void expect(String text) {
    if (!peek().is(text)) {
      throw error(peek(), "'" + text + "'");
    }
    next++;
  }

  private void end() {
    if (peek().kind() != Kind.END) {
      throw error(peek(), "the end");
    }
  }

  private static ExpressionException error(Token found, String expectation) {
    return new ExpressionException(found.column(), found.display(), expectation);
  }
}
