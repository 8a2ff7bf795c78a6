package io.winnow.lifecycle.jobs;

import io.winnow.core.WinnowException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What can be done. Over all servers, one run of a kind at a time. */
public enum JobKind {
  /** A new release from the log, which then stands at the foot of the ladder. */
  TRAIN,
  /** The offline gate of a release. */
  EVALUATE,
  /** One step of the ladder. */
  PROMOTE,
  /** Slates of all users, into files. */
  BATCH,
  /** Features that the application file asks for and the store does not hold. */
  BACKFILL,
  /** Old releases, checkpoints and runs go; stores are compacted. */
  COMPACTION;

  /** As commands, JSON and the database write it. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The kind of a label.
   *
   * @throws WinnowException with {@code INVALID_ARGUMENT} if there is none
   */
  public static JobKind of(String label) {
    for (JobKind kind : values()) {
      if (kind.label().equals(label)) {
        return kind;
      }
    }
    throw WinnowException.invalid(
        "job",
        label,
        Arrays.stream(values()).map(JobKind::label).collect(Collectors.joining(", ")));
  }
}
