package io.winnow.core.application;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as the application file writes them: {@code 50ms, 30s, 5m, 1h, 7d}. */
final class Durations {
  static final String EXPECTATION = "a duration such as 50ms, 30s, 5m, 1h or 7d";
  private static final Pattern FORM = Pattern.compile("(\\d{1,9})\\s?(ms|s|m|h|d)");

  private Durations() {}

  /** The duration, if the text is one. */
  static Optional<Duration> parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long amount = Long.parseLong(matcher.group(1));
    return Optional.of(
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(amount);
          case "s" -> Duration.ofSeconds(amount);
          case "m" -> Duration.ofMinutes(amount);
          case "h" -> Duration.ofHours(amount);
          default -> Duration.ofDays(amount);
        });
  }

  /** The shortest spelling. */
  static String format(Duration duration) {
    long ms = duration.toMillis();
    if (ms == 0 || ms % 1000 != 0) {
      return ms + "ms";
    }
    long s = ms / 1000;
    if (s % 86_400 == 0) {
      return s / 86_400 + "d";
    }
    return s % 3600 == 0 ? s / 3600 + "h" : s % 60 == 0 ? s / 60 + "m" : s + "s";
  }
}
