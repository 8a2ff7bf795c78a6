package io.winnow.events.importing;

/** A row cannot be used. Carries no stack: millions may be thrown, and the reason says it all. */
final class BadRowException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final String value;

  /**
   * A bad row.
   *
   * @param reason the same for all rows with this fault
   * @param value what stood in this row
   */
  BadRowException(String reason, String value) {
    super(reason + ": " + value, null, false, false);
    this.reason = reason;
    this.value = value;
  }

  String reason() {
    return reason;
  }

  String value() {
    return value;
  }
}
