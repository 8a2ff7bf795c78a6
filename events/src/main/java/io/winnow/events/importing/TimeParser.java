package io.winnow.events.importing;

import io.winnow.events.RecordJson;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads times as {@link io.winnow.core.application.Imports.Column.Named} describes them. What names
 * no zone is UTC; a date is its midnight.
 */
final class TimeParser {
  private final String pattern;
  private final @Nullable DateTimeFormatter formatter;

  /**
   * Makes a parser.
   *
   * @param pattern empty for what {@link RecordJson} reads: ISO 8601, or a number since the epoch,
   *     whose size tells seconds from milliseconds
   * @throws IllegalArgumentException if it is no pattern
   */
  TimeParser(String pattern) {
    this.pattern = pattern;
    this.formatter =
        switch (pattern) {
          case "", "epoch_seconds", "epoch_millis", "iso", "row" -> null;
          default -> DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH);
        };
  }

  /** Whether the time is the row's number and needs no column. */
  boolean isRowNumber() {
    return pattern.equals("row");
  }

  /** The time in epoch milliseconds. */
  long parse(String field, String text) throws BadRowException {
    try {
      return switch (pattern) {
        case "epoch_seconds" -> seconds(text);
        case "epoch_millis" -> Long.parseLong(text);
        case "iso" -> iso(text);
        case "" ->
            isNumber(text) ? Math.round(RecordJson.epochMs(Numbers.finite(text))) : iso(text);
        default -> formatted(text);
      };
    } catch (DateTimeException | NumberFormatException | ArithmeticException e) {
      throw new BadRowException(
          field + ": not a time (expected: " + (pattern.isEmpty() ? "iso" : pattern) + ")", text);
    }
  }

  private static boolean isNumber(String text) {
    return text.matches("-?\\d+(\\.\\d*)?([eE][+-]?\\d+)?");
  }

  private static long seconds(String text) {
    if (text.indexOf('.') < 0 && text.indexOf('e') < 0 && text.indexOf('E') < 0) {
      return Math.multiplyExact(Long.parseLong(text), 1000L);
    }
    return Math.round(Numbers.finite(text) * 1000);
  }

  private static long iso(String text) {
    // 2011-12-09 12:50:00, as databases write it.
    String separated =
        text.length() > 10 && text.charAt(10) == ' '
            ? text.substring(0, 10) + 'T' + text.substring(11)
            : text;
    return toMs(
        separated.length() <= 10
            ? LocalDate.parse(separated)
            : DateTimeFormatter.ISO_DATE_TIME.parseBest(
                separated, ZonedDateTime::from, OffsetDateTime::from, LocalDateTime::from));
  }

  private long formatted(String text) {
    if (formatter == null) {
      throw new DateTimeException("no pattern");
    }
    return toMs(
        formatter.parseBest(
            text, ZonedDateTime::from, OffsetDateTime::from, LocalDateTime::from, LocalDate::from));
  }

  private static long toMs(TemporalAccessor time) {
    Instant instant =
        switch (time) {
          case LocalDate date -> date.atStartOfDay(ZoneOffset.UTC).toInstant();
          case LocalDateTime local -> local.toInstant(ZoneOffset.UTC);
          default -> Instant.from(time);
        };
    return instant.toEpochMilli();
  }
}
