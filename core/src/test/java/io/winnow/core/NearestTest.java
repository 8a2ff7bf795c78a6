package io.winnow.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NearestTest {
  private static final List<String> KNOWN = List.of("click", "watch", "add_to_cart");

  @Test
  void to_oneLetterWrong_findsIt() {
    assertEquals(Optional.of("click"), Nearest.to("clik", KNOWN));
    assertEquals(Optional.of("watch"), Nearest.to("WATCH", KNOWN));
    assertEquals(Optional.of("add_to_cart"), Nearest.to("addToCart", KNOWN));
  }

  @Test
  void to_nothingNear_isEmpty() {
    assertEquals(Optional.empty(), Nearest.to("purchase", KNOWN));
    assertEquals(Optional.empty(), Nearest.to("x", List.of("n")));
    assertEquals(Optional.empty(), Nearest.to("c".repeat(1_000_000), KNOWN));
    assertEquals(Optional.empty(), Nearest.to("a", List.of()));
  }

  @Test
  void expectation_namesChoicesAndTheNearest() {
    assertEquals(
        "event type among click, watch, add_to_cart; did you mean click?",
        Nearest.expectation("event type", "klick", KNOWN));
    assertEquals("no attribute here", Nearest.expectation("attribute", "a", List.of()));
  }
}
