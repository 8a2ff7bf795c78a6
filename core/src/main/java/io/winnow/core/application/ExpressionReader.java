package io.winnow.core.application;

import io.winnow.core.Event;
import io.winnow.core.application.EventFilter.Comparison;
import io.winnow.core.application.EventFilter.Operator;
import io.winnow.core.application.Lexer.Kind;
import io.winnow.core.application.Lexer.Token;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the languages of the application file share: a place in a sequence of tokens, numbers,
 * durations and selections of events. Event types are looked up in the schema.
 *
 * <pre>{@code
 * filter    = type [ "." "value" comparison | where ]
 * values    = type "." "value" [ where ]
 * where     = "where" "value" comparison
 * comparison = ( ">=" | ">" | "<=" | "<" | "==" ) NUMBER
 * type      = EVENT_TYPE | "impression" | "*"
 * }</pre>
 */
abstract sealed class ExpressionReader permits ExpressionParser, MetricParser {
  static final int MAX_LENGTH = 500;

  final Schema schema;
  private final List<Token> tokens;
  private int next;

  ExpressionReader(String text, Schema schema) {
    if (text.length() > MAX_LENGTH) {
      throw new ExpressionException(
          MAX_LENGTH + 1, "more text", "at most " + MAX_LENGTH + " characters");
    }
    this.schema = schema;
    this.tokens = Lexer.tokens(text);
  }

  final EventFilter filter() {
    String type = type();
    if (peek().is(".")) {
      value(type);
      return new EventFilter(type, comparison());
    }
    return new EventFilter(type, where(type));
  }

  final EventFilter values() {
    String type = type();
    value(type);
    return new EventFilter(type, where(type));
  }

  final @Nullable Comparison where(String type) {
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
  final void value(String type) {
    expect(".");
    Token value = peek();
    expect("value");
    requireValue(type, value);
  }

  final void requireValue(String type, Token place) {
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

  final Comparison comparison() {
    Token token = peek();
    for (Operator operator : Operator.values()) {
      if (token.is(operator.symbol())) {
        next++;
        return new Comparison(operator, number(-1e15, 1e15));
      }
    }
    throw error(token, "one of >=, >, <=, <, ==");
  }

  final String type() {
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

  final Duration duration(String what, Duration min, Duration max) {
    Token token = peek();
    String expectation = what + ", from " + Durations.format(min) + " to " + Durations.format(max);
    if (token.kind() != Kind.DURATION) {
      throw error(token, expectation);
    }
    next++;
    return Durations.parse(token.text())
        .filter(d -> d.compareTo(min) >= 0 && d.compareTo(max) <= 0)
        .orElseThrow(() -> error(token, expectation));
  }

  final double number(double min, double max) {
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
    return value + 0.0; // -0 is 0, so that one meaning has one version
  }

  static String bound(double value) {
    return Math.abs(value) < 1e9 ? Long.toString((long) value) : Double.toString(value);
  }

  final boolean isEvent(String name) {
    return name.equals(Event.IMPRESSION) || schema.events().containsKey(name);
  }

  final List<String> eventTypes() {
    List<String> types = new ArrayList<>(schema.events().keySet());
    types.add(Event.IMPRESSION);
    return types;
  }

  final String anEvent() {
    return schema.events().keySet().stream().findFirst().orElse("click");
  }

  final Token peek() {
    return tokens.get(next);
  }

  final Token take(Kind kind, String expectation) {
    Token token = peek();
    if (token.kind() != kind) {
      throw error(token, expectation);
    }
    next++;
    return token;
  }

  final void expect(String text) {
    if (!peek().is(text)) {
      throw error(peek(), "'" + text + "'");
    }
    next++;
  }

  final void end() {
    if (peek().kind() != Kind.END) {
      throw error(peek(), "the end");
    }
  }

  static ExpressionException error(Token found, String expectation) {
    return new ExpressionException(found.column(), found.display(), expectation);
  }

  /** Goes on to the next token. */
  final void skip() {
    next++;
  }
}
