package io.winnow.events.importing;

/** Numbers as files write them. */
final class Numbers {
  private Numbers() {}

  /**
   * A finite decimal number.
   *
   * @throws NumberFormatException for all else, also for {@code NaN} and Java's own suffixes
   */
  static double finite(String text) {
    char last = text.isEmpty() ? 'x' : text.charAt(text.length() - 1);
    if (last != '.' && (last < '0' || last > '9')) {
      throw new NumberFormatException(text);
    }
    double number = Double.parseDouble(text);
    if (!Double.isFinite(number)) {
      throw new NumberFormatException(text);
    }
    return number;
  }

  /** A finite decimal number of a field. */
  static double finite(String field, String text) throws BadRowException {
    try {
      return finite(text);
    } catch (NumberFormatException e) {
      throw new BadRowException(field + ": not a number", text);
    }
  }

  /** A whole number of a field, also if it is written as {@code 17.0}. */
  static long whole(String field, String text) throws BadRowException {
    double number = finite(field, text);
    if (number != Math.rint(number) || Math.abs(number) > 1L << 53) {
      throw new BadRowException(field + ": not a whole number", text);
    }
    return (long) number;
  }
}
