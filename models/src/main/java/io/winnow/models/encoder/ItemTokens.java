package io.winnow.models.encoder;

import io.winnow.core.WinnowException;

/**
 * What each item is: tokens of its attributes (categories, genres, a creator). A ragged matrix by
 * item (compressed rows). Owns its arrays.
 *
 * @param vocabularySize V, how many tokens exist
 * @param offsets item i's tokens are {@code offsets[i] … offsets[i+1]-1}, shape (N + 1)
 * @param tokens 0 … V-1
 */
public record ItemTokens(int vocabularySize, int[] offsets, int[] tokens) {
  /**
   * Checks the shapes.
   *
   * @throws WinnowException INVALID_ARGUMENT if an offset or a token is out of range
   */
  public ItemTokens {
    if (offsets.length < 1 || offsets[0] != 0 || offsets[offsets.length - 1] != tokens.length) {
      throw WinnowException.invalid(
          "offsets", offsets.length + " offsets", "N + 1, from 0 to " + tokens.length);
    }
    for (int i = 1; i < offsets.length; i++) {
      if (offsets[i] < offsets[i - 1]) {
        throw WinnowException.invalid("offsets[" + i + "]", offsets[i], "ascending");
      }
    }
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= vocabularySize) {
        throw WinnowException.invalid(
            "tokens[" + i + "]", tokens[i], "0 to " + (vocabularySize - 1));
      }
    }
  }

  /** Items of which nothing is known. */
  public static ItemTokens none(int items) {
    return new ItemTokens(0, new int[items + 1], new int[0]);
  }

  /** How many items. */
  public int itemCount() {
    return offsets.length - 1;
  }
}
