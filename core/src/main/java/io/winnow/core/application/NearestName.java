package io.winnow.core.application;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** Finds the known name that somebody probably meant. */
final class NearestName {
  /** Longer names are not compared: nobody mistypes them by a letter or two. */
  private static final int MAX_LENGTH = 200;

  private NearestName() {}

  /**
   * The known name with the smallest edit distance, if that is at most a third of the longer name
   * (and at least 1); the first of equals. Nothing for a name of more than {@value #MAX_LENGTH}
   * letters.
   */
  static Optional<String> of(String name, Collection<String> known) {
    if (name.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    String best = "";
    int bestDistance = Integer.MAX_VALUE;
    for (String candidate : known) {
      int distance = distance(name.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
      int allowed = Math.max(1, Math.max(name.length(), candidate.length()) / 3);
      if (distance <= allowed && distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best.isEmpty() ? Optional.empty() : Optional.of(best);
  }

  /** {@code one of a, b, c} with {@code ; did you mean 'b'?} where one is near. */
  static String expectation(String name, Collection<String> known) {
    String list = known.isEmpty() ? "none: nothing is declared" : String.join(", ", known);
    String oneOf = known.size() > 1 ? "one of " + list : list;
    return of(name, known).map(n -> oneOf + "; did you mean '" + n + "'?").orElse(oneOf);
  }

  /**
   * Insertions, deletions, replacements and swaps of neighbours that lead from a to b (optimal
   * string alignment; Damerau 1964). O(|a| |b|).
   */
  static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int best = Math.min(d[i - 1][j - 1] + cost, Math.min(d[i - 1][j], d[i][j - 1]) + 1);
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          best = Math.min(best, d[i - 2][j - 2] + 1);
        }
        d[i][j] = best;
      }
    }
    return d[a.length()][b.length()];
  }
}
