package io.winnow.lifecycle.jobs;

/** Ends work that was told to stop. Whoever told it knows why. */
public final class JobStoppedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Without a message: nobody reads it. */
  public JobStoppedException() {
    super("stopped");
  }
}
