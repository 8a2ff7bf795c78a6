package io.winnow.core;

import java.nio.charset.StandardCharsets;

/** Rules shared by all identifiers that an application chooses. */
final class Ids {
  /** Longest identifier in UTF-8 bytes. */
  static final int MAX_BYTES = 256;

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
    if (value.length() > MAX_BYTES || value.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      throw WinnowException.invalid(
          field, value.substring(0, 32) + "…", "at most " + MAX_BYTES + " bytes of UTF-8");
    }
    for (int i = 0; i < value.length(); i++) {
      if (Character.isISOControl(value.charAt(i))) {
        throw WinnowException.invalid(field, value, "no control characters");
      }
    }
    return value;
  }
}
