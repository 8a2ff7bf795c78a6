package io.winnow.retrieval;

import io.winnow.core.AttributeValue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A condition on one attribute of an item, which a request may set. */
public sealed interface AttributeCondition {
  /** The attribute's name. */
  String attribute();

  /** Whether an item with this value, or without one, may come. */
  boolean test(@Nullable AttributeValue value);

  /** At least one of the item's categories is among these; an item without the attribute fails. */
  record AnyOf(String attribute, Set<String> categories) implements AttributeCondition {
    /** Copies the set. */
    public AnyOf {
      categories = Set.copyOf(categories);
    }

    @Override
    public boolean test(@Nullable AttributeValue value) {
      return value != null && value.categories().stream().anyMatch(categories::contains);
    }
  }

  /** None of the item's categories is among these; an item without the attribute passes. */
  record NoneOf(String attribute, Set<String> categories) implements AttributeCondition {
    /** Copies the set. */
    public NoneOf {
      categories = Set.copyOf(categories);
    }

    @Override
    public boolean test(@Nullable AttributeValue value) {
      return value == null || value.categories().stream().noneMatch(categories::contains);
    }
  }

  /**
   * A number, or a time in epoch milliseconds, within bounds; an item without the attribute fails.
   *
   * @param least inclusive
   * @param most inclusive
   */
  record Between(String attribute, double least, double most) implements AttributeCondition {
    @Override
    public boolean test(@Nullable AttributeValue value) {
      return switch (value) {
        case AttributeValue.Numeric number -> within(number.value());
        case AttributeValue.Time time -> within((double) time.epochMs());
        case AttributeValue.Text _, AttributeValue.Tokens _ -> false;
        case null -> false;
      };
    }

    private boolean within(double number) {
      return number >= least && number <= most;
    }
  }
}
