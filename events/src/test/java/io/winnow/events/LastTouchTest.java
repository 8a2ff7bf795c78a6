package io.winnow.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LastTouchTest {
  private static final long WITHIN = 100;
  private static final int KEPT = 8;

  private final LastTouch<String, String> showings = new LastTouch<>(Duration.ofMillis(WITHIN));

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
  void forgetFirst_takesEarlierShowingsOfItsKeyAlongAndLeavesLaterOnes() {
    showings.show("a", 50, "second");
    showings.show("a", 10, "first");
    showings.show("a", 60, "third");
    showings.show("b", 20, "other");
    assertEquals(50, showings.firstAgoMs(100));
    showings.forgetFirst();
    assertNull(showings.of("a", 55), "what came of the second is not of the first");
    assertEquals("third", showings.of("a", 60));
    assertEquals("other", showings.of("b", 60));
    showings.forgetFirst();
    showings.forgetFirst();
    showings.forgetFirst();
    assertNull(showings.of("a", 60));
    assertEquals(0, showings.size());
    assertThrows(NoSuchElementException.class, showings::forgetFirst);
  }

  @Test
  void expire_forgetsWhatIsOlderThanTheWindowAndTheDelay() {
    LastTouch<String, String> patient =
        new LastTouch<>(Duration.ofMillis(WITHIN), Duration.ofMillis(50));
    patient.show("a", 0, "first");
    patient.show("b", 1, "second");
    assertEquals(0, patient.expire(150));
    assertEquals("first", patient.of("a", 100), "its record came late");
    assertEquals(1, patient.expire(151));
    assertNull(patient.of("a", 100));
    assertEquals(1, patient.size());
  }

  @Test
  void show_manyOfAKey_keepsTheNewestInWhateverOrderTheyCome() {
    for (int order = 0; order < 2; order++) {
      LastTouch<String, String> many = new LastTouch<>(Duration.ofMillis(WITHIN));
      for (int i = 0; i < 20; i++) {
        int time = order == 0 ? i : 19 - i;
        many.show("a", time, "s" + time);
      }
      for (int time = 0; time < 20; time++) {
        assertEquals(time < 20 - KEPT ? "none" : "s" + time, nameOf(many.of("a", time)));
      }
      assertEquals(20, many.size());
      for (int i = 0; i < 20; i++) {
        many.forgetFirst();
      }
      assertNull(many.of("a", 19));
    }
  }

  @Test
  void of_againstAllShowings_isTheNewestNotLaterWithinTheWindow() {
    RandomGenerator random = new SplittableRandom(1);
    LastTouch<String, String> patient =
        new LastTouch<>(Duration.ofMillis(WITHIN), Duration.ofMillis(WITHIN));
    record Shown(String key, long timeMs, String name) {}
    List<Shown> kept = new ArrayList<>();
    int found = 0;
    for (int i = 0; i < 5_000; i++) {
      // Two keys, a showing of either every 25 ms and out of order by less: few of one at a time.
      long nowMs = i * 25L;
      Shown shown = new Shown("k" + random.nextInt(2), nowMs - random.nextInt(60), "s" + i);
      patient.expire(nowMs);
      kept.removeIf(old -> nowMs - old.timeMs > 3 * WITHIN);
      kept.add(shown);
      patient.show(shown.key, shown.timeMs, shown.name);
      String key = "k" + random.nextInt(2);
      long timeMs = nowMs - random.nextInt(40);
      Shown expected = null;
      for (Shown candidate : kept) {
        if (candidate.key.equals(key)
            && candidate.timeMs <= timeMs
            && (expected == null || candidate.timeMs >= expected.timeMs)) {
          expected = candidate;
        }
      }
      boolean inTime = expected != null && timeMs - expected.timeMs <= WITHIN;
      found += inTime ? 1 : 0;
      assertEquals(
          inTime && expected != null ? expected.name : "none", nameOf(patient.of(key, timeMs)));
    }
    assertTrue(found > 1_000 && found < 5_000, found + " outcomes found their showing");
  }

  private static String nameOf(@Nullable String name) {
    return name == null ? "none" : name;
  }
}
