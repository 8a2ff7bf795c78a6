package io.winnow.models.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.winnow.models.Interactions;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AdjacencyTest {
  @Test
  void relabelAndTranspose_generatedRows_areThePairsUnderTheirNewNames() {
    Interactions data = Generated.random(3, 200, 50, 20);
    Adjacency byUser = Adjacency.byUser(data, 10);
    int[] labels = new int[50];
    Arrays.setAll(labels, item -> item % 7 == 0 ? -1 : 49 - item);
    Adjacency relabelled = byUser.relabel(labels, 3);
    boolean[][] pairs = new boolean[200][50];
    int left = 0;
    for (int user = 0; user < 200; user++) {
      int[] expected =
          Arrays.stream(row(byUser, user))
              .filter(item -> item % 7 != 0)
              .map(item -> 49 - item)
              .sorted()
              .toArray();
      assertArrayEquals(expected, row(relabelled, user));
      left += expected.length;
      for (int label : expected) {
        pairs[user][label] = true;
      }
    }
    assertTrue(left > 500);
    Adjacency byLabel = relabelled.transpose(50);
    for (int label = 0; label < 50; label++) {
      int[] users = new int[200];
      int size = 0;
      for (int user = 0; user < 200; user++) {
        if (pairs[user][label]) {
          users[size++] = user;
        }
      }
      assertArrayEquals(Arrays.copyOf(users, size), row(byLabel, label));
    }
  }

  private static int[] row(Adjacency adjacency, int row) {
    return Arrays.copyOfRange(
        adjacency.neighbours(), adjacency.offsets()[row], adjacency.offsets()[row + 1]);
  }
}
