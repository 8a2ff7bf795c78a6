package io.winnow.core.application;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts an expression into names, numbers, durations and symbols. */
final class Lexer {
  /** A name as an application may choose it. */
  static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]{0,63}");

  static final String NAME_EXPECTATION =
      "a name of letters, digits, _ and -, beginning with a letter, at most 64 long";

  private static final Pattern TOKEN =
      Pattern.compile(
          "(?<name>[A-Za-z_][A-Za-z0-9_-]*)"
              + "|(?<duration>\\d+(ms|s|m|h|d)\\b)"
              + "|(?<number>[-+]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][-+]?\\d+)?)"
              + "|(?<symbol>>=|<=|==|[><=(),.*])");

  private Lexer() {}

  /** What a token is. */
  enum Kind {
    NAME,
    DURATION,
    NUMBER,
    SYMBOL,
    END
  }

  /**
   * A piece of an expression.
   *
   * @param text as written; empty at the end
   * @param column 1-based
   */
  record Token(Kind kind, String text, int column) {
    boolean is(String expected) {
      return text.equals(expected) && kind != Kind.END;
    }

    String display() {
      return kind == Kind.END ? "the end" : "'" + text + "'";
    }
  }

  /**
   * The tokens, with an {@link Kind#END} behind them.
   *
   * @throws ExpressionException for a character that begins none
   */
  static List<Token> tokens(String text) {
    List<Token> tokens = new ArrayList<>();
    Matcher matcher = TOKEN.matcher(text);
    int position = skipBlanks(text, 0);
    while (position < text.length()) {
      matcher.region(position, text.length());
      if (!matcher.lookingAt()) {
        throw new ExpressionException(
            position + 1,
            "'" + Character.toString(text.codePointAt(position)) + "'",
            "a name, a number, a duration or one of ( ) , . * >= > <= < ==");
      }
      tokens.add(new Token(kind(matcher), matcher.group(), position + 1));
      position = skipBlanks(text, matcher.end());
    }
    tokens.add(new Token(Kind.END, "", text.length() + 1));
    return tokens;
  }

  private static Kind kind(Matcher matcher) {
    if (matcher.group("name") != null) {
      return Kind.NAME;
    }
    if (matcher.group("duration") != null) {
      return Kind.DURATION;
    }
    return matcher.group("number") != null ? Kind.NUMBER : Kind.SYMBOL;
  }

  private static int skipBlanks(String text, int position) {
    while (position < text.length() && Character.isWhitespace(text.charAt(position))) {
      position++;
    }
    return position;
  }
}
