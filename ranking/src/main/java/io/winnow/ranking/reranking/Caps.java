package io.winnow.ranking.reranking;

import io.winnow.features.Catalog;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/**
 * Keeps a slate from holding more than k items of one category of an attribute. Lives for one
 * request; not thread-safe.
 */
final class Caps {
  /** Those still in force, in their declared order. */
  private final List<Cap> active;

  private final List<String> relaxed = new ArrayList<>();

  private Caps(List<Cap> active) {
    this.active = active;
  }

  static Caps of(Map<String, Integer> limits, Candidates candidates, Catalog catalog) {
    List<Cap> caps = new ArrayList<>();
    limits.forEach((attribute, limit) -> {
      Categories categories = Categories.of(attribute, candidates, catalog);
      caps.add(new Cap(attribute, limit, categories, new int[categories.count()]));
    });
    return new Caps(caps);
  }

  /**
   * The remaining candidates that may come next; never empty while any remain: if no candidate
   * satisfies all caps, the last declared one is given up for the rest of the slate, then the one
   * before it.
   */
  BitSet pool(BitSet remaining) {
    BitSet pool = allowed(remaining);
    while (pool.isEmpty() && !active.isEmpty()) {
      relaxed.add(active.removeLast().attribute());
      pool = allowed(remaining);
    }
    return pool;
  }

  /** Counts a candidate that was put in the slate. */
  void place(int candidate) {
    for (Cap cap : active) {
      for (int category : cap.categories().ofCandidate()[candidate]) {
        cap.placed()[category]++;
      }
    }
  }

  /** The attributes whose caps were given up, in that order. */
  List<String> relaxed() {
    return relaxed;
  }

  private BitSet allowed(BitSet remaining) {
    BitSet allowed = (BitSet) remaining.clone();
    for (Cap cap : active) {
      for (int c = allowed.nextSetBit(0); c >= 0; c = allowed.nextSetBit(c + 1)) {
        if (!cap.allows(c)) {
          allowed.clear(c);
        }
      }
    }
    return allowed;
  }

  /** One attribute's limit and how many of each category stand in the slate. */
  private record Cap(String attribute, int limit, Categories categories, int[] placed) {
    boolean allows(int candidate) {
      for (int category : categories.ofCandidate()[candidate]) {
        if (placed[category] >= limit) {
          return false;
        }
      }
      return true;
    }
  }
}
