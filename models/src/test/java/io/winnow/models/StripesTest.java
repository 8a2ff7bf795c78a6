package io.winnow.models;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StripesTest {
  @Test
  void run_anyNumberOfThreads_visitsEachIndexOnce() {
    for (int threads = 1; threads <= 4; threads++) {
      for (int count : new int[] {0, 1, 9, 100}) {
        int[] visits = new int[count];
        Stripes.run(
            threads,
            count,
            7,
            (from, to) -> {
              for (int i = from; i < to; i++) {
                visits[i]++;
              }
            });
        int[] once = new int[count];
        Arrays.fill(once, 1);
        assertArrayEquals(once, visits);
      }
    }
  }

  @Test
  void run_failingStripe_throwsItsFailure() {
    for (int threads = 1; threads <= 2; threads++) {
      int number = threads;
      IllegalStateException e =
          assertThrows(
              IllegalStateException.class,
              () ->
                  Stripes.run(
                      number,
                      10,
                      1,
                      (from, to) -> {
                        if (from == 5) {
                          throw new IllegalStateException("five");
                        }
                      }));
      assertEquals("five", e.getMessage());
    }
  }
}
