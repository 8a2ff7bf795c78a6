package io.winnow.lifecycle.jobs;

import org.jspecify.annotations.Nullable;

/** Work that was not done: why, and what to do about it. */
public final class JobFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Remedy remedy;
  private final String advice;

  /** What may help. */
  public enum Remedy {
    /** Another attempt, after a pause. */
    RETRY,
    /** A person. */
    PERSON,
    /** Nothing that can be done now: it comes right by itself, or never. */
    NONE
  }

  /** A failure. */
  public JobFailure(Remedy remedy, String text, String advice, @Nullable Throwable cause) {
    super(text, cause);
    this.remedy = remedy;
    this.advice = advice;
  }

  /** A failure without another as its cause. */
  public JobFailure(Remedy remedy, String text, String advice) {
    this(remedy, text, advice, null);
  }

  /** What may help. */
  public Remedy remedy() {
    return remedy;
  }

  /** What to do, as a sentence. */
  public String advice() {
    return advice;
  }

  /** Why it failed, as a sentence. */
  public String text() {
    return String.valueOf(getMessage());
  }
}
