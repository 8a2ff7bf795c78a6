package io.winnow.models.ranker;

import java.util.Arrays;

/**
 * What is known of an item when it is compared with another. Owns its arrays.
 *
 * @param item an id that is the item's own among those compared
 * @param direction its vector scaled to length 1, shape (E); empty if it has none
 * @param attributes numbers of its attribute values, ascending, each once
 */
public record ItemFacts(int item, float[] direction, int[] attributes) {
  /**
   * The facts of an item.
   *
   * @param vector of any length, shape (E); empty, or all zeros, if the item has none
   * @param attributes numbers of its attribute values, in any order
   */
  public static ItemFacts of(int item, float[] vector, int[] attributes) {
    double squares = 0;
    for (float v : vector) {
      squares += (double) v * v;
    }
    float[] direction = {};
    if (squares > 0 && Double.isFinite(squares)) {
      direction = vector.clone();
      float scale = (float) (1 / Math.sqrt(squares));
      for (int e = 0; e < direction.length; e++) {
        direction[e] *= scale;
      }
    }
    return new ItemFacts(item, direction, Arrays.stream(attributes).sorted().distinct().toArray());
  }

  /** The cosine of the two items' vectors; 0 if one has none or they are of different lengths. */
  float cosine(ItemFacts other) {
    int width = direction.length;
    return width == other.direction.length
        ? io.winnow.models.linear.Kernels.dot(direction, 0, other.direction, 0, width)
        : 0;
  }

  /** Attribute values in common, of all that one of the two has (Jaccard); 0 if there are none. */
  float overlap(ItemFacts other) {
    int common = 0;
    int i = 0;
    int j = 0;
    while (i < attributes.length && j < other.attributes.length) {
      int difference = Integer.compare(attributes[i], other.attributes[j]);
      common += difference == 0 ? 1 : 0;
      i += difference <= 0 ? 1 : 0;
      j += difference >= 0 ? 1 : 0;
    }
    int all = attributes.length + other.attributes.length - common;
    return all == 0 ? 0 : (float) common / all;
  }
}
