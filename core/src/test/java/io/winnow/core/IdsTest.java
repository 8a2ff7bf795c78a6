package io.winnow.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class IdsTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "session 7", "é", "\uD83D\uDE00", "日本"})
  void isIdentifier_text_isTaken(String text) {
    assertTrue(Ids.isIdentifier(text) && Ids.isLoggable(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"\uD83D", "\uDE00", "a\uD83Db", "\uDE00\uD83D", "\uD83D\uD83D\uDE00"})
  void isWellFormed_halfOfAPair_isNot(String text) {
    assertFalse(Ids.isWellFormed(text) || Ids.isLoggable(text) || Ids.isIdentifier(text));
  }

  @Test
  void isIdentifier_blankOrControl_isNot() {
    assertFalse(Ids.isIdentifier(" "));
    assertFalse(Ids.isIdentifier("a\nb"));
    assertTrue(Ids.isLoggable("a\nb"));
  }

  /** The quick answer for short texts is that of counting. */
  @Test
  void fits_everyLength_countsBytes() {
    for (String letter : new String[] {"a", "é", "日"}) {
      int each = letter.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
      for (int n = 0; n < 300; n++) {
        assertEquals(n * each <= Ids.MAX_BYTES, Ids.fits(letter.repeat(n)), letter + " x " + n);
      }
    }
  }
}
