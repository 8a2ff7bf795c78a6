package io.winnow.app.demo;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.Seed;
import io.winnow.events.EventLog;
import io.winnow.features.OnlineStore;
import io.winnow.simulator.Visit;
import io.winnow.simulator.World;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * The people of a world use Winnow: half of them are shown its slates, half popular items, and what
 * they do goes back into the log.
 *
 * <p>A closed loop: the next visit waits for the one before. So latencies are those of one client
 * at a time, and of a machine that simulates its clients too. Not thread-safe.
 */
public final class LiveUsers {
  private static final int SLATE = 10;
  private static final long TIMELINE_BUCKET_MS = 3_600_000L;
  private static final int LATENCIES_MAX = 20_000;
  private static final int LATEST_VISITS = 6;

  /** The references cost as much as a slate; a sample of visits is enough. */
  private static final int REFERENCE_EVERY = 4;

  private final World world;
  private final EventLog log;
  private final OnlineStore store;
  private final SimulatedClock clock;
  private final ApiClient client;
  private final PopularityArm popularity;
  private final Seed seed;
  private final RandomGenerator random;

  private final ArmStatistics winnowArm = new ArmStatistics();
  private final ArmStatistics popularityArm = new ArmStatistics();
  private final Timeline timeline;
  private final Latencies latencies = new Latencies(LATENCIES_MAX);
  private final Map<String, Latencies> stages = new LinkedHashMap<>();
  private final Map<String, Long> sources = new LinkedHashMap<>();
  private final Map<String, Long> degradedStages = new LinkedHashMap<>();
  private final Deque<Latest> latest = new ArrayDeque<>();
  private final References references = new References();
  private long degraded;
  private long visits;

  /**
   * @param world whose history was read to its end into the log
   * @param store has applied the log
   * @param clock moves with the visits
   * @param client of the server over log and store
   */
  public LiveUsers(
      World world,
      EventLog log,
      OnlineStore store,
      SimulatedClock clock,
      ApiClient client,
      Seed seed) {
    this.world = world;
    this.log = log;
    this.store = store;
    this.clock = clock;
    this.client = client;
    this.popularity = new PopularityArm(log, store);
    this.seed = seed;
    this.random = seed.generator("random-reference");
    this.timeline = new Timeline(clock.nowMs(), TIMELINE_BUCKET_MS);
  }

  /** What is known so far of what live users did. */
  public record Summary(
      long visits,
      ArmSummary winnow,
      ArmSummary popularity,
      Estimate lift,
      ReferenceSummary references,
      List<Timeline.Point> overTime,
      Percentiles latency,
      Map<String, Percentiles> stages,
      Map<String, Long> sources,
      long degraded,
      Map<String, Long> degradedStages,
      List<Latest> latest) {}

  /** One arm: clicks per slate with the interval by users. */
  public record ArmSummary(long users, long slates, long clicks, Estimate clicksPerSlate) {}

  /**
   * What the world knows of a sample of moments: the expected clicks of slates of random items and
   * of the items that the user would most probably click, each place by itself.
   */
  public record ReferenceSummary(long moments, double random, double oracle) {}

  /** One visit, for people to look at. */
  public record Latest(String user, String arm, int clicks, List<String> clicked, long timeMs) {}

  /** Running sums of the references. */
  private static final class References {
    private long moments;
    private double random;
    private double oracle;
  }

  /** Lives through one visit. */
  public void visit() {
    Visit visit = world.nextVisit();
    clock.advanceTo(visit.timeMs());
    PopularityArm.append(log, visit.news());
    if (visits % REFERENCE_EVERY == 0) {
      addReferences(visit);
    }
    Arm arm = Arm.of(visit.user(), seed);
    PopularityArm.Shown shown =
        switch (arm) {
          case WINNOW -> showWinnow(visit);
          case POPULARITY -> popularity.show(visit.user(), SLATE, visit.timeMs());
        };
    List<Event> events =
        world.respond(visit.user(), shown.items(), visit.timeMs(), shown.requestId());
    client.post(events);
    visits++;
    note(arm, visit, events);
  }

  private PopularityArm.Shown showWinnow(Visit visit) {
    ApiClient.Answer answer = client.recommend(visit.user(), SLATE, visit.context());
    latencies.add(answer.nanos());
    answer
        .stageMs()
        .forEach((stage, ms) ->
            stages
                .computeIfAbsent(stage, _ -> new Latencies(LATENCIES_MAX))
                .add((long) (ms * 1e6)));
    if (!answer.degraded().isEmpty()) {
      degraded++;
      answer.degraded().forEach(stage -> degradedStages.merge(stage, 1L, Long::sum));
    }
    answer.items().forEach(line -> sources.merge(line.source(), 1L, Long::sum));
    return new PopularityArm.Shown(
        answer.requestId(), answer.items().stream().map(line -> new ItemId(line.item())).toList());
  }

  private void note(Arm arm, Visit visit, List<Event> events) {
    List<ItemId> clicked =
        events.stream().filter(event -> event.type().equals("click")).map(Event::item).toList();
    ArmStatistics statistics =
        switch (arm) {
          case WINNOW -> winnowArm;
          case POPULARITY -> popularityArm;
        };
    statistics.add(visit.user(), clicked.size());
    timeline.add(arm, visit.timeMs(), clicked.size());
    latest.addFirst(
        new Latest(
            visit.user().value(),
            arm.label(),
            clicked.size(),
            clicked.stream().map(item -> Showcase.title(store.catalog(), item)).toList(),
            visit.timeMs()));
    if (latest.size() > LATEST_VISITS) {
      latest.removeLast();
    }
  }

  private void addReferences(Visit visit) {
    references.moments++;
    references.oracle +=
        expectedClicks(visit, world.oracleSlate(visit.user(), SLATE, visit.timeMs()));
    List<ItemId> drawn = new ArrayList<>();
    int size = store.catalog().size();
    while (drawn.size() < SLATE) {
      drawn.add(store.catalog().item(random.nextInt(size)));
    }
    references.random += expectedClicks(visit, drawn);
  }

  private double expectedClicks(Visit visit, List<ItemId> slate) {
    double sum = 0;
    for (int position = 0; position < slate.size(); position++) {
      sum += world.clickProbability(visit.user(), slate.get(position), visit.timeMs(), position);
    }
    return sum;
  }

  /** What happened so far. */
  public Summary summary() {
    Map<String, Percentiles> stagePercentiles = new LinkedHashMap<>();
    stages.forEach((stage, values) -> stagePercentiles.put(stage, values.percentiles()));
    return new Summary(
        visits,
        summary(winnowArm),
        summary(popularityArm),
        winnowArm.liftOver(popularityArm),
        new ReferenceSummary(
            references.moments,
            references.random / references.moments,
            references.oracle / references.moments),
        timeline.points(),
        latencies.percentiles(),
        stagePercentiles,
        new LinkedHashMap<>(sources),
        degraded,
        new LinkedHashMap<>(degradedStages),
        List.copyOf(latest));
  }

  private static ArmSummary summary(ArmStatistics arm) {
    return new ArmSummary(arm.users(), arm.slates(), arm.clicks(), arm.clicksPerSlate());
  }
}
