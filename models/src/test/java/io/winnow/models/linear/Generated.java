package io.winnow.models.linear;

import io.winnow.core.Seed;
import io.winnow.models.Interactions;
import java.util.random.RandomGenerator;

/** Seeded interactions for tests. */
final class Generated {
  private Generated() {}

  /**
   * Users who stay within one group of items each and mostly move on to the next item of it, so
   * that both what goes together and what follows can be learnt.
   */
  static Interactions groups(long seed, int users, int groups, int groupSize, int length) {
    RandomGenerator random = new Seed(seed).generator("groups");
    int[] offsets = new int[users + 1];
    int[] items = new int[users * length];
    long[] times = new long[users * length];
    for (int u = 0; u < users; u++) {
      int group = random.nextInt(groups);
      int position = random.nextInt(groupSize);
      for (int e = 0; e < length; e++) {
        int at = u * length + e;
        items[at] = group * groupSize + position;
        times[at] = at * 1000L;
        position = (position + (random.nextInt(10) < 8 ? 1 : 1 + random.nextInt(5))) % groupSize;
      }
      offsets[u + 1] = (u + 1) * length;
    }
    return new Interactions(groups * groupSize, offsets, items, times);
  }

  /** Histories of random length, with repeats, some empty. */
  static Interactions random(long seed, int users, int items, int maxLength) {
    RandomGenerator random = new Seed(seed).generator("random");
    int[] offsets = new int[users + 1];
    for (int u = 0; u < users; u++) {
      offsets[u + 1] = offsets[u] + random.nextInt(maxLength + 1);
    }
    int[] drawn = new int[offsets[users]];
    long[] times = new long[offsets[users]];
    for (int e = 0; e < drawn.length; e++) {
      drawn[e] = (int) (items * Math.pow(random.nextDouble(), 2));
      times[e] = e * 1000L;
    }
    return new Interactions(items, offsets, drawn, times);
  }

  static float[] floats(RandomGenerator random, int n) {
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
