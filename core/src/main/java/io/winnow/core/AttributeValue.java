package io.winnow.core;

import java.util.List;

/** The value of one attribute of an item or user. */
public sealed interface AttributeValue {
  /** A category, such as a creator. */
  record Text(String value) implements AttributeValue {}

  /** Several categories, such as genres; without duplicates, in the order given. */
  record Tokens(List<String> values) implements AttributeValue {
    /** Copies the list and drops duplicates. */
    public Tokens {
      values = values.stream().distinct().toList();
    }
  }

  /** A number; finite. */
  record Numeric(double value) implements AttributeValue {
    /** Refuses NaN and infinities. */
    public Numeric {
      if (!Double.isFinite(value)) {
        throw WinnowException.invalid("attribute", value, "a finite number");
      }
    }
  }

  /** A point in time in epoch milliseconds. */
  record Time(long epochMs) implements AttributeValue {}

  /**
   * The categories this value stands for: one of a text, all of tokens, none of a number or time.
   */
  default List<String> categories() {
    return switch (this) {
      case Text text -> List.of(text.value());
      case Tokens tokens -> tokens.values();
      case Numeric _, Time _ -> List.of();
    };
  }
}
