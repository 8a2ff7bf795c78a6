package io.winnow.core;

/**
 * Names an item of the catalogue. Chosen by the application; 1 to 256 bytes of UTF-8 without
 * control characters.
 *
 * @param value the identifier
 */
public record ItemId(String value) {
  /** Checks the value and throws a {@link WinnowException} that names the field {@code item}. */
  public ItemId {
    Ids.check("item", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
