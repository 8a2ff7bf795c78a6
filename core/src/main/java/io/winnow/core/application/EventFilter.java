package io.winnow.core.application;

import io.winnow.core.Event;
import org.jspecify.annotations.Nullable;

/**
 * Selects events: {@code watch}, {@code watch.value >= 30}.
 *
 * @param type the event type, or {@code *} for any but impressions
 * @param comparison a condition on the value, or null
 */
public record EventFilter(String type, @Nullable Comparison comparison) {
  /** Any event but impressions. */
  public static final EventFilter ANY_OUTCOME = new EventFilter("*", null);

  /** Every event of a type. */
  public static EventFilter ofType(String type) {
    return new EventFilter(type, null);
  }

  /** Whether events of a type can be selected at all. */
  public boolean selectsType(String eventType) {
    return type.equals("*") ? !eventType.equals(Event.IMPRESSION) : type.equals(eventType);
  }

  /** Whether the event is selected. */
  public boolean test(Event event) {
    return selectsType(event.type()) && (comparison == null || comparison.test(event.value()));
  }

  @Override
  public String toString() {
    return comparison == null ? type : type + ".value " + comparison;
  }

  /**
   * Compares a value with a constant; NaN satisfies no comparison. Both are compared in single
   * precision, in which histories keep values: so an event and its place in a history agree.
   */
  public record Comparison(Operator operator, double constant) {
    /** Whether {@code value operator constant} holds. */
    public boolean test(double value) {
      float left = (float) value;
      float right = (float) constant;
      return switch (operator) {
        case GREATER_OR_EQUAL -> left >= right;
        case GREATER -> left > right;
        case LESS_OR_EQUAL -> left <= right;
        case LESS -> left < right;
        case EQUAL -> left == right;
      };
    }

    @Override
    public String toString() {
      return operator.symbol() + " " + constant;
    }
  }

  /** A comparison operator. */
  public enum Operator {
    /** At least. */
    GREATER_OR_EQUAL(">="),
    /** More than. */
    GREATER(">"),
    /** At most. */
    LESS_OR_EQUAL("<="),
    /** Less than. */
    LESS("<"),
    /** Equal. */
    EQUAL("==");

    private final String symbol;

    Operator(String symbol) {
      this.symbol = symbol;
    }

    /** How it is written. */
    public String symbol() {
      return symbol;
    }
  }
}
