package io.winnow.core;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds the known name that somebody probably meant. Stateless. */
public final class Nearest {
  /** Names longer than this are not compared: nobody mistypes them by a letter or two. */
  private static final int MAX_LENGTH = 64;

  private Nearest() {}

  /**
   * The known name with the fewest edits from {@code unknown}, case ignored; empty if even that one
   * differs in more than a third of its letters (at least two edits are forgiven).
   *
   * @param known in order of preference: of equally near names the first wins
   */
  public static Optional<String> to(String unknown, Collection<String> known) {
    if (unknown.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    String wanted = unknown.toLowerCase(Locale.ROOT);
    String best = null;
    int bestDistance = Integer.MAX_VALUE;
    for (String name : known) {
      if (name.length() > MAX_LENGTH) {
        continue;
      }
      int distance = distance(wanted, name.toLowerCase(Locale.ROOT));
      int forgiven = Math.max(2, name.length() / 3);
      if (distance <= forgiven && distance < Math.min(bestDistance, name.length())) {
        best = name;
        bestDistance = distance;
      }
    }
    return Optional.ofNullable(best);
  }

  /**
   * The expectation of a problem with an unknown name: {@code one of a, b, c; did you mean b?}.
   *
   * @param noun what the names are, such as {@code event type}
   */
  public static String expectation(String noun, String unknown, Collection<String> known) {
    String choice =
        known.isEmpty() ? "no " + noun + " here" : noun + " among " + String.join(", ", known);
    return to(unknown, known).map(name -> choice + "; did you mean " + name + "?").orElse(choice);
  }

  /** Levenshtein's distance by the row-wise dynamic programme of Wagner and Fischer (1974). */
  private static int distance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    int[] current = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, Math.min(previous[j], current[j - 1]) + 1);
      }
      int[] swap = previous;
      previous = current;
      current = swap;
    }
    return previous[b.length()];
  }
}
