package io.winnow.events.importing;

import java.util.ArrayList;
import java.util.List;

/** Several categories in one text. */
final class Separated {
  private Separated() {}

  /** The non-empty parts, without blanks around them; the whole if there is no separator. */
  static List<String> split(String text, String separator) {
    List<String> parts = new ArrayList<>();
    int from = 0;
    while (from <= text.length()) {
      int end = separator.isEmpty() ? -1 : text.indexOf(separator, from);
      String part = text.substring(from, end < 0 ? text.length() : end).strip();
      if (!part.isEmpty()) {
        parts.add(part);
      }
      from = end < 0 ? text.length() + 1 : end + separator.length();
    }
    return parts;
  }
}
