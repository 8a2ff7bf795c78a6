package io.winnow.benchmarks.day;

import io.winnow.benchmarks.day.DayEngine.Place;
import io.winnow.core.Event;
import io.winnow.core.Impression;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.application.ApplicationDefinition;
import io.winnow.events.EventLog.Verdict;
import io.winnow.features.FeatureReader.FeatureQuery;
import io.winnow.features.FeatureReader.FeatureRows;
import io.winnow.features.FeatureWorker;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The process that lives through the day, and may be killed in it: it sends the day's events,
 * serves requests in between from what the store holds, and logs what it served. Each acknowledged
 * batch is printed as a line {@code at NUMBER .}.
 */
public final class DayServer {
  private static final int BATCH = 500;
  private static final int ITEMS = 3;

  /** No values are logged where what was known of the user was old, as in a ranking that failed. */
  private static final float[] NONE = new float[0];

  private final DayEvents day;
  private final DayEngine engine;
  private final long hash;
  private final int requestsPerBatch;
  private final PrintStream out = System.out;

  private DayServer(DayEvents day, DayEngine engine, long hash, int requestsPerBatch) {
    this.day = day;
    this.engine = engine;
    this.hash = hash;
    this.requestsPerBatch = requestsPerBatch;
  }

  /**
   * Runs from an event on to the end of the day.
   *
   * @param args folder, how many events the day has, requests a batch, the first event, {@code
   *     lead} or {@code follow}, then the brokers and the address of Redis unless all is embedded;
   *     one that follows sends nothing and only folds, until it is killed
   */
  public static void main(String[] args) throws InterruptedException {
    DayEvents day = new DayEvents(Integer.parseInt(args[1]));
    long first = Long.parseLong(args[3]);
    Place place = new Place(Path.of(args[0]), Arrays.asList(args).subList(5, args.length));
    ApplicationDefinition application = DayEvents.application();
    String id = place.folder().getFileName() + "-" + ProcessHandle.current().pid();
    try (DayEngine engine = DayEngine.open(place, application, () -> day.sentMs(day.events()));
        FeatureWorker worker =
            place.isEmbedded() ? null : DayEngine.worker(place, application, engine.log(), id)) {
      DayServer server =
          new DayServer(day, engine, engine.store().schema().hash(), Integer.parseInt(args[2]));
      server.print("open");
      if (args[4].equals("follow")) {
        Thread.currentThread().join();
      }
      server.run(first, worker);
    }
  }

  private void run(long first, @Nullable FeatureWorker worker) {
    if (first == 0) {
      List<LogRecord> preparation = DayEvents.preparation();
      for (int from = 0; from < preparation.size(); from += BATCH) {
        append(preparation.subList(from, Math.min(preparation.size(), from + BATCH)));
      }
    }
    for (long from = first; from < day.events(); from += BATCH) {
      List<LogRecord> batch = new ArrayList<>(BATCH);
      for (long number = from; number < Math.min(day.events(), from + BATCH); number++) {
        batch.add(day.logRecord(number));
      }
      append(batch);
      SplittableRandom random = new SplittableRandom(Seed.mix(-from - 1));
      for (int request = 0; request < requestsPerBatch; request++) {
        serve("r" + from + "-" + request, random, day.sentMs(from + batch.size()));
      }
      print("at " + (from + batch.size()) + " .");
    }
    print("done " + (worker == null ? "embedded" : "with a worker"));
  }

  /** Reads the features of a user and some items, as a request does, and logs what it read. */
  private void serve(String request, SplittableRandom random, long timeMs) {
    UserId user = DayEvents.user(random);
    int known = engine.store().catalog().size();
    int[] items = new int[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
      items[i] = DayEvents.skewed(random, known);
    }
    FeatureRows rows = engine.store().read(new FeatureQuery(user, items, Map.of(), timeMs));
    List<LogRecord> impressions = new ArrayList<>(ITEMS);
    for (int i = 0; i < ITEMS; i++) {
      impressions.add(
          new LogRecord.Happened(
              new Event(
                  request + "-" + i,
                  Event.IMPRESSION,
                  user,
                  engine.store().catalog().item(items[i]),
                  timeMs,
                  Double.NaN,
                  request,
                  new Impression(
                      request,
                      i,
                      1,
                      new Impression.Provenance("none", "default", "random", 0),
                      rows.asOfOffset(),
                      hash,
                      rows.complete() ? rows.row(i) : NONE))));
    }
    append(impressions);
  }

  private void append(List<LogRecord> records) {
    for (Verdict verdict : engine.log().append(records)) {
      // What was sent again after a kill is there already; another read of a request that was
      // logged before is not logged twice.
      if (verdict.status() == Verdict.Status.REJECTED
          && !String.valueOf(verdict.problem()).contains("an id that is new")) {
        throw new IllegalStateException("rejected: " + verdict.problem());
      }
    }
  }

  private void print(String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.US_ASCII);
    out.write(bytes, 0, bytes.length);
    out.flush();
  }
}
