package io.winnow.simulator;

import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;

/** Lives through the past, visit by visit, as its records are asked for. */
final class History implements Iterator<LogRecord> {
  private final World world;
  private final LoggingPolicy policy;
  private final int slateLength;
  private final Queue<LogRecord> ready = new ArrayDeque<>();
  private long requests;
  private boolean ended;

  History(World world, Audience audience, int slateLength, Dice dice) {
    this.world = world;
    this.slateLength = slateLength;
    this.policy = new LoggingPolicy(audience, dice);
  }

  @Override
  public boolean hasNext() {
    while (ready.isEmpty() && !ended) {
      Visit visit = world.advance(world.nowMs());
      if (visit == null) {
        ready.addAll(world.outbox().upTo(world.nowMs()));
        world.endHistory();
        ended = true;
      } else {
        ready.addAll(visit.news());
        show(visit);
      }
    }
    return !ready.isEmpty();
  }

  @Override
  public LogRecord next() {
    if (!hasNext()) {
      throw new NoSuchElementException("history ends here");
    }
    return ready.remove();
  }

  /** Shows a slate; what comes of it waits in the outbox for its time. */
  private void show(Visit visit) {
    String requestId = "h" + ++requests;
    List<LoggingPolicy.Choice> slate =
        policy.slate(world.inhabitant(visit.user()), world.videos(), slateLength, visit.timeMs());
    List<ItemId> items = new ArrayList<>();
    for (LoggingPolicy.Choice choice : slate) {
      int position = items.size();
      ItemId item = choice.video().id();
      items.add(item);
      Impression impression =
          new Impression(
              requestId,
              position,
              choice.propensity(),
              new Impression.Provenance("history", "default", choice.source(), choice.propensity()),
              0,
              0,
              new float[0]);
      world
          .outbox()
          .add(
              new LogRecord.Happened(
                  new Event(
                      requestId + "-" + position,
                      Event.IMPRESSION,
                      visit.user(),
                      item,
                      visit.timeMs(),
                      Double.NaN,
                      requestId,
                      impression)));
    }
    for (Event event : world.respond(visit.user(), items, visit.timeMs(), requestId)) {
      world.outbox().add(new LogRecord.Happened(event));
    }
  }
}
