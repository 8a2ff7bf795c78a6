package io.winnow.lifecycle.rollout;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.events.RecordSource;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A generated log of slates of three and of clicks in them: users come again and again and differ
 * in how fond they are of clicking. Grows as it is asked to.
 */
final class CanaryLog implements RecordSource {
  static final long BEGIN_MS = 1_767_225_600_000L;
  private static final int USERS = 2_000;
  private static final int PLACES = 3;

  private final List<LogRecord> records = new ArrayList<>();
  private final RandomGenerator random;
  private final double clicks;
  private int requests;
  private long lastMs = BEGIN_MS;

  /** Who answers users, and how much more or less they click there. */
  interface World {
    String release(UserId user);

    double lift(UserId user);
  }

  /**
   * @param clicks of a place, on average over users
   */
  CanaryLog(long seed, double clicks) {
    this.random = new Seed(seed).generator("canary log");
    this.clicks = clicks;
  }

  /** The time of the newest slate. */
  long nowMs() {
    return BEGIN_MS + requests * 1_000L;
  }

  /** Goes on for some slates; a click comes a minute later, behind the slates meanwhile. */
  void slates(int count, World world) {
    List<LogRecord> late = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      requests++;
      UserId user = new UserId("u" + random.nextInt(USERS));
      double fondness = 2 * (new Seed(5).derive(user.value()).value() >>> 11) * 0x1p-53;
      String release = world.release(user);
      for (int place = 0; place < PLACES; place++) {
        ItemId item = new ItemId("i" + random.nextInt(500));
        records.add(impression(user, item, place, release, nowMs()));
        if (random.nextDouble() < clicks * fondness * (1 + world.lift(user))) {
          late.add(
              new LogRecord.Happened(
                  new Event(
                      "c" + requests + ":" + place,
                      "click",
                      user,
                      item,
                      nowMs() + 60_000,
                      Double.NaN)));
        }
      }
      if (late.size() > 50) {
        records.addAll(late);
        late.clear();
      }
    }
    records.addAll(late);
    lastMs = nowMs();
  }

  /** A slate of one item, some minutes after the newest of {@link #slates}. */
  void show(UserId user, String item, String release, int minutes) {
    requests++;
    records.add(impression(user, new ItemId(item), 0, release, lastMs + minutes * 60_000L));
  }

  /** A click, some minutes after the newest of {@link #slates}. */
  void click(UserId user, String item, int minutes) {
    records.add(
        new LogRecord.Happened(
            new Event(
                "c" + records.size(),
                "click",
                user,
                new ItemId(item),
                lastMs + minutes * 60_000L,
                Double.NaN)));
  }

  private LogRecord impression(UserId user, ItemId item, int place, String release, long timeMs) {
    String request = "r" + requests;
    return new LogRecord.Happened(
        new Event(
            request + ":" + place,
            Event.IMPRESSION,
            user,
            item,
            timeMs,
            Double.NaN,
            request,
            new Impression(
                request,
                place,
                1,
                new Impression.Provenance(release, "default", "popular", 0),
                0,
                0,
                new float[0])));
  }

  @Override
  public long endOffset() {
    return records.size();
  }

  @Override
  public void replay(long from, long to, Visitor visitor) {
    for (long offset = Math.max(0, from); offset < Math.min(to, records.size()); offset++) {
      visitor.visit(offset, records.get((int) offset));
    }
  }
}
