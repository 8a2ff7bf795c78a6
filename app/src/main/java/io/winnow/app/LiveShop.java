package io.winnow.app;

import io.winnow.app.demo.SimulatedClock;
import io.winnow.core.ErrorCode;
import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import io.winnow.core.application.ApplicationFile;
import io.winnow.events.EventLog;
import io.winnow.serving.RecommendationRequest;
import io.winnow.serving.Slate;
import io.winnow.simulator.Visit;
import io.winnow.simulator.World;
import io.winnow.simulator.WorldConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A world whose people use a node, one visit after the other: each is shown a slate by whichever
 * release answers that user, and what the person does goes back into the log.
 *
 * <p>What people do is told to the log some visits late, as by a client that sends in batches; a
 * visit that is so close behind the user's last one does not see it. Not thread-safe.
 */
final class LiveShop implements AutoCloseable {
  private static final int HISTORY_BATCH = 5_000;

  /** Records that wait to be sent, at most. */
  private static final int OUTBOX = 64;

  private final World world;
  private final SimulatedClock clock;
  private final Node node;
  private final Path folder;
  private final ApplicationFile application;
  private final Runnable afterwards;
  private final List<LogRecord> outbox = new ArrayList<>();
  private long visits;

  /**
   * Opens a node over a folder that is empty or holds the same world's past.
   *
   * @param afterwards runs when it is closed
   */
  LiveShop(
      WorldConfig config,
      long nowMs,
      DataFolder data,
      ApplicationFile application,
      Runnable afterwards) {
    this.afterwards = afterwards;
    this.application = application;
    this.folder = data.path();
    this.clock = new SimulatedClock(nowMs);
    this.world = new World(config, nowMs);
    data.keep(application);
    this.node = Node.open(data, application, clock);
  }

  /**
   * One visit.
   *
   * @param slate what was shown
   * @param clicks of it
   * @param expected how many clicks of it the world expected; a place by itself, clicks further up
   *     aside
   * @param nanos from question to answer
   */
  record Visited(UserId user, long timeMs, Slate slate, int clicks, double expected, long nanos) {}

  /** Lives through the world's past, and writes it to the log if it is not there. */
  void history() {
    boolean there = node.log().endOffset() > 0;
    List<LogRecord> batch = new ArrayList<>(HISTORY_BATCH);
    Iterator<LogRecord> past = world.history().iterator();
    while (past.hasNext()) {
      LogRecord record = past.next();
      if (!there) {
        batch.add(record);
      }
      if (batch.size() == HISTORY_BATCH || (!past.hasNext() && !batch.isEmpty())) {
        append(batch);
        batch.clear();
      }
    }
  }

  private void append(List<LogRecord> batch) {
    for (EventLog.Verdict verdict : node.log().append(batch)) {
      if (verdict.status() != EventLog.Verdict.Status.ACCEPTED) {
        throw new WinnowException(ErrorCode.INTERNAL, "the world's records: " + verdict);
      }
    }
  }

  /** Somebody comes, is shown a slate and does something or nothing with it. */
  Visited visit() {
    Visit visit = world.nextVisit();
    clock.advanceTo(visit.timeMs());
    outbox.addAll(visit.news());
    if (!visit.news().isEmpty()) {
      send();
    }
    RecommendationRequest request =
        new RecommendationRequest(
            "v" + ++visits,
            visit.user(),
            application.definition().policy().serving().slate(),
            "",
            visit.context(),
            Set.of(),
            Map.of(),
            application.definition().policy().serving().deadline());
    long began = System.nanoTime();
    Slate slate = node.pipeline().recommend(request);
    long nanos = System.nanoTime() - began;
    List<ItemId> items = slate.items().stream().map(item -> item.item()).toList();
    double expected = 0;
    for (int place = 0; place < items.size(); place++) {
      expected += world.clickProbability(visit.user(), items.get(place), visit.timeMs(), place);
    }
    int clicks = 0;
    for (Event event : world.respond(visit.user(), items, visit.timeMs(), request.requestId())) {
      outbox.add(new LogRecord.Happened(event));
      clicks += event.type().equals("click") ? 1 : 0;
    }
    if (outbox.size() > OUTBOX) {
      send();
    }
    return new Visited(visit.user(), visit.timeMs(), slate, clicks, expected, nanos);
  }

  /** Tells the log what has not been told yet. */
  void send() {
    if (!outbox.isEmpty()) {
      append(outbox);
      outbox.clear();
    }
  }

  /** How many visits there were. */
  long visits() {
    return visits;
  }

  /** Where its data is. */
  Path folder() {
    return folder;
  }

  Node node() {
    return node;
  }

  World world() {
    return world;
  }

  SimulatedClock clock() {
    return clock;
  }

  ApplicationFile application() {
    return application;
  }

  @Override
  public void close() {
    try {
      node.close();
    } finally {
      afterwards.run();
    }
  }
}
