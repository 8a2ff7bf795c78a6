package io.winnow.core.application;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Says whether a text is a schedule as cron has it: minute, hour, day of month, month and day of
 * week, each {@code *}, a number, a range, a list of these, with {@code /STEP}.
 */
final class CronExpression {
  static final String EXPECTATION =
      "five fields of cron in UTC, such as \"0 3 * * *\" (minute, hour, day of month, month, day of"
          + " week)";

  private static final Pattern PART =
      Pattern.compile("(?:\\*|(?<from>\\d{1,2})(?:-(?<to>\\d{1,2}))?)(?:/(?<step>\\d{1,2}))?");

  private static final List<Field> FIELDS =
      List.of(
          new Field(0, 59), new Field(0, 23), new Field(1, 31), new Field(1, 12), new Field(0, 7));

  private CronExpression() {}

  /** The numbers that a field takes, both inclusive. */
  private record Field(int min, int max) {
    boolean takes(String text) {
      for (String part : text.split(",", -1)) {
        Matcher matcher = PART.matcher(part);
        if (!matcher.matches()) {
          return false;
        }
        int from = number(matcher.group("from"), min);
        int to = number(matcher.group("to"), matcher.group("from") == null ? max : from);
        int step = number(matcher.group("step"), 1);
        if (from < min || to > max || from > to || step < 1) {
          return false;
        }
      }
      return true;
    }

    private static int number(@Nullable String digits, int fallback) {
      return digits == null ? fallback : Integer.parseInt(digits);
    }
  }

  static boolean isValid(String text) {
    String[] fields = text.strip().split("\\s+", -1);
    if (fields.length != FIELDS.size()) {
      return false;
    }
    for (int i = 0; i < fields.length; i++) {
      if (!FIELDS.get(i).takes(fields[i])) {
        return false;
      }
    }
    return true;
  }
}
