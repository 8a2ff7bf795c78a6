package io.winnow.lifecycle.jobs;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the work of one attempt is given: its order, where its lines go, and word of when to stop.
 * Thread-safe. Work is never interrupted, since that would close files under whatever it reads at
 * that moment: it looks at {@link #check} often, or leaves a hook that ends what it waits for.
 */
public final class JobContext {
  private final JobRun run;
  private final Consumer<String> lines;
  private final Supplier<@Nullable Stop> look;
  private final List<Runnable> hooks = new ArrayList<>();
  private @Nullable Stop stop;

  /** Why work is told to stop. */
  enum Stop {
    TIMEOUT,
    CANCELLED,
    CLOSING,
    LOST
  }

  /**
   * What the work of one attempt is given.
   *
   * @param lines takes what the work tells of itself
   * @param look asks the database why the work should stop; null if it should not
   */
  JobContext(JobRun run, Consumer<String> lines, Supplier<@Nullable Stop> look) {
    this.run = run;
    this.lines = lines;
    this.look = look;
  }

  /** The work. */
  public JobRun run() {
    return run;
  }

  /** Adds a line to the run's log. */
  public void log(String line) {
    lines.accept(line);
  }

  /**
   * Has something done when the work is told to stop, such as killing a process; at once if it was.
   */
  public void onStop(Runnable hook) {
    synchronized (this) {
      if (stop == null) {
        hooks.add(hook);
        return;
      }
    }
    hook.run();
  }

  /**
   * Ends the work here if it was told to stop.
   *
   * @throws JobStoppedException if so
   */
  public void check() {
    if (stopped() != null) {
      throw new JobStoppedException();
    }
  }

  /**
   * Ends the work here if it was told to stop, or if this attempt is no longer the one that counts:
   * asks the database, for just before something that others see.
   *
   * @throws JobStoppedException if so
   * @throws io.winnow.core.WinnowException with {@code UNAVAILABLE} if the database does not answer
   */
  public void confirm() {
    check();
    Stop why = look.get();
    if (why != null) {
      stop(why);
    }
    check();
  }

  /** Tells the work to stop; the first reason counts. */
  void stop(Stop why) {
    List<Runnable> now;
    synchronized (this) {
      if (stop != null) {
        return;
      }
      stop = why;
      now = List.copyOf(hooks);
    }
    now.forEach(Runnable::run);
  }

  /** Why it was told to stop, or null. */
  synchronized @Nullable Stop stopped() {
    return stop;
  }
}
