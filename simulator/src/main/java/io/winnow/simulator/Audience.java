package io.winnow.simulator;

import io.winnow.core.Event;
import java.util.ArrayList;
import java.util.List;

/**
 * How people go through a slate: from the top, looking at each next position with the person's
 * patience (so position p is seen with probability {@code patience^p}), clicking what appeals,
 * watching some of it, liking a little of that. What they do changes them and the crowd's taste.
 */
final class Audience {
  private static final double LIKES = 0.3;

  private final Taste taste;
  private final Heat heat;
  private final Dice dice;

  Audience(Taste taste, Heat heat, Dice dice) {
    this.taste = taste;
    this.heat = heat;
    this.dice = dice;
  }

  /** The probability that a position is looked at. */
  double looksAt(Person person, int position) {
    return StrictMath.pow(person.temper().patience(), position);
  }

  /** The probability of a click on a video that is looked at, as things stand. */
  double appeal(World.Inhabitant inhabitant, Video video, long timeMs) {
    Memory memory = inhabitant.memory();
    return appeal(inhabitant, memory.sessionAt(inhabitant.person(), timeMs, dice), video, timeMs);
  }

  /** How much the crowd likes a video now, in [0, 1]. */
  double heat(Video video) {
    return heat.relative(video.index());
  }

  /** Shows a slate; see {@link World#respond}. */
  List<Event> respond(
      World.Inhabitant inhabitant, List<Video> slate, long timeMs, String requestId) {
    Person person = inhabitant.person();
    Memory memory = inhabitant.memory();
    Memory.Session session = memory.sessionAt(person, timeMs, dice);
    double depth = dice.uniform(Dice.Roll.DEPTH, person.index(), timeMs, 0);
    long clockMs = timeMs;
    List<Event> events = new ArrayList<>();
    for (int position = 0; position < slate.size(); position++) {
      if (depth >= looksAt(person, position)) {
        break;
      }
      Video video = slate.get(position);
      clockMs +=
          500 + (long) (1_500 * dice.uniform(Dice.Roll.LOOK, person.index(), timeMs, position));
      double click = dice.uniform(Dice.Roll.CLICK, person.index(), video.index(), timeMs);
      if (click < appeal(inhabitant, session, video, timeMs)) {
        Encounter encounter =
            new Encounter(person, memory, session, video, position, timeMs, requestId);
        clockMs = consume(encounter, clockMs, events);
        memory.click(video);
        session.click(video);
        heat.click(video.index(), clockMs);
      }
    }
    memory.stay(session, clockMs);
    return events;
  }

  private double appeal(
      World.Inhabitant inhabitant, Memory.Session session, Video video, long timeMs) {
    return taste.appeal(
        inhabitant.person(), inhabitant.memory(), session, video, heat(video), timeMs);
  }

  /** Clicks, watches, perhaps likes; returns when that is over. */
  private long consume(Encounter encounter, long clickMs, List<Event> events) {
    Person person = encounter.person();
    Video video = encounter.video();
    events.add(encounter.event("click", clickMs, Double.NaN));
    double match = taste.match(person, encounter.memory(), encounter.session(), video, clickMs);
    double held = 0.15 + 0.6 * match + 0.35 * video.quality();
    double luck = dice.uniform(Dice.Roll.WATCH, person.index(), video.index(), encounter.shownMs());
    double fraction = Math.clamp(held + 0.7 * (luck - 0.5), 0.03, 1);
    double seconds = Math.max(1, Math.round(fraction * video.seconds()));
    long watchedMs = clickMs + (long) (seconds * 1_000);
    events.add(encounter.event("watch", watchedMs, seconds));
    double like = dice.uniform(Dice.Roll.LIKE, person.index(), video.index(), encounter.shownMs());
    if (like < LIKES * fraction * fraction * (match + video.quality())) {
      watchedMs += 1_000;
      events.add(encounter.event("like", watchedMs, Double.NaN));
    }
    return watchedMs;
  }

  /** A person before a video at a place of a slate. */
  private record Encounter(
      Person person,
      Memory memory,
      Memory.Session session,
      Video video,
      int position,
      long shownMs,
      String requestId) {
    Event event(String type, long timeMs, double value) {
      String id =
          String.join(
              "-",
              person.id().value(),
              Long.toString(shownMs, 36),
              Integer.toString(position),
              type);
      return new Event(id, type, person.id(), video.id(), timeMs, value, requestId, null);
    }
  }
}
