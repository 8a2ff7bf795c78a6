package io.winnow.simulator;

import io.winnow.core.Event;
import io.winnow.core.ItemId;
import io.winnow.core.LogRecord;
import io.winnow.core.Seed;
import io.winnow.core.UserId;
import io.winnow.core.WinnowException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The world: who there is, what there is, what time it is.
 *
 * <p>First read {@link #history()} to its end, then loop:
 *
 * <pre>{@code
 * Visit visit = world.nextVisit();
 * log.append(visit.news());
 * List<ItemId> slate = recommender.recommend(visit.user(), visit.timeMs());
 * log.append(world.respond(visit.user(), slate, visit.timeMs(), requestId));
 * }</pre>
 *
 * <p>What a person does with a slate depends on the person, the items, the time and what the person
 * has done before, never on who made the slate. Chance is tied to person, item and time, so two
 * recommenders in two worlds of the same seed, or for two halves of the people, compare with little
 * noise.
 *
 * <p>Not thread-safe. Memory grows with users and published items only.
 */
public final class World {
  /** Longest slate that a visitor is shown. */
  public static final int MAX_SLATE = 500;

  private static final double DAY_MS = 86_400_000.0;
  private static final double OLDEST_DAYS = 60;
  private static final double ANOTHER_SLATE = 0.6;
  private static final int MAX_SESSION_SLATES = 12;

  private final WorldConfig config;
  private final long nowMs;
  private final Seed seed;
  private final Dice dice;
  private final Schedule schedule;
  private final Outbox outbox = new Outbox();
  private final Studio studio;
  private final Audience audience;
  private final List<Video> videos = new ArrayList<>();
  private final Map<ItemId, Video> videosById = new HashMap<>();
  private final List<Inhabitant> people = new ArrayList<>();
  private final Map<UserId, Inhabitant> peopleById = new HashMap<>();
  private @Nullable Inhabitant visitor;
  private long visitMs;
  private boolean historyBegun;
  private boolean historyEnded;

  /**
   * A world whose history ends now.
   *
   * @param nowMs where history ends and visits begin, epoch milliseconds
   */
  public World(WorldConfig config, long nowMs) {
    this.config = config;
    this.nowMs = nowMs;
    seed = new Seed(config.seed());
    dice = new Dice(seed.derive("dice"));
    schedule = new Schedule(dice);
    studio = new Studio(config.catalogue().creators(), seed);
    long startMs = nowMs - (long) (config.historyDays() * DAY_MS);
    audience =
        new Audience(
            new Taste(seed, new Fashion(config.drift(), nowMs, seed, dice)),
            new Heat(startMs),
            dice);
    publishBefore(startMs);
    for (int i = 0; i < config.people().users(); i++) {
      double daysAgo = OLDEST_DAYS * dice.uniform(Dice.Roll.AGE, i, 1, 0);
      Inhabitant inhabitant = signUp(startMs - (long) (daysAgo * DAY_MS));
      scheduleSession(inhabitant, startMs);
    }
    scheduleNext(Schedule.Kind.PUBLICATION, 0, startMs);
    scheduleNext(Schedule.Kind.SIGN_UP, 0, startMs);
  }

  /**
   * What the log holds of the past: items when they were published, users when they signed up,
   * impressions of slates that a mixture of popularity, the user's categories and chance made, with
   * their propensities, and what came of them; in order of time, all up to now. Lazy: the world
   * lives through it while it is read.
   *
   * @throws IllegalStateException when asked a second time
   */
  public Stream<LogRecord> history() {
    if (historyBegun) {
      throw new IllegalStateException("history: already read (expected: once a world)");
    }
    historyBegun = true;
    History history = new History(this, audience, config.slate(), dice);
    return StreamSupport.stream(
        Spliterators.spliteratorUnknownSize(
            history, Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE),
        false);
  }

  /**
   * The next visit after now and after the visits before it. Whoever is shown another slate in the
   * same session comes back after what {@link #respond} said the person did with the last one.
   *
   * @throws IllegalStateException before the history was read to its end
   */
  public Visit nextVisit() {
    if (!historyEnded) {
      throw new IllegalStateException(
          "history: not read to its end (expected: read before visits)");
    }
    return Objects.requireNonNull(advance(Long.MAX_VALUE), "people never cease to visit");
  }

  /**
   * Shows a slate to a user.
   *
   * @param slate items from the first position on; at most {@value #MAX_SLATE}
   * @param timeMs when it is shown: the visit's time
   * @param requestId goes into the events
   * @return clicks, watches and likes in order of time, all after {@code timeMs}; the ids differ
   *     for each user, time, position and type, and are the same in each world of the same seed
   * @throws WinnowException if the user or an item is not of this world
   */
  public List<Event> respond(UserId user, List<ItemId> slate, long timeMs, String requestId) {
    if (slate.size() > MAX_SLATE) {
      throw WinnowException.invalid("slate", slate.size(), "at most " + MAX_SLATE + " items");
    }
    List<Video> shown = new ArrayList<>();
    for (ItemId item : slate) {
      shown.add(video(item));
    }
    return audience.respond(inhabitant(user), shown, timeMs, requestId);
  }

  /**
   * The true probability that the user, as things stand, looks at the position and clicks the item
   * there. Clicks further up in the same slate may change it.
   */
  public double clickProbability(UserId user, ItemId item, long timeMs, int position) {
    Inhabitant inhabitant = inhabitant(user);
    return audience.looksAt(inhabitant.person(), position)
        * audience.appeal(inhabitant, video(item), timeMs);
  }

  /**
   * The n published items that the user would most probably click now, best first: no recommender
   * can know more. Cost O(N log N) for N items.
   */
  public List<ItemId> oracleSlate(UserId user, int n, long timeMs) {
    Inhabitant inhabitant = inhabitant(user);
    record Appealing(Video video, double appeal) {}
    return videos.stream()
        .map(video -> new Appealing(video, audience.appeal(inhabitant, video, timeMs)))
        .sorted(Comparator.comparingDouble(Appealing::appeal).reversed())
        .limit(n)
        .map(appealing -> appealing.video().id())
        .toList();
  }

  /** Lives on to the next visit before a time, or, if there is none, to that time. */
  @Nullable Visit advance(long endMs) {
    if (visitor != null) {
      scheduleReturn(visitor);
      visitor = null;
    }
    for (Schedule.Entry entry = schedule.next(endMs); entry != null; entry = schedule.next(endMs)) {
      long timeMs = entry.timeMs();
      switch (entry.kind()) {
        case PUBLICATION -> {
          publish(timeMs);
          scheduleNext(entry.kind(), entry.index() + 1, timeMs);
        }
        case SIGN_UP -> {
          Inhabitant inhabitant = signUp(timeMs);
          inhabitant.slatesLeft = sessionSlates(inhabitant, timeMs);
          schedule.add(timeMs + 1, Schedule.Kind.VISIT, inhabitant.person().index());
          scheduleNext(entry.kind(), entry.index() + 1, timeMs);
        }
        case VISIT -> {
          visitor = people.get(entry.index());
          visitMs = timeMs;
          return new Visit(
              visitor.person().id(),
              timeMs,
              Map.of("device", device(visitor.person(), timeMs)),
              outbox.upTo(timeMs));
        }
      }
    }
    return null;
  }

  /** Where history ends. */
  long nowMs() {
    return nowMs;
  }

  /** Records that wait to be told. */
  Outbox outbox() {
    return outbox;
  }

  /** What is published, in order. */
  List<Video> videos() {
    return videos;
  }

  /** Whoever has that id. */
  Inhabitant inhabitant(UserId user) {
    Inhabitant inhabitant = peopleById.get(user);
    if (inhabitant == null) {
      throw WinnowException.invalid("user", user, "a user of this world");
    }
    return inhabitant;
  }

  /** History has been told. */
  void endHistory() {
    historyEnded = true;
  }

  private Video video(ItemId item) {
    Video video = videosById.get(item);
    if (video == null) {
      throw WinnowException.invalid("item", item, "a published item of this world");
    }
    return video;
  }

  /** The stock at the beginning, more of it recent than old. */
  private void publishBefore(long startMs) {
    double[] daysAgo = new double[config.catalogue().items()];
    for (int i = 0; i < daysAgo.length; i++) {
      double uniform = dice.uniform(Dice.Roll.AGE, i, 0, 0);
      daysAgo[i] = -OLDEST_DAYS * uniform * uniform;
    }
    Arrays.sort(daysAgo);
    for (double days : daysAgo) {
      publish(startMs + (long) (days * DAY_MS));
    }
  }

  private void publish(long timeMs) {
    Video video = studio.make(timeMs);
    videos.add(video);
    videosById.put(video.id(), video);
    outbox.add(video.put());
  }

  private Inhabitant signUp(long timeMs) {
    Person person =
        Person.invent(people.size(), config.people().sessionsPerUserDay(), timeMs, seed);
    Inhabitant inhabitant = new Inhabitant(person, new Memory());
    people.add(inhabitant);
    peopleById.put(person.id(), inhabitant);
    outbox.add(person.put());
    return inhabitant;
  }

  private void scheduleNext(Schedule.Kind kind, int index, long afterMs) {
    boolean publication = kind == Schedule.Kind.PUBLICATION;
    int perDay =
        publication ? config.catalogue().newItemsPerDay() : config.people().newUsersPerDay();
    if (perDay > 0) {
      Dice.Roll roll = publication ? Dice.Roll.PUBLICATION_GAP : Dice.Roll.SIGN_UP_GAP;
      double gapDays = schedule.gapDays(roll, index, 0, 0, perDay);
      schedule.add(afterMs + 1 + (long) (gapDays * DAY_MS), kind, index);
    }
  }

  /** Another slate of the same session, or the next session. */
  private void scheduleReturn(Inhabitant inhabitant) {
    long freeMs = Math.max(visitMs, inhabitant.memory().lastMs());
    inhabitant.slatesLeft--;
    if (inhabitant.slatesLeft > 0) {
      double think = dice.uniform(Dice.Roll.THINK, inhabitant.person().index(), freeMs, 0);
      schedule.add(
          freeMs + 3_000 + (long) (think * 30_000),
          Schedule.Kind.VISIT,
          inhabitant.person().index());
    } else {
      scheduleSession(inhabitant, freeMs + Memory.SESSION_GAP_MS);
    }
  }

  private void scheduleSession(Inhabitant inhabitant, long afterMs) {
    long timeMs = schedule.nextSessionMs(inhabitant.person(), inhabitant.sessions++, afterMs);
    inhabitant.slatesLeft = sessionSlates(inhabitant, timeMs);
    schedule.add(timeMs, Schedule.Kind.VISIT, inhabitant.person().index());
  }

  /** Geometric. */
  private int sessionSlates(Inhabitant inhabitant, long timeMs) {
    double uniform = dice.uniform(Dice.Roll.SESSION_LENGTH, inhabitant.person().index(), timeMs, 0);
    int more = (int) (StrictMath.log1p(-uniform) / StrictMath.log(ANOTHER_SLATE));
    return Math.min(1 + more, MAX_SESSION_SLATES);
  }

  private String device(Person person, long timeMs) {
    long day = Math.floorDiv(timeMs, (long) DAY_MS);
    double habit = dice.uniform(Dice.Roll.DEVICE, person.index(), 0, 0);
    double whim = dice.uniform(Dice.Roll.DEVICE, person.index(), 1, day);
    double u = whim < 0.8 ? habit : whim * 5 - 4;
    return u < 0.6 ? "phone" : u < 0.85 ? "desktop" : "tv";
  }

  /** A person, what the person remembers, and the plan for the session. */
  static final class Inhabitant {
    private final Person person;
    private final Memory memory;
    private int sessions;
    private int slatesLeft;

    private Inhabitant(Person person, Memory memory) {
      this.person = person;
      this.memory = memory;
    }

    Person person() {
      return person;
    }

    Memory memory() {
      return memory;
    }
  }
}
