package io.winnow.app;

import io.winnow.core.Problem;
import io.winnow.core.WinnowException;
import io.winnow.lifecycle.jobs.JobKind;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The options that jobs take, checked when they are ordered. */
final class JobOptions {
  static final String TIMEOUT = "timeout";

  /** As {@code retraining.timeout} has it. */
  private static final Duration TIMEOUT_MAX = Duration.ofDays(7);

  private static final int ITEMS_MAX = 500;
  private static final Pattern SHORT = Pattern.compile("(\\d{1,6})(s|m|min|h|d)");

  private JobOptions() {}

  private static Set<String> of(JobKind kind) {
    return switch (kind) {
      case TRAIN -> Set.of(TIMEOUT, "from", "seed", "settings");
      case EVALUATE -> Set.of(TIMEOUT, "release");
      case BATCH -> Set.of(TIMEOUT, "folder", "items");
      case PROMOTE, BACKFILL, COMPACTION -> Set.of(TIMEOUT);
    };
  }

  /**
   * The options as a run carries them.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} and every problem
   */
  static Map<String, String> checked(JobKind kind, Map<String, String> given) {
    List<Problem> problems = new ArrayList<>();
    Map<String, String> checked = new TreeMap<>();
    Set<String> known = of(kind);
    given.forEach((name, value) -> {
      if (!known.contains(name)) {
        problems.add(
            new Problem(
                name,
                value,
                "an option of "
                    + kind.label()
                    + ": "
                    + String.join(", ", known.stream().sorted().toList())));
        return;
      }
      switch (name) {
        case TIMEOUT -> {
          Duration timeout = duration(value);
          if (timeout == null || !timeout.isPositive() || timeout.compareTo(TIMEOUT_MAX) > 0) {
            problems.add(
                new Problem(name, value, "a duration above zero up to 7d, such as 90m or PT2H"));
          } else {
            checked.put(name, timeout.toString());
          }
        }
        case "items" -> number(name, value, 1, ITEMS_MAX, problems, checked);
        case "seed" -> number(name, value, 0, Long.MAX_VALUE, problems, checked);
        default -> checked.put(name, value);
      }
    });
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    return checked;
  }

  private static void number(
      String name,
      String value,
      long min,
      long max,
      List<Problem> problems,
      Map<String, String> checked) {
    if (value.matches("\\d{1,18}")
        && Long.parseLong(value) >= min
        && Long.parseLong(value) <= max) {
      checked.put(name, value);
    } else {
      problems.add(new Problem(name, value, "a number from " + min + " to " + max));
    }
  }

  private static @org.jspecify.annotations.Nullable Duration duration(String text) {
    Matcher matcher = SHORT.matcher(text);
    if (matcher.matches()) {
      long amount = Long.parseLong(matcher.group(1));
      return switch (matcher.group(2)) {
        case "s" -> Duration.ofSeconds(amount);
        case "h" -> Duration.ofHours(amount);
        case "d" -> Duration.ofDays(amount);
        default -> Duration.ofMinutes(amount);
      };
    }
    try {
      return Duration.parse(text);
    } catch (DateTimeParseException e) {
      return null;
    }
  }
}
