package io.winnow.lifecycle.jobs;

import io.winnow.core.WinnowException;
import io.winnow.lifecycle.jobs.JobFailure.Remedy;

/** What a failure at a boundary means for a job. */
final class JobFailures {
  private JobFailures() {}

  /** Follows from whose problem it is. */
  static JobFailure of(WinnowException e) {
    String text = String.valueOf(e.getMessage());
    return switch (e.code()) {
      case UNAVAILABLE, OVERLOADED, DEADLINE_EXCEEDED ->
          new JobFailure(
              Remedy.RETRY,
              text,
              "See that what it names is there, has room and answers; attempts go on meanwhile.",
              e);
      case CORRUPT ->
          new JobFailure(
              Remedy.PERSON,
              text,
              "A file was damaged: replace it from a copy, or have it made anew; then run the job"
                  + " again with the same key.",
              e);
      case INTERNAL ->
          new JobFailure(Remedy.RETRY, text, "If it fails again, report it as a defect.", e);
      default ->
          new JobFailure(
              Remedy.PERSON,
              text,
              "Mend what it names; then run the job again with the same key.",
              e);
    };
  }
}
