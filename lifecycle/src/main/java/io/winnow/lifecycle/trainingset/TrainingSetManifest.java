package io.winnow.lifecycle.trainingset;

import java.util.List;

/**
 * A training set as a whole; {@code _provenance.json} of its folder.
 *
 * @param provenance what it was made of
 * @param counts what it holds and what was left out
 * @param parts its files, in the order of the rows
 */
public record TrainingSetManifest(Provenance provenance, Counts counts, List<Part> parts) {
  /** Copies the list. */
  public TrainingSetManifest {
    parts = List.copyOf(parts);
  }

  /**
   * How many rows.
   *
   * @param rows in the set
   * @param replayed of them, those with at least one value that replay computed
   * @param unknownItems left out: the log did not know the item at the row's offset
   * @param tooLate left out: impressions that came so long after the state they saw that the state
   *     would have to be kept
   */
  public record Counts(long rows, long replayed, long unknownItems, long tooLate) {}

  /**
   * One file.
   *
   * @param file its name
   * @param rows in it
   * @param bytes its size
   * @param sha256 lower-case hexadecimal
   */
  public record Part(String file, long rows, long bytes, String sha256) {}
}
