package io.winnow.serving;

import io.winnow.core.Ids;
import io.winnow.core.ItemId;
import io.winnow.core.Problem;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Asks for a slate. Every part is bounded.
 *
 * @param requestId names the request in impressions and logs; 1 to 64 characters
 * @param user whom the slate is for
 * @param n how many items, 1 to {@value #MAX_N}
 * @param surface where it is shown, such as {@code home}; may be empty
 * @param context what is known about the moment, such as {@code device}
 * @param exclude items that must not be shown
 * @param filters attribute name to the category that each item must have
 * @param deadline time for the whole answer, from the call on
 */
public record RecommendationRequest(
    String requestId,
    UserId user,
    int n,
    String surface,
    Map<String, String> context,
    Set<ItemId> exclude,
    Map<String, String> filters,
    Duration deadline) {
  /** Most items of a slate. */
  public static final int MAX_N = 100;

  /** Most context fields, and most filters. */
  public static final int MAX_FIELDS = 32;

  /** Most excluded items. */
  public static final int MAX_EXCLUDED = 1_000;

  /** Longest request id and surface, in characters. */
  public static final int MAX_NAME_LENGTH = 64;

  /** Longest key or value of context and filters, in characters. */
  public static final int MAX_TEXT_LENGTH = 256;

  /** Longest deadline. */
  public static final Duration MAX_DEADLINE = Duration.ofSeconds(10);

  /**
   * Copies the collections, keeping their order, and checks all bounds.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} and every problem found
   */
  public RecommendationRequest {
    List<Problem> problems = new ArrayList<>();
    if (!Ids.isIdentifier(requestId) || requestId.length() > MAX_NAME_LENGTH) {
      problems.add(
          new Problem(
              "request_id",
              requestId,
              "1 to " + MAX_NAME_LENGTH + " characters that a log takes as an identifier"));
    }
    if (n < 1 || n > MAX_N) {
      problems.add(new Problem("n", String.valueOf(n), "1 to " + MAX_N));
    }
    if (surface.length() > MAX_NAME_LENGTH) {
      problems.add(new Problem("surface", surface, "at most " + MAX_NAME_LENGTH + " characters"));
    }
    checkFields("context", context, problems);
    checkFields("filters", filters, problems);
    if (exclude.size() > MAX_EXCLUDED) {
      problems.add(
          new Problem("exclude", exclude.size() + " items", "at most " + MAX_EXCLUDED + " items"));
    }
    if (deadline.isNegative() || deadline.isZero() || deadline.compareTo(MAX_DEADLINE) > 0) {
      problems.add(
          new Problem(
              "deadline_ms",
              String.valueOf(deadline.toMillis()),
              "1 to " + MAX_DEADLINE.toMillis()));
    }
    if (!problems.isEmpty()) {
      throw WinnowException.invalid(problems);
    }
    context = Collections.unmodifiableMap(new LinkedHashMap<>(context));
    exclude = Collections.unmodifiableSet(new LinkedHashSet<>(exclude));
    filters = Collections.unmodifiableMap(new LinkedHashMap<>(filters));
  }

  private static void checkFields(String name, Map<String, String> fields, List<Problem> problems) {
    if (fields.size() > MAX_FIELDS) {
      problems.add(
          new Problem(name, fields.size() + " fields", "at most " + MAX_FIELDS + " fields"));
      return;
    }
    fields.forEach((key, value) -> {
      if (key.isBlank() || key.length() > MAX_TEXT_LENGTH) {
        problems.add(new Problem(name, key, "keys of 1 to " + MAX_TEXT_LENGTH + " characters"));
      } else if (value.length() > MAX_TEXT_LENGTH) {
        problems.add(
            new Problem(name + "." + key, value, "at most " + MAX_TEXT_LENGTH + " characters"));
      }
    });
  }
}
