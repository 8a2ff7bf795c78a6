package io.winnow.core.application;

/** An expression that is not understood: where, and what should stand there. */
final class ExpressionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String expectation;

  /**
   * @param column 1-based place in the expression
   * @param found what stands there
   * @param expectation what should stand there
   */
  ExpressionException(int column, String found, String expectation) {
    super(expectation, null, false, false);
    this.expectation = "at column " + column + ", instead of " + found + ": " + expectation;
  }

  /** Position, what was found, and what was expected. */
  String expectation() {
    return expectation;
  }
}
