package io.winnow.lifecycle.jobs;

/** The work of one kind. Called by one thread at a time in a server. */
@FunctionalInterface
public interface Job {
  /**
   * Does the work of one attempt; takes up what an earlier attempt left.
   *
   * @throws JobFailure with what to do about it
   * @throws JobStoppedException soon after it was told to stop
   */
  JobRun.Outcome run(JobContext context) throws InterruptedException;
}
