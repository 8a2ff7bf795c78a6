package io.winnow.lifecycle.jobs;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which runs nobody works on any more: those whose beats did not change over a time in which this
 * server looked at them often. It counts by this process's own clock, so that those of others do
 * not matter; and it begins anew after it could not look, since whoever works on a run could not
 * give a sign then either. Thread-safe.
 */
final class Abandoned {
  private final long goneAfterNs;
  private final long lookNs;
  private final Map<String, Seen> seen = new HashMap<>();
  private final Set<String> gone = new HashSet<>();
  private long lastNs;

  private record Seen(JobQueue.Beat beat, long sinceNs) {}

  /**
   * @param goneAfter so long without a change
   * @param look a longer pause between two looks begins anew
   */
  Abandoned(Duration goneAfter, Duration look) {
    this.goneAfterNs = goneAfter.toNanos();
    this.lookNs = look.toNanos();
  }

  /**
   * Takes in what is under way.
   *
   * @param nowNs by {@link System#nanoTime}
   */
  synchronized void look(List<JobQueue.Beat> beats, long nowNs) {
    boolean anew = nowNs - lastNs > lookNs;
    lastNs = nowNs;
    Map<String, Seen> before = Map.copyOf(seen);
    seen.clear();
    gone.clear();
    for (JobQueue.Beat beat : beats) {
      Seen known = before.get(beat.run());
      Seen now = anew || known == null || !known.beat.equals(beat) ? new Seen(beat, nowNs) : known;
      seen.put(beat.run(), now);
      if (nowNs - now.sinceNs >= goneAfterNs) {
        gone.add(beat.run());
      }
    }
  }

  /** Whether nobody works on a run, as it was read. */
  synchronized boolean test(JobRun run) {
    Seen last = seen.get(run.id());
    return last != null
        && last.beat.attempts() == run.progress().attempts()
        && gone.contains(run.id());
  }
}
