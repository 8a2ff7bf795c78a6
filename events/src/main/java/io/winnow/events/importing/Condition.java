package io.winnow.events.importing;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * A condition on a row: {@code COLUMN OPERATOR VALUE} with {@code > >= < <= == != =~ !~}, or {@code
 * COLUMN present} and {@code COLUMN absent}. {@code =~} and {@code !~} search a regular expression.
 *
 * <p>{@code ==} and {@code !=} compare as numbers if both sides are numbers, else as text. A
 * missing value meets {@code absent}, {@code !=} and {@code !~} only.
 */
final class Condition {
  private static final Pattern PRESENCE = Pattern.compile("(.+?)\\s+(present|absent)");
  private static final Pattern COMPARISON =
      Pattern.compile("(.+?)\\s*(>=|<=|==|!=|=~|!~|>|<)\\s*(.*)");

  /** What is compared how. */
  private enum Operator {
    PRESENT,
    ABSENT,
    GREATER,
    AT_LEAST,
    LESS,
    AT_MOST,
    EQUAL,
    DIFFERENT,
    MATCHES,
    MATCHES_NOT
  }

  private final String columnName;
  private final Operator operator;
  private final String operand;
  private final double number;
  private final Pattern pattern;

  private Condition(String columnName, Operator operator, String operand) {
    this.columnName = columnName;
    this.operator = operator;
    this.operand = operand;
    this.number =
        switch (operator) {
          case GREATER, AT_LEAST, LESS, AT_MOST -> Numbers.finite(operand);
          case EQUAL, DIFFERENT -> numberOrNaN(operand);
          case PRESENT, ABSENT, MATCHES, MATCHES_NOT -> Double.NaN;
        };
    boolean matches = operator == Operator.MATCHES || operator == Operator.MATCHES_NOT;
    this.pattern = Pattern.compile(matches ? operand : "");
  }

  /**
   * Reads a condition.
   *
   * @param field under which a problem is reported
   */
  static Condition parse(String field, String text) {
    String stripped = text.strip();
    Matcher presence = PRESENCE.matcher(stripped);
    if (presence.matches()) {
      Operator operator = Operator.valueOf(presence.group(2).toUpperCase(Locale.ROOT));
      return new Condition(presence.group(1), operator, "");
    }
    Matcher comparison = COMPARISON.matcher(stripped);
    if (!comparison.matches() || comparison.group(3).isEmpty()) {
      throw invalid(field, text, "COLUMN OPERATOR VALUE, or COLUMN present");
    }
    Operator operator =
        switch (comparison.group(2)) {
          case ">" -> Operator.GREATER;
          case ">=" -> Operator.AT_LEAST;
          case "<" -> Operator.LESS;
          case "<=" -> Operator.AT_MOST;
          case "==" -> Operator.EQUAL;
          case "!=" -> Operator.DIFFERENT;
          case "=~" -> Operator.MATCHES;
          default -> Operator.MATCHES_NOT;
        };
    try {
      return new Condition(comparison.group(1), operator, comparison.group(3));
    } catch (PatternSyntaxException e) {
      throw invalid(field, text, "a regular expression behind the operator");
    } catch (NumberFormatException e) {
      throw invalid(field, text, "a number behind the operator");
    }
  }

  private static WinnowException invalid(String field, String text, String expectation) {
    return WinnowException.invalid(java.util.List.of(new Problem(field, text, expectation)));
  }

  /** The column that it is about. */
  String columnName() {
    return columnName;
  }

  /**
   * Whether a text meets the condition.
   *
   * @throws BadRowException if a comparison of sizes meets a text that is no number
   */
  boolean holds(@Nullable String text) throws BadRowException {
    if (text == null) {
      return switch (operator) {
        case ABSENT, DIFFERENT, MATCHES_NOT -> true;
        case PRESENT, GREATER, AT_LEAST, LESS, AT_MOST, EQUAL, MATCHES -> false;
      };
    }
    return switch (operator) {
      case PRESENT -> true;
      case ABSENT -> false;
      case GREATER -> Numbers.finite(columnName, text) > number;
      case AT_LEAST -> Numbers.finite(columnName, text) >= number;
      case LESS -> Numbers.finite(columnName, text) < number;
      case AT_MOST -> Numbers.finite(columnName, text) <= number;
      case EQUAL -> equal(text);
      case DIFFERENT -> !equal(text);
      case MATCHES -> pattern.matcher(text).find();
      case MATCHES_NOT -> !pattern.matcher(text).find();
    };
  }

  private boolean equal(String text) {
    return text.equals(operand) || numberOrNaN(text) == number;
  }

  private static double numberOrNaN(String text) {
    try {
      return Numbers.finite(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }
}
