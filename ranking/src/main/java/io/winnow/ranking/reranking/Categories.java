package io.winnow.ranking.reranking;

import io.winnow.core.AttributeValue;
import io.winnow.features.Catalog;
import java.util.HashMap;
import java.util.Map;

/**
 * The categories of the candidates in one attribute, numbered from 0 in the order of their first
 * appearance. Immutable.
 *
 * @param ofCandidate categories by candidate, shape (C) of sets; empty where the attribute is
 *     missing or has no categories
 * @param count how many different ones there are
 */
record Categories(int[][] ofCandidate, int count) {
  private static final int[] NONE = {};

  static Categories of(String attribute, Candidates candidates, Catalog catalog) {
    Map<String, Integer> numbers = new HashMap<>();
    int[][] ofCandidate = new int[candidates.size()][];
    for (int c = 0; c < ofCandidate.length; c++) {
      AttributeValue value = catalog.attribute(candidates.item(c), attribute);
      ofCandidate[c] =
          value == null
              ? NONE
              : value.categories().stream()
                  .mapToInt(name -> numbers.computeIfAbsent(name, _ -> numbers.size()))
                  .toArray();
    }
    return new Categories(ofCandidate, numbers.size());
  }

  /** Jaccard's similarity of two candidates' categories, in [0, 1]; 0 where either has none. */
  float similarity(int a, int b) {
    int[] left = ofCandidate[a];
    int[] right = ofCandidate[b];
    int common = 0;
    for (int category : left) {
      for (int other : right) {
        if (category == other) {
          common++;
        }
      }
    }
    return common == 0 ? 0 : (float) common / (left.length + right.length - common);
  }
}
