package io.winnow.retrieval;

import io.winnow.retrieval.CandidateSource.Candidates;
import io.winnow.retrieval.CandidateSource.Prepared;
import java.util.Arrays;

/** A source's answer to a query that it knows nothing about. Immutable. */
final class Unscored implements Prepared {
  static final Unscored INSTANCE = new Unscored();

  private Unscored() {}

  @Override
  public Candidates retrieve(int k) {
    return Candidates.NONE;
  }

  @Override
  public float[] score(int[] items) {
    float[] scores = new float[items.length];
    Arrays.fill(scores, Float.NaN);
    return scores;
  }
}
