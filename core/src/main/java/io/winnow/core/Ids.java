package io.winnow.core;

import java.nio.charset.StandardCharsets;

/** Rules shared by all identifiers that an application chooses, and by the short texts of a log. */
public final class Ids {
  /** Longest identifier in UTF-8 bytes. */
  public static final int MAX_BYTES = 256;

  private Ids() {}

  /**
   * Checks an identifier: 1 to {@value #MAX_BYTES} bytes of UTF-8 without control characters.
   *
   * @param field the name under which a problem is reported
   * @return the value
   * @throws WinnowException with {@link ErrorCode#INVALID_ARGUMENT}
   */
  static String check(String field, String value) {
    if (value.isBlank()) {
      throw WinnowException.invalid(field, value, "a non-blank identifier");
    }
    if (!fits(value)) {
      throw WinnowException.invalid(
          field, value.substring(0, 32) + "…", "at most " + MAX_BYTES + " bytes of UTF-8");
    }
    if (hasControl(value)) {
      throw WinnowException.invalid(field, value, "no control characters");
    }
    return value;
  }

  /** Whether a text has at most {@value #MAX_BYTES} bytes of UTF-8. */
  public static boolean fits(String value) {
    return value.length() <= MAX_BYTES / 3
        || (value.length() <= MAX_BYTES
            && value.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES);
  }

  /**
   * Whether every surrogate of a text is one of a pair. Half of a pair has no UTF-8: it would come
   * back from a log as another text.
   */
  public static boolean isWellFormed(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (Character.isSurrogate(value.charAt(i))) {
        if (!Character.isHighSurrogate(value.charAt(i))
            || i + 1 == value.length()
            || !Character.isLowSurrogate(value.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  /** Whether a log takes a text as the name or the value of a field. */
  public static boolean isLoggable(String value) {
    return fits(value) && isWellFormed(value);
  }

  /** Whether a log takes a text as an identifier. */
  public static boolean isIdentifier(String value) {
    return !value.isBlank() && isLoggable(value) && !hasControl(value);
  }

  private static boolean hasControl(String value) {
    for (int i = 0; i < value.length(); i++) {
      if (Character.isISOControl(value.charAt(i))) {
        return true;
      }
    }
    return false;
  }
}
