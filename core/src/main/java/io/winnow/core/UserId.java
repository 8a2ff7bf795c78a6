package io.winnow.core;

/**
 * Names a user. Chosen by the application; 1 to 256 bytes of UTF-8 without control characters.
 *
 * @param value the identifier
 */
public record UserId(String value) {
  /** Checks the value and throws a {@link WinnowException} that names the field {@code user}. */
  public UserId {
    Ids.check("user", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
