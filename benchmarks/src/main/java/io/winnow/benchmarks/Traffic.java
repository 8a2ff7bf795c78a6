package io.winnow.benchmarks;

import io.winnow.core.Event;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.WinnowException;
import io.winnow.events.RecordSource;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Events of a log that stand for its users' behaviour: a user who did much asks often.
 *
 * @param events a uniform sample, impressions left out
 */
public record Traffic(List<Event> events) {
  /** Copies the list and checks that there is anybody. */
  public Traffic {
    events = List.copyOf(events);
    if (events.isEmpty()) {
      throw WinnowException.invalid("log", "no events", "events of users to ask for");
    }
  }

  /**
   * Draws events (reservoir sampling: Vitter, Random sampling with a reservoir, TOMS 1985).
   *
   * @param size at most how many
   */
  public static Traffic sample(RecordSource log, int size, Seed seed) {
    RandomGenerator random = seed.generator("traffic");
    List<Event> kept = new ArrayList<>();
    long[] seen = {0};
    log.replay((offset, logRecord) -> {
      if (logRecord instanceof LogRecord.Happened(Event event) && event.impression() == null) {
        seen[0]++;
        if (kept.size() < size) {
          kept.add(event);
        } else {
          long at = random.nextLong(seen[0]);
          if (at < size) {
            kept.set((int) at, event);
          }
        }
      }
    });
    return new Traffic(kept);
  }
}
