package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LastTouchTest {
  private static final long WITHIN = 100;

  private final LastTouch<String, String> showings = new LastTouch<>(WITHIN);

  @Test
  void of_betweenTwoShowings_isTheEarlier() {
    showings.show("a", 10, "first");
    showings.show("a", 50, "second");
    assertNull(showings.of("a", 9));
    assertEquals("first", showings.of("a", 10));
    assertEquals("first", showings.of("a", 49));
    assertEquals("second", showings.of("a", 50));
    assertNull(showings.of("b", 50));
  }

  @Test
  void of_anOlderShowingWithinTheWindow_isNotTakenForTheNewestOne() {
    showings.show("a", 0, "first");
    showings.show("a", 10, "second");
    assertEquals("second", showings.of("a", 110));
    assertNull(showings.of("a", 111));
  }

  @Test
  void show_outOfOrder_isPutInItsPlace() {
    showings.show("a", 50, "second");
    showings.show("a", 10, "first");
    showings.show("a", 50, "third");
    assertEquals("first", showings.of("a", 20));
    assertEquals("third", showings.of("a", 50));
  }

  @Test
  void forgetFirst_leavesTheOthers() {
    showings.show("a", 50, "second");
    showings.show("a", 10, "first");
    showings.show("b", 60, "other");
    assertEquals(50, showings.firstMs());
    showings.forgetFirst();
    assertEquals("first", showings.of("a", 55));
    showings.forgetFirst();
    assertNull(showings.of("a", 55));
    assertEquals(1, showings.size());
    showings.forgetFirst();
    assertEquals(0, showings.size());
    assertThrows(NoSuchElementException.class, showings::forgetFirst);
  }

  @Test
  void of_againstAllShowings_isTheNewestNotLater() {
    RandomGenerator random = new SplittableRandom(1);
    record Shown(String key, long timeMs, String name) {}
    List<Shown> kept = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      Shown shown = new Shown("k" + random.nextInt(8), i + random.nextInt(20), "s" + i);
      kept.add(shown);
      showings.show(shown.key, shown.timeMs, shown.name);
      // So few of a key are kept at once that none is pushed out.
      while (kept.size() > 8) {
        kept.removeFirst();
        showings.forgetFirst();
      }
      String key = "k" + random.nextInt(8);
      long timeMs = (long) i + random.nextInt(-10, 30);
      Shown expected = null;
      for (Shown candidate : kept) {
        if (candidate.key.equals(key)
            && candidate.timeMs <= timeMs
            && (expected == null || candidate.timeMs >= expected.timeMs)) {
          expected = candidate;
        }
      }
      assertEquals(
          nameOf(expected == null ? null : expected.name), nameOf(showings.of(key, timeMs)));
    }
  }

  private static String nameOf(@Nullable String name) {
    return name == null ? "none" : name;
  }
}
