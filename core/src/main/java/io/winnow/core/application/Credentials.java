package io.winnow.core.application;

import java.util.regex.Pattern;

/** Takes passwords out of texts that people get to read. */
final class Credentials {
  private static final String HIDDEN = "***";
  private static final String SCHEME_END = "://";

  /** What stands behind a colon and is no port. */
  private static final Pattern NO_PORT = Pattern.compile(":(?!\\d{1,5}(?:[,/?]|$))[^,/?@]*");

  private static final Pattern SAFE_QUERY = Pattern.compile("\\?prefix=[A-Za-z0-9_.-]*");

  private Credentials() {}

  /** A text in which {@code ://USER:PASSWORD@} may occur, without user and password. */
  static String mask(String text) {
    int at = text.lastIndexOf('@');
    int scheme = text.indexOf(SCHEME_END);
    return scheme < 0 || at < scheme
        ? text
        : text.substring(0, scheme + SCHEME_END.length()) + HIDDEN + text.substring(at);
  }

  /**
   * What may have been meant as an engine's address, without anything that may be a secret: what
   * stands before an {@code @}, or behind a colon and is no port, or behind a question mark and is
   * no prefix.
   */
  static String maskAddress(String text) {
    int scheme = text.indexOf(SCHEME_END);
    String head = scheme < 0 ? "" : text.substring(0, scheme + SCHEME_END.length());
    String rest = text.substring(head.length());
    int at = rest.lastIndexOf('@');
    if (at >= 0) {
      rest = HIDDEN + rest.substring(at);
    }
    int query = rest.indexOf('?');
    if (query >= 0 && !SAFE_QUERY.matcher(rest.substring(query)).matches()) {
      rest = rest.substring(0, query + 1) + HIDDEN;
    }
    return head + NO_PORT.matcher(rest).replaceAll(":" + HIDDEN);
  }
}
